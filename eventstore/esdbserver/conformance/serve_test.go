package conformance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/persistent"
	"google.golang.org/grpc"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/esdbserver/esdbtest"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// skipUnlessAsked leaves these tests to those who want them: they need the
// network, fixed ports, Go's and Node's tools, and a minute.
func skipUnlessAsked(t *testing.T) {
	t.Helper()
	if os.Getenv("DAYBOOK_CONFORMANCE") == "" {
		t.Skip("set DAYBOOK_CONFORMANCE=1 to run the suites of others")
	}
}

// newScratch opens a new scratch log in an embedded store.
func newScratch(t *testing.T) *sqlitestore.Store {
	t.Helper()
	store := sqlitetest.New(t)
	if err := esdbserver.CreateScratch(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	return store
}

// serve serves a scratch log at an address, and returns which one it is.
func serve(t *testing.T, store eventstore.Store, address string, options esdbserver.Options) string {
	t.Helper()
	options.Writable = true
	return run(t, store, address, options)
}

// serveReadOnly serves any log.
func serveReadOnly(t *testing.T, store eventstore.Store, options esdbserver.Options) string {
	t.Helper()
	return run(t, store, "127.0.0.1:0", options)
}

func run(t *testing.T, store eventstore.Store, address string, options esdbserver.Options) string {
	t.Helper()
	options.AllowAnonymous = options.Credentials == nil
	options.Register = func(to grpc.ServiceRegistrar) {
		persistent.RegisterPersistentSubscriptionsServer(to, persistentSubscriptions{})
	}
	_, address = esdbtest.Serve(t, store, address, options)
	return address
}

// persistentSubscriptions says yes to one call: suites make it to find out
// whether a leader has been elected. There are none behind it.
type persistentSubscriptions struct {
	persistent.UnimplementedPersistentSubscriptionsServer
}

func (persistentSubscriptions) Create(context.Context, *persistent.CreateReq) (*persistent.CreateResp, error) {
	return &persistent.CreateResp{}, nil
}

// admin knows the one user that suites know.
func admin(user, password string) esdbserver.Access {
	if user == "admin" && password == "changeit" {
		return esdbserver.Writing
	}
	return esdbserver.Denied
}

// addUsers writes the stream that suites read to find out whether a database
// has begun to work.
func addUsers(t *testing.T, url string) {
	t.Helper()
	client := esdbtest.Connect(t, url)
	_, err := client.AppendToStream(t.Context(), "$users", esdb.AppendToStreamOptions{}, esdb.EventData{EventType: "$User", Data: []byte("admin")})
	if err != nil {
		t.Fatal(err)
	}
}

// certificate returns what a server at localhost needs, and files with the
// authority that has signed it and with its own certificate. Some clients
// refuse what signs itself.
func certificate(t *testing.T) (encryption *tls.Config, authorityFile, ownFile string) {
	t.Helper()
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial),
			Subject:      pkix.Name{CommonName: name},
			NotBefore:    time.Now().Add(-time.Hour),
			NotAfter:     time.Now().Add(24 * time.Hour),
		}
	}
	authority := template(1, "authority")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	signed, authorityKey := sign(t, authority, authority, nil)
	leaf := template(2, "localhost")
	leaf.DNSNames = []string{"localhost"}
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	own, key := sign(t, leaf, authority, authorityKey)
	authorityFile, ownFile = filepath.Join(t.TempDir(), "ca.crt"), filepath.Join(t.TempDir(), "node.crt")
	for file, der := range map[string][]byte{authorityFile: signed, ownFile: own} {
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{own}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
	}, authorityFile, ownFile
}

// sign makes a certificate with a new key. Without a key of the authority it
// signs itself.
func sign(t *testing.T, template, authority *x509.Certificate, authorityKey *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if authorityKey == nil {
		authorityKey = key
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, authority, &key.PublicKey, authorityKey)
	if err != nil {
		t.Fatal(err)
	}
	return signed, key
}
