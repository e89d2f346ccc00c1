package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// TestNodeClients runs what node/client.test.mjs says with the official Node
// clients, over TLS and with a password.
func TestNodeClients(t *testing.T) {
	skipUnlessAsked(t)
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS("node")); err != nil {
		t.Fatal(err)
	}
	runIn(t, directory, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	encryption, authority, _ := certificate(t)
	options := esdbserver.Options{Credentials: admin, TLS: encryption}
	scratch := serve(t, newScratch(t), "127.0.0.1:0", options)
	real, events := serveReal(t, options)
	for _, client := range []string{"@eventstore/db-client", "@kurrent/kurrentdb-client"} {
		t.Run(filepath.Base(client), func(t *testing.T) {
			url := func(address string) string {
				return fmt.Sprintf("esdb://admin:changeit@%s?tlsCAFile=%s", strings.Replace(address, "127.0.0.1", "localhost", 1), authority)
			}
			t.Log(runIn(t, directory, []string{
				"CLIENT=" + client, "SCRATCH=" + url(scratch), "READONLY=" + url(real), "EVENTS=" + events,
			}, "node", "--test", "--test-reporter=spec", "client.test.mjs"))
		})
	}
}

// serveReal serves a log that is no scratch log, with a few events, and
// returns these as the script wants them.
func serveReal(t *testing.T, options esdbserver.Options) (address, events string) {
	t.Helper()
	store := sqlitetest.New(t)
	type told struct {
		Stream string          `json:"stream"`
		Type   string          `json:"type"`
		Data   json.RawMessage `json:"data"`
	}
	var list []told
	for i := range 10 {
		stream := eventstore.StreamName(fmt.Sprintf("order-coinbase.%d", i%3))
		expected := eventstore.NoStream
		if i >= 3 {
			expected = eventstore.At(eventstore.Revision(i/3 - 1))
		}
		e := eventstore.Event{
			ID: eventstore.DeriveID(stream, "", expected.Next()), Type: "PaymentReceived", Schema: 1,
			Data: fmt.Appendf(nil, `{"number":%d}`, i), Metadata: []byte(`{"actor":"test"}`),
		}
		if _, err := store.Append(t.Context(), stream, expected, e); err != nil {
			t.Fatal(err)
		}
		list = append(list, told{string(stream), e.Type, e.Data})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	return serveReadOnly(t, store, options), string(text)
}

func runIn(t *testing.T, directory string, environment []string, name string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, arguments...)
	command.Dir = directory
	command.Env = append(os.Environ(), environment...)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
	return string(output)
}
