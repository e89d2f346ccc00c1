// Package sqlitestore keeps the log in one SQLite file. It is the default
// store of a single machine.
//
// One goroutine writes. It takes whatever is waiting, commits it as one
// transaction and syncs the file, and only then does anybody hear an answer;
// so many writers share the cost of one sync, and a lone one pays for its own
// alone. Readers have connections of their own, read short pages and hold
// nothing between two pages.
package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
)

const (
	fileName     = "daybook.db"
	lockFileName = "daybook.lock"

	// readConnections is the number of pages that may be read at one time.
	readConnections = 4
)

var errClosed = fmt.Errorf("%w: the store is closed", eventstore.ErrUnavailable)

// Options are the settings of a store.
type Options struct {
	// Directory holds the log and is created if missing, for the owner alone.
	Directory string

	// Now is the clock of recorded times; nil is time.Now.
	Now func() time.Time

	// OnCommit, if not nil, is told of every transaction that has been
	// committed: the number of its events, and the time from its begin to the
	// end of its sync. It is called by the writing goroutine and must not block.
	OnCommit func(events int, took time.Duration)
}

// Store is a log that this process alone may write. It implements
// eventstore.Store.
type Store struct {
	lock   *flock.Flock
	writer *writer
	reader *Reader
	close  func() error

	stopLearning context.CancelFunc
	learned      chan struct{} // closed when nothing is being learned any more
}

// Open opens the log in a directory for writing, or creates it. It returns an
// eventstore.ErrLocked if another process, or another Store in this one, has
// it open for writing.
//
// What Open finds in the write-ahead log of a process that was killed is
// copied to the main file and synced before it returns. An answer such as
// "this append is already stored" would otherwise rest on bytes that a crash,
// or a failed sync, has left in the page cache only.
func Open(ctx context.Context, options Options) (_ *Store, err error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := makeDirectory(options.Directory); err != nil {
		return nil, err
	}
	lock, err := acquire(options.Directory)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lock.Close())
		}
	}()

	path := filepath.Join(options.Directory, fileName)
	if err := makeFile(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	writer, err := prepareWriter(ctx, conn, path, options)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err := syncDirectory(options.Directory); err != nil {
		return nil, err
	}
	reader, err := openReader(path, 0)
	if err != nil {
		return nil, err
	}
	if writer.checkpoint, err = newCheckpointer(path); err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	writer.onStop = reader.pool.stop
	store := &Store{lock: lock, writer: writer, reader: reader}
	store.close = sync.OnceValue(store.shutDown)
	learning, stopLearning := context.WithCancel(context.WithoutCancel(ctx))
	store.stopLearning = stopLearning
	store.learned = make(chan struct{})
	until := writer.end.position
	go writer.checkpoint.run()
	go writer.run()
	go func() {
		defer close(store.learned)
		_ = writer.seen.learn(learning, reader, until) // without it, looks go to the index
	}()
	return store, nil
}

// Close refuses further appends, commits those that are waiting, and returns
// when nothing of the store is running any more. Sequences that are being read
// end with an eventstore.ErrUnavailable. Closing again returns the same.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutDown() error {
	close(s.writer.closing)
	<-s.writer.stopped
	s.stopLearning()
	<-s.learned
	return errors.Join(s.reader.Close(), s.writer.checkpoint.close(), s.writer.close(), s.lock.Close())
}

// Failed is closed when the store has met an error after which nobody knows
// what is on disk. It refuses everything from then on; Err says why. The
// process should end: opening the log again finds out.
func (s *Store) Failed() <-chan struct{} { return s.writer.failed }

// Err returns the error that made the store fail, or nil.
func (s *Store) Err() error {
	select {
	case <-s.writer.failed:
		return s.writer.reason
	default:
		return nil
	}
}

// Read implements eventstore.Store.
func (s *Store) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		if s.writer.seen.never(stream) && ctx.Err() == nil && !s.reader.pool.isStopped() {
			return
		}
		s.reader.Read(ctx, stream, from, include...)(yield)
	}
}

// ReadAll implements eventstore.Store.
func (s *Store) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return s.reader.ReadAll(ctx, after, include...)
}

func makeDirectory(directory string) error {
	if directory == "" {
		return errors.New("open log: no directory given")
	}
	parent := filepath.Dir(filepath.Clean(directory))
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		if err := makeDirectory(parent); err != nil {
			return err
		}
	}
	_, missing := os.Stat(directory)
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	err := syncDirectory(parent) // which holds the directory's own entry
	if missing == nil && errors.Is(err, fs.ErrPermission) {
		return nil // somebody else made the directory, and keeps what is around it
	}
	return err
}

// makeFile creates the file of the log for the owner alone, whatever the
// directory allows: evidence has personal data in it. SQLite gives the files
// beside it the same mode.
func makeFile(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	return file.Close()
}

// syncDirectory makes the entries of a directory durable: syncing a file does
// not sync its name.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	err = directory.Sync()
	return errors.Join(err, directory.Close())
}

func acquire(directory string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(directory, lockFileName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock log: %w", err)
	}
	if !locked {
		return nil, fmt.Errorf("%w: %s is held: stop that process, use its HTTP API, or read with a command that opens the log read-only", eventstore.ErrLocked, lock.Path())
	}
	return lock, nil
}
