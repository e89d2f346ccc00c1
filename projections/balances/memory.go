package balances

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/follow"
)

// Memory is the read model in memory. It implements follow.Projector,
// and its methods may be called from any number of goroutines.
type Memory struct {
	mu         sync.RWMutex // guards what follows
	checkpoint follow.Checkpoint
	users      map[string]*account
}

// account is what one user has.
type account struct {
	currencies []Currency // sorted by code
	entries    []Entry    // by number
	changed    eventstore.Position
}

// NewMemory returns an empty model.
func NewMemory() *Memory { return &Memory{users: make(map[string]*account)} }

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

// Apply implements follow.Projector. It folds all events before it changes
// anything, so an event that cannot be folded leaves the model as it was.
func (m *Memory) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	entries := make([]ledger.Entry, len(events))
	for i, event := range events {
		decoded, err := ledger.Decode(event)
		if err == nil {
			entries[i], err = ledger.Post(decoded)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checkpoint != from {
		return fmt.Errorf("%w: at position %s, not %s", follow.ErrCheckpointMoved, m.checkpoint.Position, from.Position)
	}
	for i, entry := range entries {
		for _, change := range entry.Changes() {
			m.put(&events[i], entry, change)
		}
	}
	m.checkpoint = to
	return nil
}

// put applies one change to its user.
func (m *Memory) put(event *eventstore.Recorded, entry ledger.Entry, change ledger.Change) {
	a, known := m.users[change.User]
	if !known {
		a = new(account)
		m.users[change.User] = a
	}
	a.changed = event.Position
	c := a.currency(change.Currency())
	c.Pending = sum(c.Pending, change.Pending)
	if change.Available.IsZero() {
		return
	}
	c.Available = sum(c.Available, change.Available)
	a.entries = append(a.entries, Entry{
		Number: uint64(len(a.entries)) + 1, Position: event.Position, Stream: event.Stream, Type: event.Type,
		Payment: entry.Payment, Amount: change.Available, Balance: c.Available,
		OccurredAt: entry.OccurredAt, RecordedAt: event.RecordedAt,
	})
}

// currency returns what the user has of a currency.
func (a *account) currency(code money.Currency) *Currency {
	i, found := slices.BinarySearchFunc(a.currencies, code, func(c Currency, code money.Currency) int { return cmp.Compare(c.Currency, code) })
	if !found {
		a.currencies = slices.Insert(a.currencies, i, Currency{Currency: code, Available: money.Zero(code), Pending: money.Zero(code)})
	}
	return &a.currencies[i]
}

// sum adds amounts of one currency, which cannot fail.
func sum(a, b money.Amount) money.Amount {
	s, err := a.Add(b)
	if err != nil {
		panic(err)
	}
	return s
}

// Balance returns what a user has. A user of whom nothing is known has no
// currencies.
func (m *Memory) Balance(_ context.Context, user string) (Balance, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	balance := Balance{User: user, Currencies: []Currency{}, Position: m.checkpoint.Position}
	if a, known := m.users[user]; known {
		balance.Changed, balance.Currencies = a.changed, slices.Clone(a.currencies)
	}
	return balance, nil
}

// Entries returns the entries of a user that have a number below before,
// newest first, at most limit of them; before 0 begins with the newest. A
// limit below 1 is 1, and one above MaxPage is MaxPage.
func (m *Memory) Entries(_ context.Context, user string, before uint64, limit int) (Page, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	page := Page{Entries: []Entry{}, Position: m.checkpoint.Position}
	a, known := m.users[user]
	if !known {
		return page, nil
	}
	end := uint64(len(a.entries))
	if before > 0 {
		end = min(end, before-1)
	}
	begin := end - min(end, uint64(max(1, min(limit, MaxPage))))
	page.Entries = append(page.Entries, a.entries[begin:end]...)
	slices.Reverse(page.Entries)
	if begin > 0 && begin < end {
		page.Next = begin + 1
	}
	return page, nil
}
