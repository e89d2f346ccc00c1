package eventstoredb_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/eventstoredb"
)

// certify makes a certificate of 127.0.0.1, and a file that trusts it.
func certify(t *testing.T) (_ *tls.Config, caFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "eventstoredb"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, caFile
}

func TestTLSAndCredentials(t *testing.T) {
	config, caFile := certify(t)
	const user, password = "ledger", "s3cret/@:?pa ss"
	d := newDatabase(t, func(o *esdbserver.Options) {
		o.AllowAnonymous, o.TLS = false, config
		o.Credentials = func(u, p string) esdbserver.Access {
			if u == user && p == password {
				return esdbserver.Writing
			}
			return esdbserver.Denied
		}
	})
	const escaped = "s3cret%2F%40%3A%3Fpa%20ss"
	for name, each := range map[string]struct {
		url  string
		want string // part of the error; none is success
	}{
		"right":               {url: fmt.Sprintf("esdb://ledger:%s@%s?tlsCAFile=%s", escaped, d.address, caFile)},
		"nothing is verified": {url: fmt.Sprintf("esdb://ledger:%s@%s?tlsVerifyCert=false", escaped, d.address)},
		"as a cluster":        {url: fmt.Sprintf("esdb://ledger:%s@%s,%s?tlsCAFile=%s", escaped, d.address, d.address, caFile)},
		"by discovery":        {url: fmt.Sprintf("esdb+discover://ledger:%s@%s?tlsCAFile=%s", escaped, d.address, caFile)},
		"wrong password":      {url: fmt.Sprintf("esdb://ledger:wrong-s3cret@%s?tlsCAFile=%s", d.address, caFile), want: "refuses user and password"},
		"no password":         {url: fmt.Sprintf("esdb://%s?tlsCAFile=%s", d.address, caFile), want: "refuses user and password"},
		"unknown authority":   {url: fmt.Sprintf("esdb://ledger:%s@%s", escaped, d.address), want: "tlsCAFile"},
		"no TLS":              {url: fmt.Sprintf("esdb://ledger:%s@%s?tls=false", escaped, d.address), want: "leave out tls=false"},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := eventstoredb.Open(eventstoredb.Options{URL: each.url + sep(each.url) + "defaultDeadline=1000"})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			stream := eventstore.StreamName("test-" + strings.ReplaceAll(name, " ", ""))
			_, err = store.Append(bounded(t), stream, eventstore.NoStream, makeEvents(stream, "x", 1)...)
			if each.want == "" && err != nil || each.want != "" && (err == nil || !strings.Contains(err.Error(), each.want)) {
				t.Errorf("got error %v, want %q", err, each.want)
			}
			if text := fmt.Sprint(err, store, fmt.Sprintf("%+v", store)); strings.Contains(text, "s3cret") {
				t.Errorf("the password is printed: %s", text)
			}
		})
	}
}

func sep(url string) string {
	if strings.Contains(url, "?") {
		return "&"
	}
	return "?"
}

func TestConnectionStrings(t *testing.T) {
	for _, url := range []string{
		"esdb://localhost", "esdb://localhost:2113?tls=false", "esdb://a,b,c:2114?nodePreference=follower&tls=false",
		"esdb+discover://cluster.example?defaultDeadline=5000&keepAliveInterval=-1", "esdb://u:p@h?tls=false",
	} {
		store, err := eventstoredb.Open(eventstoredb.Options{URL: url})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if err := store.Close(); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for url, want := range map[string]string{
		"":                                      "esdb",
		"localhost:2113":                        "connection string",
		"http://localhost":                      "scheme",
		"redis://u:s3cret@localhost":            "not a connection string",
		"esdb://u:s3cret/x@localhost":           "percent-encoded",
		"esdb://u:s3c%zret@localhost":           "percent-encoded",
		"esdb://u:s3cret@localhost:port":        "percent-encoded",
		"esdb://u:pa?s3cret@localhost:2113":     "percent-encoded",
		"esdb://u:pa?s3cret=1@localhost":        "percent-encoded",
		"esdb://u:pa#s3cret@localhost":          "percent-encoded",
		"esdb://localhost?tsl=false":            "unknown setting",
		"esdb://localhost?tls=maybe":            "true or false",
		"esdb://localhost?defaultDeadline=soon": "defaultDeadline",
		"esdb://localhost?tlsCAFile=/none/ca":   "/none/ca",
		"esdb://localhost?userCertFile=/none":   "userKeyFile",
		"esdb://localhost?nodePreference=boss":  "boss",
	} {
		_, err := eventstoredb.Open(eventstoredb.Options{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: got error %v, want %q", url, err, want)
		}
	}
}

// TestAClusterIsFollowed lets the leader of two servers change, and the old
// one go away.
func TestAClusterIsFollowed(t *testing.T) {
	var leader atomic.Pointer[database]
	var both [2]*database
	for i := range both {
		both[i] = downDatabase(t, func(o *esdbserver.Options) {
			o.Members = func() []esdbserver.Member {
				var members []esdbserver.Member
				for _, d := range both {
					members = append(members, esdbserver.Member{Address: d.address, Leader: d == leader.Load()})
				}
				return members
			}
			o.Leader = func() string {
				if l := leader.Load(); l != both[i] {
					return l.address
				}
				return ""
			}
		})
	}
	leader.Store(both[0])
	both[0].start(t)
	both[1].start(t)
	store := open(t, fmt.Sprintf("esdb://%s,%s?tls=false", both[0].address, both[1].address))
	ctx := bounded(t)
	// The two keep a log each, so that it shows who was written to.
	for i, next := range []*database{both[0], both[1], both[0]} {
		leader.Store(next)
		if i == 2 {
			both[1].stop(t)
		}
		stream := eventstore.StreamName(fmt.Sprintf("test-term%d", i))
		if _, err := store.Append(ctx, stream, eventstore.NoStream, makeEvents(stream, "x", 1)...); err != nil {
			t.Fatal(err)
		}
		if events := collect(t, open(t, next.url()).Read(ctx, stream, 0)); len(events) != 1 {
			t.Errorf("term %d: the leader has %d events", i, len(events))
		}
	}
}

// TestUserCertificates has a server that lets in who shows a certificate.
func TestUserCertificates(t *testing.T) {
	config, caFile := certify(t)
	config.ClientAuth = tls.RequireAnyClientCert
	key, err := x509.MarshalPKCS8PrivateKey(config.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDatabase(t, func(o *esdbserver.Options) { o.TLS = config })
	url := fmt.Sprintf("esdb://%s?defaultDeadline=1000&tlsCAFile=%s", d.address, caFile)
	if err := open(t, url+"&userCertFile="+caFile+"&userKeyFile="+keyFile).Ready(bounded(t)); err != nil {
		t.Errorf("with a certificate: %v", err)
	}
	if err := open(t, url).Ready(t.Context()); err == nil {
		t.Error("without a certificate the server is ready too")
	}
}
