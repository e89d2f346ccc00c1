// Package esdbtest starts servers of EventStoreDB's protocol and connects the
// official client, for tests. It knows no test.
package esdbtest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
)

// stopTimeout is how long calls may take to finish at the end of a test.
const stopTimeout = time.Second

// Serve serves a store at an address, which may have port 0, until the test
// ends. It returns the address that it got.
func Serve(t testing.TB, store eventstore.Store, address string, options esdbserver.Options) (*esdbserver.Server, string) {
	t.Helper()
	server, err := esdbserver.New(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("the test wants this address: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		server.Stop(ctx)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return server, listener.Addr().String()
}

// Connect connects the official client until the test ends.
func Connect(t testing.TB, url string) *esdb.Client {
	t.Helper()
	settings, err := esdb.ParseConnectionString(url)
	if err != nil {
		t.Fatal(err)
	}
	settings.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
