package projectiontest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/balances"
	"daybook/projections/follow"
)

// Balances are the public reads of a model of balances.
type Balances interface {
	Balance(ctx context.Context, user string) (balances.Balance, error)
	Entries(ctx context.Context, user string, before uint64, limit int) (balances.Page, error)
}

// RunBalances runs the suite for a model of balances, and what is special to
// one. Open returns an empty model, as its runner and as its readers see it.
func RunBalances(t *testing.T, open func(t *testing.T) (follow.Projector, Balances)) {
	Run(t, func(t *testing.T) Subject {
		projector, model := open(t)
		return Subject{Projector: projector, Reads: balanceReads(model)}
	})
	for name, test := range map[string]func(*testing.T, func(*testing.T) (follow.Projector, Balances)){
		"an unknown user has nothing":                              testUnknownUser,
		"a balance is the sum of postings":                         testPostings,
		"pages at every limit have each entry once, newest first":  testPaging,
		"pages have each entry once while others are being added":  testPagingWhileAdding,
		"a limit is brought within its bounds":                     testLimit,
		"only what changes a user's balance changes its position ": testChanged,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

func balanceReads(model Balances) []Read {
	var reads []Read
	for _, user := range Users {
		reads = append(reads,
			func(ctx context.Context) (string, eventstore.Position, error) {
				balance, err := model.Balance(ctx, user)
				at := balance.Position
				balance.Position = 0
				return fmt.Sprintf("%+v", balance), at, err
			},
			func(ctx context.Context) (string, eventstore.Position, error) {
				page, err := model.Entries(ctx, user, 0, balances.MaxPage)
				at := page.Position
				page.Position = 0
				return fmt.Sprintf("%+v", page), at, err
			})
	}
	return reads
}

func testUnknownUser(t *testing.T, open func(*testing.T) (follow.Projector, Balances)) {
	projector, model := open(t)
	events := Sample(5)
	ApplyBatches(t, projector, events, 5)
	balance, err := model.Balance(t.Context(), "nobody")
	if err != nil || balance.User != "nobody" || len(balance.Currencies) != 0 || balance.Changed != 0 || balance.Position != events[4].Position {
		t.Errorf("balance %+v, error %v", balance, err)
	}
	page, err := model.Entries(t.Context(), "nobody", 0, 10)
	if err != nil || len(page.Entries) != 0 || page.Next != 0 || page.Position != events[4].Position {
		t.Errorf("entries %+v, error %v", page, err)
	}
}

// testPostings compares with a fold that has nothing in common with the
// model's but the postings.
func testPostings(t *testing.T, open func(*testing.T) (follow.Projector, Balances)) {
	rapid.Check(t, func(r *rapid.T) {
		events := History(60).Draw(r, "log")
		projector, model := open(t)
		ApplyBatches(t, projector, events, rapid.IntRange(1, len(events)).Draw(r, "batch"))
		for _, user := range Users {
			balance, err := model.Balance(t.Context(), user)
			if err != nil {
				r.Fatal(err)
			}
			if want := expect(r, events, user); fmt.Sprint(balance) != fmt.Sprint(want) {
				r.Fatalf("balance is\n%+v\nwant\n%+v", balance, want)
			}
			checkEntries(r, model, balance, events)
		}
	})
}

// checkEntries compares the entries with the balance that they lead to, and
// with the events that they come from.
func checkEntries(t rapid.TB, model Balances, balance balances.Balance, events []eventstore.Recorded) {
	t.Helper()
	page, err := model.Entries(context.Background(), balance.User, 0, balances.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	wanted := expectEntries(t, events, balance.User)
	if len(page.Entries) != len(wanted) {
		t.Fatalf("%d entries, want %d", len(page.Entries), len(wanted))
	}
	for i, entry := range slices.Backward(page.Entries) {
		if want := wanted[len(wanted)-1-i]; fmt.Sprint(entry) != fmt.Sprint(want) {
			t.Fatalf("entry is\n%+v\nwant\n%+v", entry, want)
		}
	}
	for _, currency := range balance.Currencies {
		sum := money.Zero(currency.Currency)
		for _, entry := range page.Entries {
			if entry.Amount.Currency() != currency.Currency {
				continue
			}
			if sum, err = sum.Add(entry.Amount); err != nil {
				t.Fatal(err)
			}
		}
		if sum != currency.Available {
			t.Fatalf("available is %s, the entries add up to %s", currency.Available, sum)
		}
	}
}

func testChanged(t *testing.T, open func(*testing.T) (follow.Projector, Balances)) {
	projector, model := open(t)
	s := Subject{Projector: projector}
	before := make(map[string]balances.Balance)
	for _, event := range Sample(sampleLength) {
		ApplyBatches(t, s.Projector, []eventstore.Recorded{event}, 1)
		for _, user := range Users {
			balance, err := model.Balance(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			changed := fmt.Sprint(balance.Currencies) != fmt.Sprint(before[user].Currencies)
			if changed != (balance.Changed == event.Position) {
				t.Errorf("%s at %s: changed is %v, the position of the last change %s", event.Type, event.Position, changed, balance.Changed)
			}
			before[user] = balance
		}
	}
}
