package eventstoredb_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/sqlitestore"
)

// patience bounds each test, so that a store that hangs fails it.
const patience = 30 * time.Second

// database is a server that can be stopped and started, always at the same
// address.
type database struct {
	address   string
	directory string
	options   esdbserver.Options
	wrap      func(eventstore.Store) eventstore.Store // what is served; nil is the store itself

	store   *sqlitestore.Store
	server  *esdbserver.Server
	stopped chan error
}

// newDatabase starts a server with an empty database.
func newDatabase(t testing.TB, change ...func(*esdbserver.Options)) *database {
	t.Helper()
	d := downDatabase(t, change...)
	d.start(t)
	return d
}

// downDatabase prepares a server that is not running yet.
func downDatabase(t testing.TB, change ...func(*esdbserver.Options)) *database {
	t.Helper()
	d := &database{address: freeAddress(t), directory: t.TempDir(), options: esdbserver.Options{AllowAnonymous: true, Writable: true}}
	for _, c := range change {
		c(&d.options)
	}
	t.Cleanup(func() { d.stop(t) })
	return d
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (d *database) start(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: d.directory})
	if err != nil {
		t.Fatal(err)
	}
	d.store = store
	if err := esdbserver.CreateScratch(ctx, store); err != nil {
		t.Fatal(err)
	}
	served := eventstore.Store(store)
	if d.wrap != nil {
		served = d.wrap(store)
	}
	if d.server, err = esdbserver.New(ctx, served, d.options); err != nil {
		t.Fatal(err)
	}
	var listener net.Listener
	for deadline := time.Now().Add(patience); ; {
		if listener, err = net.Listen("tcp", d.address); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	server, stopped := d.server, make(chan error, 1)
	d.stopped = stopped
	go func() { stopped <- server.Serve(listener) }()
}

// stop ends the server, and all calls that are under way.
func (d *database) stop(t testing.TB) {
	t.Helper()
	if d.server == nil {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	d.server.Stop(now)
	if err := <-d.stopped; err != nil {
		t.Error(err)
	}
	if err := d.store.Close(); err != nil {
		t.Error(err)
	}
	d.server = nil
}

func (d *database) url() string { return fmt.Sprintf("esdb://%s?tls=false", d.address) }

// open connects a store.
func open(t testing.TB, url string, change ...func(*eventstoredb.Options)) *eventstoredb.Store {
	t.Helper()
	options := eventstoredb.Options{URL: url}
	for _, c := range change {
		c(&options)
	}
	store, err := eventstoredb.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}
