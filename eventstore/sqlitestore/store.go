// Package sqlitestore keeps the log in one SQLite file. It is the default store of
// a single machine, and knows nothing of payments.
//
// An append becomes durable in a journal beside the file, with one write and one
// sync, before its caller gets an answer. Appends that arrive during a sync share
// the next one. The filer moves events from the journal to the events table in large
// transactions, which costs far less for each event than a transaction for every
// append. Readers see the table and the journal as one log.
//
// The index of streams is filled later still, in blocks. Memory holds the part that
// the index lacks.
//
// Readers have connections of their own, read short pages, and hold nothing between
// two pages.
package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// readConnections bounds the pages that are read at one time.
const readConnections = 4

var errClosed = fmt.Errorf("%w: the store is closed", eventstore.ErrUnavailable)

// Options are the settings of a store.
type Options struct {
	// Directory holds the log and is created if missing, for the owner alone.
	Directory string

	// Now is the clock of recorded times; nil is time.Now.
	Now func() time.Time

	// Sandbox marks a log that is created. One that exists keeps its mark.
	Sandbox bool

	// OnCommit, if not nil, is called for every group of appends that has become
	// durable, with the number of its events and the time that it took, sync
	// included. It must not block: the next group waits.
	OnCommit func(events int, took time.Duration)

	// Accept, if not nil, opens a log that lost events for good, and says who
	// accepts that and why.
	Accept *eventstore.Acceptance
}

// Store is a log that only this process may write. It implements eventstore.Store.
type Store struct {
	lock   *flock.Flock
	writer *writer
	filer  *filer
	reader *Reader
	close  func() error

	guard guard

	stopBackground context.CancelFunc
	background     sync.WaitGroup // what ends with it
}

// Open opens the log in a directory for writing, or creates it. It returns an
// eventstore.ErrLocked if another process, or another Store in this one, has it open
// for writing.
//
// Open moves events that a killed process left in the journal, and pages in SQLite's
// write-ahead log, to the main file and syncs it. Otherwise an answer such as "this
// append is already stored" would rest on bytes that a crash, or a failed sync, left
// in the page cache only.
func Open(ctx context.Context, options Options) (_ *Store, err error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := makeDirectory(options.Directory); err != nil {
		return nil, err
	}
	reservePages(storeCaches)
	var opened closers
	defer func() {
		if err != nil {
			err = errors.Join(withRemedy(err, options.Directory), opened.close())
		}
	}()
	lock, err := acquire(options.Directory)
	if err != nil {
		return nil, err
	}
	opened.add(lock)
	if err := dropSums(options.Directory); err != nil {
		return nil, err
	}
	filer, err := openFiler(ctx, options, &opened)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err := filer.begin(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	journal, err := filer.takeJournal(options)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	opened.add(journal)
	if err := syncDirectory(options.Directory); err != nil {
		return nil, err
	}
	store, err := assemble(options, filer, journal, &opened)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	store.lock = lock
	if store.guard, err = newGuard(options.Directory); err != nil {
		return nil, err
	}
	store.start(context.WithoutCancel(ctx))
	return store, nil
}

// openFiler opens the file of the log, or creates it.
func openFiler(ctx context.Context, options Options, opened *closers) (*filer, error) {
	path := filepath.Join(options.Directory, fileName)
	if err := makeFile(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	opened.add(conn)
	filer, err := prepareFile(ctx, conn, path, options)
	if err != nil {
		return nil, err
	}
	if filer.checkpoint, err = newCheckpointer(path); err != nil {
		return nil, err
	}
	opened.add(filer.checkpoint.conn)
	return filer, nil
}

// assemble opens the connections for reading, and builds the store.
func assemble(options Options, filer *filer, journal *journal.Journal, opened *closers) (*Store, error) {
	path := filepath.Join(options.Directory, fileName)
	reader, err := openReader(path)
	if err != nil {
		return nil, err
	}
	opened.add(reader)
	lookup, err := openLookup(path, filer.index.unindexed)
	if err != nil {
		return nil, err
	}
	opened.add(lookup.conn)
	filer.recent = newRecent(filer.end.position)
	w := &writer{
		directory: options.Directory,
		clock:     options.Now,
		onCommit:  options.OnCommit,
		onStop:    reader.pool.stop,
		queue:     make(chan *request, queueLength),
		arrived:   make(chan struct{}, 1),
		closing:   make(chan struct{}),
		stopped:   make(chan struct{}),
		failed:    make(chan struct{}),
		recent:    filer.recent,
		seen:      newSeen(filer.end.position),
		filer:     filer,
		journal:   journal,
		lookup:    lookup,
		end:       filer.end,
		lengths:   make(map[eventstore.StreamName]uint64),
	}
	filer.fail = w.fail
	store := &Store{writer: w, filer: filer, reader: reader}
	store.close = sync.OnceValue(store.shutDown)
	return store, nil
}

// start starts the goroutines.
func (s *Store) start(ctx context.Context) {
	background, stop := context.WithCancel(ctx)
	s.stopBackground = stop
	indexed := s.filer.index.position // before the filer goes on with it
	go s.filer.checkpoint.run()
	go s.filer.run()
	go s.writer.run()
	s.background.Go(func() { s.guard.run(background, s.writer.fail) })
	s.background.Go(func() {
		err := s.writer.seen.learn(background, s.reader.pool, s.filer.index.unindexed, indexed)
		if errors.Is(err, errDamaged) {
			s.writer.fail(err)
		} // after another error lookups go to the index
	})
}

// closers hold what Open has opened so far.
type closers []io.Closer

func (c *closers) add(closer io.Closer) { *c = append(*c, closer) }

// close closes them, the last one first.
func (c *closers) close() error {
	var err error
	for _, closer := range slices.Backward(*c) {
		err = errors.Join(err, closer.Close())
	}
	return err
}

// Found returns the losses that were found when the log was opened.
func (s *Store) Found() []eventstore.LossFound { return s.filer.losses }

// Close refuses further appends, commits those that wait, and returns after the last
// goroutine of the store. Sequences that are being read end with an
// eventstore.ErrUnavailable. A second Close returns the same.
func (s *Store) Close() error { return s.close() }

func (s *Store) shutDown() error {
	close(s.writer.closing)
	<-s.writer.stopped
	close(s.filer.closing)
	<-s.filer.stopped
	s.stopBackground()
	s.background.Wait()
	return errors.Join(
		s.reader.Close(),
		s.writer.lookup.conn.Close(),
		s.filer.checkpoint.close(),
		s.filer.close(),
		s.writer.journal.Close(),
		s.lock.Close(),
	)
}

// Failed is closed after an error that leaves it unknown what is on disk. From then
// on the store refuses everything; Err says why. The process should end: opening the
// log again recovers.
func (s *Store) Failed() <-chan struct{} { return s.writer.failed }

// Err returns the error that made the store fail, or nil.
func (s *Store) Err() error {
	select {
	case <-s.writer.failed:
		return s.writer.failure
	default:
		return nil
	}
}
