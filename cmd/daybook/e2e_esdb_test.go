package main_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"daybook/eventstore/esdbserver/esdbtest"
)

// The line that says where EventStoreDB's protocol is answered.
const esdbLine = "EventStoreDB's protocol"

func (p *process) awaitEsdb() string {
	p.t.Helper()
	line, _ := p.stderr.await(patience, esdbLine)
	var said struct {
		Address string `json:"address"`
	}
	if json.Unmarshal([]byte(line), &said) != nil || said.Address == "" {
		p.t.Fatalf("EventStoreDB's protocol is not answered:\n%s", p.stderr)
	}
	return said.Address
}

// scratchServer starts a server of a scratch log.
func scratchServer(t *testing.T, data string) (url string, p *process) {
	t.Helper()
	p = execute(t, "", []string{secretsSetting, tokensSetting}, daybook(t), "serve",
		"--esdb-listen", "127.0.0.1:0", "--esdb-insecure", "--esdb-writable", "--data", data)
	return "esdb://" + p.awaitEsdb() + "?tls=false", p
}

// certificate makes the files of one for this machine.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "daybook"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestAuditorsReadTheLogWithTheOfficialClient replays an order over
// EventStoreDB's protocol beside the running server.
func TestAuditorsReadTheLogWithTheOfficialClient(t *testing.T) {
	embedded(t)
	t.Parallel()
	cert, key := certificate(t)
	s := start(t, options{arguments: []string{"--esdb-listen", "127.0.0.1:0", "--esdb-cert", cert, "--esdb-key", key}})
	s.record(completedOrder("AUDIT", "ann", 1253))
	address := s.awaitEsdb()
	connect := func(user, password string) *esdb.Client {
		return esdbtest.Connect(t, fmt.Sprintf("esdb://%s@%s?tlsCAFile=%s", url.UserPassword(user, password), address, cert))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	read := func(client *esdb.Client) (types []string, err error) {
		stream, err := client.ReadStream(ctx, "order-coinbase.AUDIT", esdb.ReadStreamOptions{}, 100)
		if err != nil {
			return nil, err
		}
		defer stream.Close()
		for {
			event, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return types, nil
			}
			if err != nil {
				return types, err
			}
			types = append(types, event.Event.EventType)
		}
	}
	auditor := connect("books", auditorSecret)
	if types, err := read(auditor); err != nil || strings.Join(types, " ") != "PaymentReceived PaymentVerified" {
		t.Errorf("an auditor reads %v, %v", types, err)
	}
	for name, client := range map[string]*esdb.Client{
		"a wrong password": connect("books", "wrong"),
		"another's name":   connect("alice", auditorSecret),
		"the website":      connect("shop", websiteSecret),
	} {
		if types, err := read(client); err == nil || len(types) > 0 {
			t.Errorf("%s reads %v", name, types)
		}
	}
	event := esdb.EventData{EventID: uuid.New(), EventType: "PaymentVerified", ContentType: esdb.ContentTypeJson, Data: []byte(`{}`)}
	for name, client := range map[string]*esdb.Client{"an auditor": auditor, "an operator": connect("alice", operatorSecret)} {
		if _, err := client.AppendToStream(ctx, "order-coinbase.AUDIT", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Any{}}, event); err == nil {
			t.Errorf("%s has appended to the log", name)
		}
	}
	if events := replay(t, s.data); len(events) != 3 {
		t.Errorf("the log has %d events", len(events))
	}
}

// TestScratchLogsAndLogsOfPaymentsAreKeptApart starts each kind of server on the
// log of the other.
func TestScratchLogsAndLogsOfPaymentsAreKeptApart(t *testing.T) {
	embedded(t)
	t.Parallel()
	data := filepath.Join(t.TempDir(), "scratch")
	_, p := scratchServer(t, data)
	if code := p.terminate(); code != 0 {
		t.Errorf("the scratch server ends with %d:\n%s", code, p.stderr)
	}
	launch(t, options{data: data}).checkRefused(1, "scratch log", "takes no payments", "--data")

	s := start(t, options{})
	s.record(completedOrder("REAL", "ann", 1))
	s.terminate()
	launch(t, options{data: s.data, arguments: []string{"--esdb-listen", "127.0.0.1:0", "--esdb-insecure", "--esdb-writable"}}).
		checkRefused(1, "not a scratch log")
}

