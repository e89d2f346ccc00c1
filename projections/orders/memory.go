package orders

import (
	"context"
	"fmt"
	"sync"

	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/internal/compact"
)

// Memory is the read model in memory. It implements follow.Projector,
// and its methods may be called from any number of goroutines.
type Memory struct {
	applying sync.Mutex // held by Apply
	checked  []checked  // scratch of Apply
	text     []byte     // of add

	mu         sync.RWMutex // guards what follows
	checkpoint follow.Checkpoint
	orders     map[order.ID]record
	words      compact.Words
}

// NewMemory returns an empty model.
func NewMemory() *Memory { return &Memory{orders: make(map[order.ID]record)} }

// Name implements follow.Projector.
func (m *Memory) Name() string { return Name }

// FoldVersion implements follow.Projector.
func (m *Memory) FoldVersion() int { return FoldVersion }

// Load implements follow.Projector.
func (m *Memory) Load(context.Context) (follow.Checkpoint, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.checkpoint, nil
}

// Apply implements follow.Projector. Everything that can fail comes
// before the first change.
func (m *Memory) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	stored, _ := m.Load(ctx) // stays as it is: only Apply writes it
	if stored != from {
		return fmt.Errorf("%w: at position %s, not %s", follow.ErrCheckpointMoved, stored.Position, from.Position)
	}
	m.checked = m.checked[:0]
	defer func() { clear(m.checked) }() // it points to the caller's events
	for i := range events {
		if events[i].Stream.Category() != order.Category {
			continue
		}
		c, err := check(&events[i])
		if err != nil {
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
		m.checked = append(m.checked, c)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for rest := m.checked; len(rest) > 0; {
		rest = m.add(rest)
	}
	m.checkpoint = to
	return nil
}

// add puts the first events, as many as are of one order, on its record, and
// returns the others.
func (m *Memory) add(events []checked) (others []checked) {
	stream := events[0].event.Stream
	text := m.text[:0]
	var last *checked
	for len(events) > 0 && events[0].event.Stream == stream {
		text = events[0].appendTo(text, last, &m.words)
		last, events = &events[0], events[1:]
	}
	id := order.ID(stream.ID())
	m.orders[id] = append(m.orders[id], text...)
	m.text = text
	return events
}

// Order returns the state of an order, or an ErrNotFound with an order that
// has only the position of the model.
func (m *Memory) Order(_ context.Context, id order.ID) (Order, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	known, found := m.orders[id]
	if !found {
		return Order{Position: m.checkpoint.Position}, fmt.Errorf("%w: %.600q at position %s", ErrNotFound, string(id), m.checkpoint.Position)
	}
	o, err := known.fold(id, &m.words)
	if err != nil {
		return Order{}, err
	}
	o.Position = m.checkpoint.Position
	return o.filled(), nil
}
