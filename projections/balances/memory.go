package balances

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/internal/fact"
)

// Memory is the read model in memory. It implements projections.Projector,
// and its methods may be called from any number of goroutines.
type Memory struct {
	applying sync.Mutex // held by Apply
	deltas   []delta    // scratch of Apply

	mu         sync.RWMutex // guards what follows
	checkpoint projections.Checkpoint
	users      map[string]*account
	words      *dictionary
}

// NewMemory returns an empty model.
func NewMemory() *Memory {
	return &Memory{users: make(map[string]*account), words: new(dictionary)}
}

// Name implements projections.Projector.
func (m *Memory) Name() string { return Name }

// FoldVersion implements projections.Projector.
func (m *Memory) FoldVersion() int { return FoldVersion }

// Load implements projections.Projector.
func (m *Memory) Load(context.Context) (projections.Checkpoint, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.checkpoint, nil
}

// Apply implements projections.Projector. Everything that can fail comes
// before the first change.
func (m *Memory) Apply(ctx context.Context, from, to projections.Checkpoint, events []eventstore.Recorded) error {
	m.applying.Lock()
	defer m.applying.Unlock()
	stored, _ := m.Load(ctx) // does not move: only Apply writes it
	if stored != from {
		return fmt.Errorf("%w: at position %s, not %s", projections.ErrCheckpointMoved, stored.Position, from.Position)
	}
	deltas, err := foldAll(m.deltas[:0], events)
	m.deltas = deltas
	defer clear(m.deltas) // they point to the caller's events
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range deltas {
		d := &deltas[i]
		a, known := m.users[string(d.user)]
		if !known {
			a = new(account)
			m.users[string(d.user)] = a
		}
		a.put(d, m.words)
	}
	m.checkpoint = to
	return nil
}

// Balance returns what a user has. A user of whom nothing is known has no
// currencies.
func (m *Memory) Balance(_ context.Context, user string) (Balance, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	balance := Balance{User: user, Currencies: []Currency{}, Position: m.checkpoint.Position}
	a, known := m.users[user]
	if !known {
		return balance, nil
	}
	balance.Changed = a.changed
	for i := range a.holdings {
		h := &a.holdings[i]
		currency := Currency{Currency: money.Currency(m.words.currencies.Text(h.currency))}
		var err error
		if currency.Available, err = fact.AmountOf(currency.Currency, &h.available); err != nil {
			return Balance{}, fmt.Errorf("balance: %w", err)
		}
		if currency.Pending, err = fact.AmountOf(currency.Currency, &h.pending); err != nil {
			return Balance{}, fmt.Errorf("balance: %w", err)
		}
		balance.Currencies = append(balance.Currencies, currency)
	}
	slices.SortFunc(balance.Currencies, func(a, b Currency) int {
		return strings.Compare(string(a.Currency), string(b.Currency))
	})
	return balance, nil
}

// Entries returns the entries of a user that have a number below before,
// newest first, at most limit of them; before 0 begins with the newest. A
// limit below 1 is 1, and one above MaxPage is MaxPage.
func (m *Memory) Entries(_ context.Context, user string, before uint64, limit int) (Page, error) {
	limit = max(1, min(limit, MaxPage))
	m.mu.RLock()
	defer m.mu.RUnlock()
	page := Page{Entries: []Entry{}, Position: m.checkpoint.Position}
	a, known := m.users[user]
	if !known {
		return page, nil
	}
	var err error
	if page.Entries, err = a.entries.before(before, limit, m.words); err != nil {
		return Page{}, fmt.Errorf("entries: %w", err)
	}
	if n := len(page.Entries); n > 0 && page.Entries[n-1].Number > 1 {
		page.Next = page.Entries[n-1].Number
	}
	return page, nil
}
