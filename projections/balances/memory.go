package balances

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"daybook/eventstore"
	"daybook/projections/follow"
)

// Memory is the read model in memory. It implements follow.Projector, and its
// methods may be called from any number of goroutines.
type Memory struct {
	mu         sync.RWMutex // guards what follows
	checkpoint follow.Checkpoint
	users      map[string]*statement
}

// statement is what one user has, and how it came about.
type statement struct {
	account
	entries []Entry // by number
}

// NewMemory returns an empty model.
func NewMemory() *Memory { return &Memory{users: make(map[string]*statement)} }

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
func (m *Memory) Apply(_ context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	postings, err := post(events)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.checkpoint != from {
		return fmt.Errorf("%w: at position %s, not %s", follow.ErrCheckpointMoved, m.checkpoint.Position, from.Position)
	}
	for i := range postings {
		for _, change := range postings[i].changes {
			user := m.user(change.User)
			if entry, isEntry := user.apply(&postings[i], change); isEntry {
				user.entries = append(user.entries, entry)
			}
		}
	}
	m.checkpoint = to
	return nil
}

func (m *Memory) user(name string) *statement {
	user, known := m.users[name]
	if !known {
		user = new(statement)
		m.users[name] = user
	}
	return user
}

// Balance returns what a user has. A user of whom nothing is known has no
// currencies.
func (m *Memory) Balance(_ context.Context, user string) (Balance, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	balance := Balance{User: user, Currencies: []Currency{}, Position: m.checkpoint.Position}
	if s, known := m.users[user]; known {
		balance.Changed, balance.Currencies = s.changed, slices.Clone(s.currencies)
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
	s, known := m.users[user]
	if !known {
		return page, nil
	}
	end := uint64(len(s.entries))
	if before > 0 {
		end = min(end, before-1)
	}
	begin := end - min(end, uint64(max(1, min(limit, MaxPage))))
	page.Entries = append(page.Entries, s.entries[begin:end]...)
	slices.Reverse(page.Entries)
	if begin > 0 && begin < end {
		page.Next = begin + 1
	}
	return page, nil
}
