// Package eventstoredb keeps the log in EventStoreDB, on one server or a
// cluster of them. It needs version 23.10 or later, and knows nothing of
// payments.
//
// It speaks EventStoreDB's protocol through the stubs of
// EventStore-Client-Go/v4, on connections of its own, and takes connection
// strings as that client does. The client itself is not used: it gives up for
// ever when a cluster cannot be reached for some seconds, waits without regard
// to the context of a call, leaks connections when it connects anew, and ends
// the process on answers that it does not expect. What is left to do without it
// is in these few files.
//
// Every append names the exact revision that it follows and carries ids made
// from what caused it, so that EventStoreDB recognises it for ever. That makes
// it safe to send an append again whenever its answer was lost, and that is what
// this package does, within the time that the caller has.
package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"daybook/eventstore"
)

// DefaultNamespace is what stream names begin with, unless Options say
// otherwise.
const DefaultNamespace = "daybook"

// Options are the settings of a store.
type Options struct {
	// URL is a connection string: esdb://user:password@host:2113?tls=true, with
	// several hosts or as esdb+discover:// for a cluster.
	URL string

	// Namespace is put before the names of streams, with a dot; no other stream
	// of the database is looked at. Empty is DefaultNamespace.
	Namespace string

	// ReadOnly refuses appends, and does not name a log that has no event.
	ReadOnly bool

	// Sandbox says which kind of log this is. A new one is marked so; one of the other
	// kind is an eventstore.ErrSandboxLog or eventstore.ErrLiveLog, and is not written to.
	Sandbox bool

	// Now is the clock of recorded times; nil is time.Now.
	Now func() time.Time

	// OnCommit, if not nil, is told of every append that was acknowledged: the
	// number of its events, and how long the answer took.
	OnCommit func(events int, took time.Duration)
}

// Store is a log in EventStoreDB. It implements eventstore.Store.
type Store struct {
	cluster   *cluster
	namespace namespace
	readOnly  bool
	sandbox   bool
	onCommit  func(events int, took time.Duration)
	clock     clock
	patience  time.Duration // for calls that bring nothing
	named     named

	// suspect is set once metadata was met that hides events. From then on a
	// stream that reads as empty is examined: it could be a deleted one.
	suspect atomic.Bool
}

// Open prepares a store. It talks to no server yet: one that is down now is
// used when it is up.
func Open(options Options) (*Store, error) {
	if options.Namespace == "" {
		options.Namespace = DefaultNamespace
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	namespace, err := parseNamespace(options.Namespace)
	if err != nil {
		return nil, err
	}
	settings, err := parseURL(options.URL)
	if err != nil {
		return nil, err
	}
	return &Store{
		cluster:   newCluster(settings),
		namespace: namespace,
		readOnly:  options.ReadOnly,
		sandbox:   options.Sandbox,
		onCommit:  options.OnCommit,
		clock:     clock{now: options.Now},
		patience:  settings.patience,
	}, nil
}

// Close ends all calls that are under way.
func (s *Store) Close() error { return s.cluster.close() }

// String names the database, without secrets.
func (s *Store) String() string {
	return fmt.Sprintf("EventStoreDB at %s, namespace %s", s.cluster.settings, s.namespace.name)
}

// Ready implements eventstore.Store: the server is asked to append no event.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.ensureNamed(ctx); err != nil {
		return err
	}
	err := s.retry(ctx, s.patience, func(n *node) (bool, error) {
		_, err := n.append(ctx, s.namespace.full(eventstore.LogStream), anyRevision, nil)
		return false, err
	})
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// bounded gives a call without deadline one.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.patience)
}

// clock gives times that never decrease, in microseconds.
type clock struct {
	now  func() time.Time
	mu   sync.Mutex
	last int64
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, c.now().UnixMicro())
	return time.UnixMicro(c.last).UTC()
}

var errClosed = errors.New("the store is closed")
