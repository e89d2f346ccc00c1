// Package sqlitestore keeps the log in one SQLite file. It is the default
// store of a single machine. It knows nothing of payments.
//
// An append becomes durable in a journal beside the file, with one write and
// one sync, and only then does anybody hear an answer. Whoever comes while
// that goes on is written together with all others who wait, so many writers
// share the cost of one sync, and a lone one pays for its own alone. From the
// journal events are filed into the table of the log, in large transactions:
// that costs far less for each event than a transaction for every callback.
// Readers see what is filed and what is not as one log.
//
// The index of streams is entered still later, in blocks. What it does not have
// is in memory.
//
// Readers have connections of their own, read short pages and hold nothing
// between two pages.
package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

const (
	fileName        = "daybook.db"
	journalFileName = "daybook.journal"
	lockFileName    = "daybook.lock"

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

	// OnCommit, if not nil, is told of every group of appends that has become
	// durable: the number of its events, and the time from its begin to the
	// end of its sync. It is called while the next group waits and must not
	// block.
	OnCommit func(events int, took time.Duration)

	// Accept, if not nil, lets a log be opened of which events are missing for
	// good, and says who has seen that and why it is accepted.
	Accept *eventstore.Acceptance
}

// Store is a log that this process alone may write. It implements
// eventstore.Store.
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
// eventstore.ErrLocked if another process, or another Store in this one, has
// it open for writing.
//
// What Open finds in the journal of a process that was killed, and in SQLite's
// write-ahead log, is brought to the main file and synced before it returns.
// An answer such as "this append is already stored" would otherwise rest on
// bytes that a crash, or a failed sync, has left in the page cache only.
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
	filer, err := prepareFile(ctx, conn, path, options.Now)
	if err != nil {
		return nil, err
	}
	if filer.checkpoint, err = newCheckpointer(path); err != nil {
		return nil, err
	}
	opened.add(filer.checkpoint.conn)
	return filer, nil
}

// assemble opens the connections that read, and puts the parts together.
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

// start begins what runs beside the callers.
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
		} // after another error looks go to the index
	})
}

// closers are what Open has opened so far.
type closers []io.Closer

func (c *closers) add(closer io.Closer) { *c = append(*c, closer) }

// close closes the last one first.
func (c *closers) close() error {
	var err error
	for _, closer := range slices.Backward(*c) {
		err = errors.Join(err, closer.Close())
	}
	return err
}

// Found returns the losses that were found when the log was opened.
func (s *Store) Found() []eventstore.LossFound { return s.filer.losses }

// Close refuses further appends, commits those that are waiting, and returns
// when nothing of the store is running any more. Sequences that are being read
// end with an eventstore.ErrUnavailable. Closing again returns the same.
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

// Failed is closed when the store has met an error after which nobody knows
// what is on disk. It refuses everything from then on; Err says why. The
// process should end: opening the log again finds out.
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
