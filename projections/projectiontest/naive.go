package projectiontest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/balances"
)

// amounts are sums by currency.
type amounts map[money.Currency]money.Amount

func (a amounts) add(t rapid.TB, amount money.Amount) {
	sum, err := a[amount.Currency()].Add(amount)
	if err != nil {
		t.Fatal(err)
	}
	a[amount.Currency()] = sum
}

// expect folds a log for one user: the lines of his account, and the payments
// of his that are received and neither verified nor refuted.
func expect(r *rapid.T, events []eventstore.Recorded, user string) balances.Balance {
	balance := balances.Balance{User: user, Currencies: []balances.Currency{}}
	owed := make(amounts)
	waiting := make(map[ident.Payment]money.Amount)
	for _, recorded := range events {
		balance.Position = recorded.Position
		event, err := ledger.Decode(recorded)
		if err != nil {
			r.Fatal(err)
		}
		switch e := event.(type) {
		case order.PaymentReceived:
			if e.User == user && !e.Sale {
				waiting[e.Payment] = e.Amount
				balance.Changed = recorded.Position
				owed.add(r, money.Zero(e.Amount.Currency()))
			}
		case deposit.DepositReceived:
			if e.User == user {
				waiting[e.Payment] = e.Amount
				balance.Changed = recorded.Position
				owed.add(r, money.Zero(e.Amount.Currency()))
			}
		case order.PaymentVerified:
			delete(waiting, e.Payment)
			if e.User == user && e.Received != nil {
				balance.Changed = recorded.Position
			}
		case order.PaymentMispaid:
			delete(waiting, e.Payment)
			if e.User == user && e.Received != nil {
				balance.Changed = recorded.Position
			}
		case deposit.DepositVerified:
			delete(waiting, e.Payment)
		case order.PaymentRefuted:
			if e.User == user && !e.Sale {
				delete(waiting, e.Payment)
				balance.Changed = recorded.Position
			}
		}
		for _, amount := range credits(recorded, user) {
			owed.add(r, amount)
			balance.Changed = recorded.Position
		}
	}
	pending := make(amounts)
	for _, amount := range waiting {
		pending.add(r, amount)
	}
	for currency, available := range owed {
		c := balances.Currency{Currency: currency, Available: available, Pending: pending[currency]}
		if c.Pending.IsZero() {
			c.Pending = money.Zero(currency)
		}
		balance.Currencies = append(balance.Currencies, c)
	}
	slices.SortFunc(balance.Currencies, func(a, b balances.Currency) int {
		return strings.Compare(string(a.Currency), string(b.Currency))
	})
	return balance
}

// expectEntries folds a log for the entries of one user, oldest first. Which
// payment an event is about, when it happened, and who has decided it, it reads from the
// data.
func expectEntries(t rapid.TB, events []eventstore.Recorded, user string) []balances.Entry {
	t.Helper()
	var entries []balances.Entry
	running := make(amounts)
	for _, recorded := range events {
		var about struct {
			Payment    ident.Payment `json:"payment"`
			OccurredAt time.Time     `json:"occurredAt"`
			By         string        `json:"by"`
			Note       string        `json:"note"`
			Asked      struct {
				Note string `json:"note"`
			} `json:"asked"`
		}
		if err := json.Unmarshal(recorded.Data, &about); err != nil {
			t.Fatal(err)
		}
		for _, amount := range credits(recorded, user) {
			running.add(t, amount)
			entries = append(entries, balances.Entry{
				Number: uint64(len(entries) + 1), Position: recorded.Position, Stream: recorded.Stream, Type: recorded.Type,
				Payment: about.Payment, Amount: amount, Balance: running[amount.Currency()],
				OccurredAt: about.OccurredAt, RecordedAt: recorded.RecordedAt,
				By: about.By, Note: cmp.Or(about.Asked.Note, about.Note),
			})
		}
	}
	return entries
}

// credits returns what an event posts to a user's account.
func credits(recorded eventstore.Recorded, user string) []money.Amount {
	event, err := ledger.Decode(recorded)
	if err != nil {
		panic(err) // a fault of the suite
	}
	entry, err := ledger.Post(event)
	if err != nil {
		panic(err)
	}
	var amounts []money.Amount
	for _, line := range entry.Lines {
		if line.Account == ledger.UserAccount(user) {
			amounts = append(amounts, line.Amount.Neg())
		}
	}
	return amounts
}