// TestCopyMovesALog goes the way of README from the embedded log to EventStoreDB.
func TestCopyMovesALog(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{})
	for i := range 50 {
		s.record(completedOrder(fmt.Sprint("MOVED", i), fmt.Sprint("user", i%3), 100+i))
	}
	database, _ := scratchServer(t, filepath.Join(t.TempDir(), "scratch"))
	there := []string{"DAYBOOK_EVENTSTORE=" + database}
	for i, want := range []string{"copied 101 events", "101 were there already and are the same"} {
		if printed := succeed(t, "copy", "--from", s.data, "--to", database); !strings.Contains(printed, want) {
			t.Errorf("copy %d prints %s", i, printed)
		}
	}
	s.record(completedOrder("LATE", "user0", 5))
	if code := s.terminate(); code != 0 {
		t.Fatalf("the server ends with %d", code)
	}
	if printed := succeed(t, "copy", "--from", s.data, "--to", database); !strings.Contains(printed, "copied 2 events") {
		t.Errorf("the last copy prints %s", printed)
	}
	for _, settings := range [][]string{nil, there} {
		code, p := run(t, settings, "verify", "--data", s.data)
		if printed := p.stdout.String(); code != 0 || !strings.Contains(printed, "103 events") || !strings.Contains(printed, "no difference") {
			t.Errorf("verify with %v ends with %d:\n%s%s", settings, code, printed, p.stderr)
		}
	}
	moved := start(t, options{settings: append(there, secretsSetting, tokensSetting)})
	moved.checkBalances(fold(t, replay(t, s.data)), 0)
	moved.record(completedOrder("AFTER", "user0", 1))
	// A log that has gone on is never written over.
	if code, p := run(t, nil, "copy", "--from", s.data, "--to", database); code != 1 || !strings.Contains(p.stderr.String(), "other events") {
		t.Errorf("a copy to a log that has gone on ends with %d: %s", code, p.stderr)
	}
}

// TestSettingsOfEventStoreDBThatMakeNoSenseAreRefused covers both sides of the
// protocol.
func TestSettingsOfEventStoreDBThatMakeNoSenseAreRefused(t *testing.T) {
	embedded(t)
	t.Parallel()
	const hidden = "must-not-be-repeated"
	for name, c := range map[string]struct {
		arguments []string
		parts     []string
	}{
		"nowhere to listen":    {[]string{"--esdb-insecure"}, []string{"--esdb-listen"}},
		"no certificate":       {[]string{"--esdb-listen", "127.0.0.1:0"}, []string{"--esdb-cert", "--esdb-insecure"}},
		"both kinds":           {[]string{"--esdb-listen", "127.0.0.1:0", "--esdb-insecure", "--eventstore", "esdb://localhost"}, []string{"--esdb-listen", "--eventstore"}},
		"a port that is none":  {[]string{"--esdb-listen", "127.0.0.1:99999", "--esdb-insecure"}, []string{"--esdb-listen"}},
		"no connection string": {[]string{"--eventstore", "http://localhost"}, []string{"--eventstore", "scheme"}},
		"an unknown setting":   {[]string{"--eventstore", "esdb://localhost?tsl=false"}, []string{"tsl"}},
		"a namespace":          {[]string{"--eventstore", "esdb://localhost", "--namespace", "a-b"}, []string{"namespace", "a-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), arguments: c.arguments})
			p.checkRefused(1, c.parts...)
			if strings.Contains(p.stderr.String(), hidden) {
				t.Errorf("the message repeats a password:\n%s", p.stderr)
			}
		})
	}
	for _, flag := range []string{"--eventstore", "--to"} {
		line := []string{"verify", flag, "esdb://u:" + hidden + "@localhost"}
		if flag == "--to" {
			line = []string{"copy", "--from", "here", flag, line[2]}
		}
		code, p := run(t, nil, line...)
		if said := p.stderr.String(); code == 0 || !strings.Contains(said, flag) || !strings.Contains(said, "_FILE") || strings.Contains(said, hidden) {
			t.Errorf("a password in %s ends with %d: %s", flag, code, said)
		}
	}
	file := secretFile(t, "esdb://u:"+hidden+"@127.0.0.1:1?tlsVerifyCert=false&defaultDeadline=100\n")
	if code, p := run(t, []string{"DAYBOOK_EVENTSTORE_FILE=" + file}, "verify"); code != 2 || !strings.Contains(p.stderr.String(), "127.0.0.1:1") || strings.Contains(p.stderr.String(), hidden) {
		t.Errorf("a connection string in a file ends with %d: %s", code, p.stderr)
	}
	if code, p := run(t, nil, "copy", "--from", "here", "--to", "there"); code != 2 || !strings.Contains(p.stderr.String(), "connection string") {
		t.Errorf("a copy to a directory ends with %d: %s", code, p.stderr)
	}
}

// TestWithoutEventStoreDBCallbacksAreAnswered503 starts a server before its
// database, and takes that away once.
func TestWithoutEventStoreDBCallbacksAreAnswered503(t *testing.T) {
	embedded(t)
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	s := listen(t, options{settings: []string{secretsSetting, tokensSetting, "DAYBOOK_EVENTSTORE=esdb://" + address + "?tls=false&defaultDeadline=500"}})
	if _, ok := s.stderr.await(patience, "the log cannot be reached"); !ok {
		t.Errorf("nothing is said of it:\n%s", s.stderr)
	}
	if answer := s.post(completedOrder("EARLY", "ann", 100)); answer.status != 503 {
		t.Errorf("a callback is answered %d", answer.status)
	}
	data := filepath.Join(t.TempDir(), "scratch")
	for i := range 2 {
		p := execute(t, "", []string{secretsSetting, tokensSetting}, daybook(t), "serve",
			"--esdb-listen", address, "--esdb-insecure", "--esdb-writable", "--data", data)
		p.awaitEsdb()
		s.awaitStatus("/readyz", 200)
		position := last([]outcome{s.record(completedOrder("EARLY", "ann", 100))})
		s.awaitStatus("/readyz/reads", 200)
		if got := s.balances("ann", position)["USD"]; got != "1.00" {
			t.Errorf("start %d: ann has %s", i, got)
		}
		p.kill()
	}
}
