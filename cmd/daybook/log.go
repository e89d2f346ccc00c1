package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/sqlitestore"
)

// logFlag says where the log is. All commands that open it have it.
type logFlag struct {
	Data       string `help:"Directory of the log (${default})." default:"./daybook-data" type:"path" placeholder:"DIR"`
	Eventstore string `help:"Where the log is if not in --data: in EventStoreDB at esdb://host:2113, with several hosts or esdb+discover:// for a cluster. With a password it must come from ${env} or the file in ${env}_FILE." placeholder:"URL" infile:"esdb"`
	Namespace  string `help:"What the names of streams in EventStoreDB begin with: ${default} makes ${default}.order-..." default:"daybook" placeholder:"NAME"`
}

func (f *logFlag) isRemote() bool { return f.Eventstore != "" }

// gapless reports whether the positions of the log follow each other. Those of
// EventStoreDB count bytes.
func (f *logFlag) gapless() bool { return !f.isRemote() }

// arguments are what other commands need to find the log. A connection string
// may hold a password, so it is left to the environment.
func (f *logFlag) arguments() string {
	switch {
	case f.isRemote() && eventstoredb.HasPassword(f.Eventstore):
		return "--eventstore \"$DAYBOOK_EVENTSTORE\" --namespace " + f.Namespace
	case f.isRemote():
		return "--eventstore " + quote(f.Eventstore) + " --namespace " + f.Namespace
	}
	return "--data " + quote(shorten(f.Data))
}

// place names where the log is.
func (f *logFlag) place() string {
	if f.isRemote() {
		return "EventStoreDB, namespace " + f.Namespace
	}
	return f.Data
}

// readLog is a log that a command reads.
type readLog interface {
	eventstore.Reader
	Close() error
}

// openLog opens the log beside whoever writes it.
func (f *logFlag) openLog(ctx context.Context) (readLog, error) {
	if !f.isRemote() {
		return sqlitestore.OpenReadOnly(ctx, f.Data)
	}
	store, err := f.openRemote(eventstoredb.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	// An empty log would be proven to be without fault, and a misspelt namespace
	// is one.
	if _, err := eventstore.LogID(ctx, store); err != nil {
		return nil, errors.Join(fmt.Errorf("there is no log in %s: %w: check --eventstore and --namespace", store, err), store.Close())
	}
	return store, nil
}

func (f *logFlag) openRemote(options eventstoredb.Options) (*eventstoredb.Store, error) {
	options.URL, options.Namespace = f.Eventstore, f.Namespace
	store, err := eventstoredb.Open(options)
	if err != nil {
		return nil, fmt.Errorf("--eventstore: %w", err)
	}
	return store, nil
}

// servedLog is the log that serve writes.
type servedLog struct {
	eventstore.Store

	tail    tail   // nil if the positions have gaps
	where   string // for the log
	journal string // its path; none if EventStoreDB keeps the log
	close   func() error

	failed <-chan struct{} // closed when nothing can be written any more; nil: that never happens
	reason func() error    // why
}

// openServed opens the log for writing.
func (f *logFlag) openServed(ctx context.Context, commits *commitMetrics, sandbox bool) (servedLog, error) {
	if f.isRemote() {
		store, err := f.openRemote(eventstoredb.Options{OnCommit: commits.committed, Sandbox: sandbox})
		if err != nil {
			return servedLog{}, err
		}
		return servedLog{Store: store, where: store.String(), close: store.Close}, nil
	}
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: f.Data, OnCommit: commits.committed, Sandbox: sandbox})
	if err != nil {
		return servedLog{}, err
	}
	return servedLog{
		Store: store, tail: store, close: store.Close, failed: store.Failed(), reason: store.Err,
		where: "sqlite in " + f.Data, journal: filepath.Join(f.Data, "daybook.journal"),
	}, nil
}

// unknownLog stands for the id of a log that cannot be reached yet.
const unknownLog = "not known yet"

// id returns the log's id, if the log is of the expected kind. A database that does not
// answer is tried for ever, while callbacks are answered 503, which Coinbase sends again;
// its store checks the kind before it appends.
func (l servedLog) id(ctx context.Context, logger *slog.Logger, sandbox bool) (string, error) {
	if l.tail == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, firstAnswer)
		defer cancel()
	}
	created, err := eventstore.Created(ctx, l)
	if l.tail == nil && errors.Is(err, eventstore.ErrUnavailable) {
		logger.Warn("the log cannot be reached; trying for ever, callbacks are answered 503 meanwhile", "error", err)
		return unknownLog, nil
	}
	if err == nil {
		err = created.CheckKind(sandbox)
	}
	return created.LogID, err
}

// withRemedy says what to do about a log of the other kind.
func (f *logFlag) withRemedy(err error) error {
	another := "name another directory with --data"
	if f.isRemote() {
		another = "name another --namespace"
	}
	switch {
	case errors.Is(err, eventstore.ErrSandboxLog):
		return fmt.Errorf("%w: start with --sandbox, or %s", err, another)
	case errors.Is(err, eventstore.ErrLiveLog):
		return fmt.Errorf("%w: start without --sandbox, or %s for the sandbox's", err, another)
	}
	return err
}

// end returns the position of the log's last event, where that is known.
func (l servedLog) end() string {
	if l.tail == nil {
		return "not known"
	}
	last, _ := l.tail.Tail()
	return last.String()
}

// isEmpty reports whether the log has no event but its name, where that is known.
func (l servedLog) isEmpty() bool {
	if l.tail == nil {
		return false
	}
	last, _ := l.tail.Tail()
	return last <= 1
}

// firstAnswer is how long a database has to answer before serve starts without
// it.
const firstAnswer = 3 * time.Second
