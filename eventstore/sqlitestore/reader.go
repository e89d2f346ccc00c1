package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// Reader reads a log that another process may be writing. It implements
// eventstore.Reader.
type Reader struct {
	path    string // of the file
	pool    *pool
	journal string                               // path of the journal to look into; none for the reader of a Store
	torn    atomic.Pointer[eventstore.LossFound] // what the journal may have lost
	scanned scanned
}

// OpenReadOnly opens the log in a directory for reading, whether or not a
// process has it open for writing. It writes no event; SQLite may create or
// update the index of the write-ahead log beside the file.
func OpenReadOnly(ctx context.Context, directory string) (_ *Reader, err error) {
	defer func() { err = withRemedy(err, directory) }()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	path := filepath.Join(directory, fileName)
	if err := Exists(directory); err != nil {
		return nil, err
	}
	reservePages(readerCaches)
	reader, err := openReader(path)
	if err != nil {
		return nil, err
	}
	reader.journal = filepath.Join(directory, journalFileName)
	if _, err := reader.unfiled(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open log: %w", err), reader.Close())
	}
	return reader, nil
}

// Exists returns an error if there is no log in a directory.
func Exists(directory string) error {
	path := filepath.Join(directory, fileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open log: there is no log at %s: name the directory that the server writes to", path)
	} else if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	return nil
}

// unfiled returns the events that are in the journal and not yet in the file. It
// is called before the file is read: what is filed meanwhile is then in both,
// and nothing is in neither.
//
// Beside a process that writes, a look may miss what moves meanwhile. What is
// missing several times is missing.
func (r *Reader) unfiled(ctx context.Context) ([]eventstore.Recorded, error) {
	if r.journal == "" {
		return nil, nil
	}
	retry := backoff.NewConstantBackOff(lookDelay)
	events, err := backoff.Retry(ctx, func() ([]entry, error) {
		events, err := r.look(ctx)
		if err != nil && !errors.Is(err, eventstore.ErrDamaged) {
			err = backoff.Permanent(err)
		}
		return events, err
	}, backoff.WithBackOff(retry), backoff.WithMaxTries(looks))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
	}
	recorded := make([]eventstore.Recorded, len(events))
	for i := range events {
		recorded[i] = events[i].Recorded
	}
	return recorded, nil
}

const (
	looks     = 5
	lookDelay = 20 * time.Millisecond
)

// look reads the journal once.
func (r *Reader) look(ctx context.Context) (events []entry, err error) {
	var state journalState
	var file end
	err = r.pool.lend(ctx, func(c *connection) (err error) {
		if state, err = readJournalState(c.conn); err == nil && state.needed {
			file, err = c.end()
		}
		return err
	})
	if err != nil || !state.needed {
		return nil, err
	}
	contents, err := journal.ReadFile(r.journal, uint64(file.position))
	events, err = checkJournal(r.journal, state, file, contents, err)
	if err == nil && contents.Torn != nil {
		loss := lossOf(*contents.Torn)
		r.torn.Store(&loss)
	}
	return events, err
}

// Losses returns what may be missing from the log and nobody has accepted. Beside
// what is recorded there is what the next start of the server will record.
func (r *Reader) Losses(ctx context.Context) ([]eventstore.LossFound, error) {
	open, err := eventstore.OpenLosses(ctx, r)
	if torn := r.torn.Load(); torn != nil && err == nil {
		open = append(open, *torn)
	}
	return open, err
}

func openReader(path string) (*Reader, error) {
	pool, err := openPool(path)
	if err != nil {
		return nil, fmt.Errorf("open log for reading: %w", err)
	}
	return &Reader{path: path, pool: pool}, nil
}

// Close waits for the pages that are being read. Sequences end with an
// eventstore.ErrUnavailable.
func (r *Reader) Close() error { return r.pool.close() }

// Read implements eventstore.Reader.
func (r *Reader) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		q := query{stream: stream, hash: hashOf(stream), from: from, metadata: eventstore.Includes(include, eventstore.WithMetadata)}
		unfiled, err := r.unfiled(ctx)
		if err == nil {
			err = r.pool.lend(ctx, func(c *connection) (err error) {
				q.runs, err = r.scanned.runs(c.conn, q.hash, from)
				return err
			})
		}
		if err != nil {
			yield(eventstore.Recorded{}, q.failed(err))
			return
		}
		newest := slices.DeleteFunc(unfiled, func(e eventstore.Recorded) bool { return e.Stream != stream })
		r.read(ctx, q, newest, false)(yield)
	}
}

// ReadAll implements eventstore.Reader.
func (r *Reader) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	q := query{whole: true, after: after, metadata: eventstore.Includes(include, eventstore.WithMetadata)}
	return func(yield func(eventstore.Recorded, error) bool) {
		unfiled, err := r.unfiled(ctx)
		if err != nil {
			yield(eventstore.Recorded{}, q.failed(err))
			return
		}
		r.read(ctx, q, unfiled, false)(yield)
	}
}

// read reads the events of a query in the file, and then the newest of them from
// memory; only those if inMemory says that they are the whole answer.
func (r *Reader) read(ctx context.Context, q query, newest []eventstore.Recorded, inMemory bool) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		sequence(ctx, yield, func(buffer []eventstore.Recorded) (p page, err error) {
			if inMemory {
				p.last, err = true, r.pool.check(ctx)
			} else {
				p, err = r.pool.page(ctx, buffer, q)
			}
			if err != nil {
				return page{}, q.failed(err)
			}
			if n := len(p.events); n > 0 {
				q.advance(&p.events[n-1])
			}
			if !p.last {
				return p, nil
			}
			for _, e := range newest {
				if q.isPast(&e) {
					continue
				}
				if !q.isNext(&e, 0) {
					return page{}, q.failed(fmt.Errorf("%w: an event is missing before position %s", errDamaged, e.Position))
				}
				p.events = append(p.events, withMetadata(e, q.metadata))
				q.advance(&e)
			}
			return p, nil
		})
	}
}

// sequence yields the events of one page after the other, up to a page that
// is the last. No connection is held while the consumer has the turn.
func sequence(ctx context.Context, yield func(eventstore.Recorded, error) bool, next func(buffer []eventstore.Recorded) (page, error)) {
	var buffer []eventstore.Recorded
	for {
		p, err := next(buffer[:0])
		if err != nil {
			yield(eventstore.Recorded{}, err)
			return
		}
		for i := range p.events {
			if err := ctx.Err(); err != nil {
				yield(eventstore.Recorded{}, fmt.Errorf("read log: %w", err))
				return
			}
			if !yield(p.events[i], nil) {
				return
			}
		}
		if p.last {
			return
		}
		buffer = p.events
	}
}
