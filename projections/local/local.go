// Package local keeps what waits for a person or a process, and what finds things:
// the worklists and the lookup with its list of orders. They are folds of the log in one
// disposable SQLite
// file beside it. A file that raises any doubt is deleted and folded again.
//
// A worklist is a pure fold in a file of its own, and a line in Worklists.
package local

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/gofrs/flock"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/domain/codec"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"
)

// Name is the projection's name.
const Name = "local"

// FileName is the file's name in the data directory.
const FileName = "local.db"

// Worklists are the lists that the file has. Adding one, or raising the version of
// one, changes FoldVersion, so that the file is folded again.
var Worklists = []Worklist{Review, Quarantine, Verification, Linking, Refunds}

// FoldVersion derives from the worklists, the lookup and the tables, with their
// versions.
func FoldVersion() int {
	digest := fnv.New32a()
	fmt.Fprintln(digest, "tables", tablesVersion, "lookup", lookupVersion, "orders", orders.FoldVersion)
	for _, list := range Worklists {
		fmt.Fprintln(digest, list.Name, list.Version)
	}
	return int(digest.Sum32()&0x7fffffff) | 1
}

// Model is the file. It implements follow.Projector, and its methods may be called
// from any number of goroutines.
type Model struct {
	path   string
	log    eventstore.Reader
	logger *slog.Logger
	lists  map[string][]Worklist // by the event types that they name
	lookup map[string]bool       // event types that name keys

	mu      sync.RWMutex // held for reading by queries, for writing by everything else
	lock    *flock.Flock
	file    os.FileInfo // of the open file
	writer  *sqlite.Conn
	readers *sqlitex.Pool // nil while the file is closed

	doubts chan error // at most one: what a query has met
}

// New returns the model of the file in a directory. Of the log it reads the streams
// of orders that change. Load opens the file.
func New(directory string, log eventstore.Reader, logger *slog.Logger) *Model {
	return newModel(directory, log, logger, Worklists)
}

func newModel(directory string, log eventstore.Reader, logger *slog.Logger, worklists []Worklist) *Model {
	m := &Model{
		path: filepath.Join(directory, FileName), log: log, logger: logger,
		lists: make(map[string][]Worklist), lookup: make(map[string]bool), doubts: make(chan error, 1),
	}
	for _, list := range worklists {
		for _, eventType := range list.types() {
			m.lists[eventType] = append(m.lists[eventType], list)
		}
	}
	for _, event := range lookedUp {
		m.lookup[event.EventType()] = true
	}
	return m
}

// Name implements follow.Projector.
func (m *Model) Name() string { return Name }

// FoldVersion implements follow.Projector.
func (m *Model) FoldVersion() int { return FoldVersion() }

// Load implements follow.Projector. It opens the file, and replaces one that
// raises a doubt.
func (m *Model) Load(context.Context) (follow.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var stored follow.Checkpoint
	var err error
	select {
	case err = <-m.doubts:
	default:
		stored, err = m.load()
	}
	if isDoubt(err) {
		if err = m.discard(err); err == nil {
			stored, err = m.load()
		}
	}
	if err != nil {
		return follow.Checkpoint{}, unreachable(err)
	}
	return stored, nil
}

func (m *Model) load() (follow.Checkpoint, error) {
	if err := m.open(); err != nil {
		return follow.Checkpoint{}, err
	}
	return readCheckpoint(m.writer)
}

// Reset implements follow.Disposable.
func (m *Model) Reset(_ context.Context, why error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if errors.Is(why, follow.ErrWrongLog) { // whose text is for models that may be those of others
		why = errors.New("it was built from another log, or from events that this log does not have any more")
	}
	if err := m.discard(why); err != nil {
		return unreachable(err)
	}
	return nil
}

// folded is what a batch changes.
type folded struct {
	changes []change
	keys    []key
	seconds []second
	orders  changedOrders
}

// Apply implements follow.Projector.
func (m *Model) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	effects, err := m.fold(from.Position, events)
	if err != nil {
		return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
	}
	if err := effects.orders.fold(ctx, m.log); err != nil {
		return err
	}
	effects.keys = append(effects.keys, effects.orders.keys()...)
	slices.SortFunc(effects.keys, compareKeys)
	effects.keys = slices.Compact(effects.keys)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.open(); err != nil {
		return unreachable(err)
	}
	err = m.write(ctx, from, to, effects)
	if isDoubt(err) {
		err = errors.Join(err, m.discard(err))
	}
	if err != nil && !errors.Is(err, follow.ErrCheckpointMoved) {
		return unreachable(err)
	}
	return err
}

// fold folds a batch. Every event type must be known, because an event of a later
// version might close an item; only those that a list or the lookup names are
// decoded, and those of orders.
func (m *Model) fold(after eventstore.Position, events []eventstore.Recorded) (folded, error) {
	var f folded
	for i := range events {
		recorded := &events[i]
		if i > 0 {
			after = events[i-1].Position
		}
		after = min(after, recorded.Position-1) // a mark of a log that was restored may be beyond
		known := ledger.Schema(recorded.Stream.Category(), recorded.Type)
		if recorded.Schema < 1 || recorded.Schema > known {
			return folded{}, fmt.Errorf("event %s in %s at position %s: %w: %s, schema %d",
				recorded.ID, recorded.Stream, recorded.Position, codec.ErrUnknown, recorded.Type, recorded.Schema)
		}
		f.seconds = appendSecond(f.seconds, recorded, after)
		lists := m.lists[recorded.Type]
		isOfOrder := recorded.Stream.Category() == order.Category
		if len(lists) == 0 && !m.lookup[recorded.Type] && !isOfOrder {
			continue
		}
		decoded, err := ledger.Decode(*recorded)
		if err != nil {
			return folded{}, err
		}
		if isOfOrder {
			if err := f.orders.add(recorded, after, decoded); err != nil {
				return folded{}, err
			}
		}
		event := Event{
			Event: decoded, ID: recorded.ID.String(), Stream: recorded.Stream,
			Position: recorded.Position, RecordedAt: recorded.RecordedAt,
		}
		for _, list := range lists {
			for _, c := range list.Fold(event) {
				f.changes = append(f.changes, change{list.Name, event, c})
			}
		}
		for _, k := range keysOf(decoded) {
			f.keys = append(f.keys, key{hashOf(k), recorded.Position, after})
		}
	}
	return f, nil
}

// write writes effects and checkpoint together.
func (m *Model) write(ctx context.Context, from, to follow.Checkpoint, effects folded) (err error) {
	m.writer.SetInterrupt(ctx.Done())
	defer m.writer.SetInterrupt(nil)
	end, err := sqlitex.ImmediateTransaction(m.writer)
	if err != nil {
		return err
	}
	defer end(&err)
	stored, err := readCheckpoint(m.writer)
	if err != nil {
		return err
	}
	if stored != from {
		return fmt.Errorf("%w: at position %s, not %s", follow.ErrCheckpointMoved, stored.Position, from.Position)
	}
	for _, c := range effects.changes {
		if err := c.write(m.writer); err != nil {
			return err
		}
	}
	if err := writeKeys(m.writer, effects.keys); err != nil {
		return err
	}
	if err := writeSeconds(m.writer, effects.seconds); err != nil {
		return err
	}
	if err := effects.orders.write(m.writer); err != nil {
		return err
	}
	return writeCheckpoint(m.writer, to)
}

// Close closes the file.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.close()
	if m.lock != nil {
		err = errors.Join(err, m.lock.Unlock())
		m.lock = nil
	}
	return err
}
