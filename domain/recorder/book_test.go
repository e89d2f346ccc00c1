package recorder_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
)

const suspense = "liabilities:suspense:"

// book is a ledger in memory: the events of some streams, what they post, and
// the sums that must agree with that, made of the events alone.
type book struct {
	t        rapid.TB
	orders   map[order.ID]order.State
	deposits map[deposit.ID]deposit.State
	payouts  map[payout.ID]payout.State

	balances map[ledger.Account]map[money.Currency]money.Amount
	credited map[string]map[money.Currency]money.Amount // by user
	credits  map[ident.Payment]int                      // of a payment, contradictions apart
	holds    map[string]hold                            // open, by id
	open     map[ident.Payment]money.Amount             // mispayments
	mispaid  map[ident.Payment]string                   // the id of each
	appended int
}

type hold struct {
	payment.HeldReport
	order     order.ID // or
	deposit   deposit.ID
	payment   ident.Payment
	anonymous bool
}

func newBook(t rapid.TB) *book {
	return &book{
		t:        t,
		orders:   make(map[order.ID]order.State),
		deposits: make(map[deposit.ID]deposit.State),
		payouts:  make(map[payout.ID]payout.State),
		balances: make(map[ledger.Account]map[money.Currency]money.Amount),
		credited: make(map[string]map[money.Currency]money.Amount),
		credits:  make(map[ident.Payment]int),
		holds:    make(map[string]hold),
		open:     make(map[ident.Payment]money.Amount),
		mispaid:  make(map[ident.Payment]string),
	}
}

// eventIDs gives ids as the store's writer would: by what was written before.
func (b *book) eventIDs() func(int) string {
	first := b.appended
	return func(index int) string { return fmt.Sprintf("event-%d", first+index) }
}

func (b *book) reportOrder(id order.ID, report order.Report) {
	b.t.Helper()
	report.EventID = b.eventIDs()
	events, err := order.Decide(b.orders[id], report)
	b.check(err)
	b.appendOrder(id, events...)
}

func (b *book) appendOrder(id order.ID, events ...order.Event) {
	b.t.Helper()
	for _, event := range events {
		event = written(b, order.Codec, event)
		b.orders[id] = order.Evolve(b.orders[id], event)
		b.post(event)
		if e, ok := event.(order.PaymentHeld); ok {
			b.keep(hold{order: id, payment: e.Payment}, e.Hold, e.User, e.Amount, e.Reason, e.Arrived, e.Contradiction)
		}
	}
}

func (b *book) reportDeposit(id deposit.ID, report deposit.Report) {
	b.t.Helper()
	report.EventID = b.eventIDs()
	events, err := deposit.Decide(b.deposits[id], report)
	b.check(err)
	b.appendDeposit(id, events...)
}

func (b *book) appendDeposit(id deposit.ID, events ...deposit.Event) {
	b.t.Helper()
	for _, event := range events {
		event = written(b, deposit.Codec, event)
		b.deposits[id] = deposit.Evolve(b.deposits[id], event)
		b.post(event)
		if e, ok := event.(deposit.DepositHeld); ok {
			b.keep(hold{deposit: id, payment: e.Payment, anonymous: e.Payment == ""}, e.Hold, e.User, e.Amount, e.Reason, e.Arrived, e.Contradiction)
		}
	}
}

func (b *book) reportPayout(id payout.ID, report payout.Report) {
	b.t.Helper()
	report.EventID = b.eventIDs()
	events, err := payout.Decide(b.payouts[id], report)
	b.check(err)
	for _, event := range events {
		event = written(b, payout.Codec, event)
		b.payouts[id] = payout.Evolve(b.payouts[id], event)
		b.post(event)
	}
}

// written returns an event as it is read from the log.
func written[E codec.Event](b *book, c codec.Codec[E], event E) E {
	b.t.Helper()
	data, err := codec.Encode(event)
	b.check(err)
	read, err := c.Decode(event.EventType(), c.Schema(event.EventType()), data)
	b.check(err)
	return read
}

func (b *book) keep(h hold, id, user string, amount *money.Amount, reason payment.Reason, arrived, contradiction bool) {
	h.HeldReport = payment.HeldReport{ID: id, User: user, Reason: reason, Arrived: arrived, Contradiction: contradiction}
	if amount != nil {
		h.Amount = *amount
	}
	b.holds[id] = h
}

