package projectiontest

import (
	"testing"

	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
)

// credited returns a log in which a user has a number of entries.
func credited(user string, entries int) []eventstore.Recorded {
	events := Sample(40 * entries)
	for i, event := range events {
		if entries -= len(credits(event, user)); entries <= 0 {
			return events[:i+1]
		}
	}
	panic("the sample is too short") // a fault of the suite
}

// pages reads all pages of a user from the newest entry on.
func pages(t *testing.T, model Balances, user string, limit int, between func()) []balances.Entry {
	t.Helper()
	var all []balances.Entry
	for before := uint64(0); ; {
		page, err := model.Entries(t.Context(), user, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Entries) > limit {
			t.Fatalf("a page of %d has %d entries", limit, len(page.Entries))
		}
		all = append(all, page.Entries...)
		if page.Next == 0 {
			return all
		}
		if len(page.Entries) < limit {
			t.Fatalf("a page of %d has %d entries and is not the last", limit, len(page.Entries))
		}
		before = page.Next
		between()
	}
}

// checkNumbers fails unless the entries are those from newest down to 1.
func checkNumbers(t *testing.T, entries []balances.Entry, newest int, limit int) {
	t.Helper()
	if len(entries) != newest {
		t.Fatalf("in pages of %d there are %d entries, want %d", limit, len(entries), newest)
	}
	for i, entry := range entries {
		if entry.Number != uint64(newest-i) {
			t.Fatalf("in pages of %d entry %d stands where %d should", limit, entry.Number, newest-i)
		}
	}
}

func testPaging(t *testing.T, open func(*testing.T) (follow.Projector, Balances)) {
	projector, model := open(t)
	const entries = 40
	events := credited(Users[0], entries)
	ApplyBatches(t, projector, events, 50)
	for limit := 1; limit <= entries+1; limit++ {
		checkNumbers(t, pages(t, model, Users[0], limit, func() {}), entries, limit)
	}
	balance, err := model.Balance(t.Context(), Users[0])
	if err != nil {
		t.Fatal(err)
	}
	checkEntries(t, model, balance, events)
}

func testPagingWhileAdding(t *testing.T, open func(*testing.T) (follow.Projector, Balances)) {
	const entries = 40
	events := credited(Users[0], entries)
	half := len(events) / 2
	known := 0
	for _, event := range events[:half] {
		known += len(credits(event, Users[0]))
	}
	for limit := 1; limit <= entries; limit++ {
		projector, model := open(t)
		s := Subject{Projector: projector}
		ApplyBatches(t, s.Projector, events[:half], half)
		rest := events[half:]
		seen := pages(t, model, Users[0], limit, func() {
			n := min(3, len(rest))
			ApplyBatches(t, s.Projector, rest[:n], 3)
			rest = rest[n:]
		})
		checkNumbers(t, seen, known, limit)
	}
}

func testLimit(t *testing.T, open func(*testing.T) (follow.Projector, Balances)) {
	projector, model := open(t)
	const entries = 10
	events := credited(Users[0], entries)
	ApplyBatches(t, projector, events, 50)
	for limit, want := range map[int]int{-1: 1, 0: 1, 1: 1, balances.MaxPage: entries, balances.MaxPage + 1: entries} {
		page, err := model.Entries(t.Context(), Users[0], 0, limit)
		if err != nil || len(page.Entries) != want {
			t.Errorf("limit %d: %d entries, want %d, error %v", limit, len(page.Entries), want, err)
		}
	}
	for before, want := range map[uint64]int{1: 0, 2: 1, uint64(entries): entries - 1, 1 << 60: entries} {
		page, err := model.Entries(t.Context(), Users[0], before, balances.MaxPage)
		if err != nil || len(page.Entries) != want {
			t.Errorf("before %d: %d entries, want %d, error %v", before, len(page.Entries), want, err)
		}
	}
}