// post posts an event, and keeps account of it by its meaning.
func (b *book) post(event codec.Event) {
	b.t.Helper()
	b.appended++
	entry, err := ledger.Post(event)
	b.check(err)
	sums, err := entry.Sums()
	b.check(err)
	for _, sum := range sums {
		if sum.Sign() != 0 {
			b.t.Fatalf("%+v posts %v, which adds up to %v", event, entry, sum)
		}
	}
	for _, line := range entry.Lines {
		add(b, b.balances, line.Account, line.Amount)
	}
	switch e := event.(type) {
	case order.PaymentVerified:
		b.credit(e.Payment, e.User, e.Amount, e.Closes, false)
	case order.PaymentReleased:
		b.credit(e.Payment, e.User, e.Amount, e.Closes, e.Contradiction)
	case deposit.DepositVerified:
		b.credit(e.Payment, e.User, e.Amount, e.Closes, false)
	case deposit.DepositReleased:
		b.credit(e.Payment, e.User, e.Amount, e.Closes, e.Contradiction)
	case deposit.DepositDismissed:
		delete(b.holds, e.Hold)
	case order.PaymentMispaid:
		if _, twice := b.open[e.Payment]; twice || b.credits[e.Payment] > 0 {
			b.t.Fatalf("%s is mispaid twice", e.Payment)
		}
		b.open[e.Payment], b.mispaid[e.Payment] = e.Amount, e.Mispayment
		for id, h := range b.holds {
			if h.payment == e.Payment && !h.Contradiction {
				delete(b.holds, id)
			}
		}
	case order.MispaymentCredited:
		b.credit(e.Payment, e.User, e.Amount, nil, false)
		delete(b.open, e.Payment)
	case order.MispaymentDismissed:
		b.credits[e.Payment]++
		delete(b.open, e.Payment)
	case order.PaymentRefunded:
		add(b, b.credited, e.User, e.Amount.Neg())
	}
}

func (b *book) credit(p ident.Payment, user string, amount money.Amount, closes []payment.ClosedHold, difference bool) {
	add(b, b.credited, user, amount)
	if p != "" && !difference {
		b.credits[p]++
	}
	for _, closed := range closes {
		delete(b.holds, closed.Hold)
	}
}

func add[K comparable](b *book, to map[K]map[money.Currency]money.Amount, key K, amount money.Amount) {
	if to[key] == nil {
		to[key] = make(map[money.Currency]money.Amount)
	}
	sum, err := to[key][amount.Currency()].Add(amount)
	b.check(err)
	to[key][amount.Currency()] = sum
}

func (b *book) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%v", err)
	}
}

// verify checks what must hold after every event, whatever was reported.
func (b *book) verify() {
	b.t.Helper()
	for p, n := range b.credits {
		if n > 1 {
			b.t.Fatalf("%s was credited %d times", p, n)
		}
	}
	waiting := make(map[ledger.Account]money.Amount)
	for id, h := range b.holds {
		if h.Arrived {
			waiting[ledger.Account(suspense+id)] = h.Amount
		}
	}
	for p, amount := range b.open {
		waiting[ledger.Account(suspense+b.mispaid[p])] = amount
	}
	total := make(map[money.Currency]money.Amount)
	for account, balances := range b.balances {
		user, isUser := account.User()
		for currency, balance := range balances {
			sum, err := total[currency].Add(balance)
			b.check(err)
			total[currency] = sum
			owed := balance.Neg()
			switch {
			case isUser:
				b.same(string(account), owed, b.credited[user][currency])
			case strings.HasPrefix(string(account), suspense):
				want := waiting[account]
				if want.Currency() != currency {
					want = money.Zero(currency)
				}
				b.same(string(account), owed, want)
				if owed.Sign() < 0 {
					b.t.Fatalf("%s is negative: %v", account, owed)
				}
			}
		}
	}
	for account, amount := range waiting {
		b.same(string(account), b.balances[account][amount.Currency()].Neg(), amount)
	}
	for user, amounts := range b.credited {
		for currency, amount := range amounts {
			b.same(user, b.balances[ledger.UserAccount(user)][currency].Neg(), amount)
		}
	}
	for currency, sum := range total {
		b.same("the trial balance", sum, money.Zero(currency))
	}
}

func (b *book) same(what string, got, want money.Amount) {
	b.t.Helper()
	if got != want {
		b.t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
