package recorder_test

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/review"
)

const suspense = "liabilities:suspense:"

// book is a ledger in memory: the events of some streams, what they post, and
// the sums that must agree with that, made of the events alone.
type book struct {
	t        rapid.TB
	orders   map[order.ID]order.State
	deposits map[deposit.ID]deposit.State
	payouts  map[payout.ID]payout.State
	posted   map[string]*ledger.Posted // by stream

	balances map[ledger.Account]map[money.Currency]money.Amount
	payments map[string]*told  // by payment, or by item where that has none
	items    map[string]string // the stream of each item
	undone   map[string]told   // what a decision has changed, by its id
	keys     map[string]string // the payment of a decision, by its id
	appended int
}

// told is who has a payment.
type told struct {
	user    string
	amount  money.Amount            // of the user; the zero value if nobody has it
	waiting map[string]money.Amount // in suspense, by item
	credits int
}

func newBook(t rapid.TB) *book {
	return &book{
		t:        t,
		orders:   make(map[order.ID]order.State),
		deposits: make(map[deposit.ID]deposit.State),
		payouts:  make(map[payout.ID]payout.State),
		posted:   make(map[string]*ledger.Posted),
		balances: make(map[ledger.Account]map[money.Currency]money.Amount),
		payments: make(map[string]*told),
		items:    make(map[string]string),
		undone:   make(map[string]told),
		keys:     make(map[string]string),
	}
}

// of returns what stands posted in a stream.
func (b *book) of(stream string) *ledger.Posted {
	if b.posted[stream] == nil {
		b.posted[stream] = new(ledger.Posted)
	}
	return b.posted[stream]
}

// payment returns who has a payment.
func (b *book) payment(identity ident.Payment, item string) *told {
	key := string(identity)
	if key == "" {
		key = item
	}
	if b.payments[key] == nil {
		b.payments[key] = &told{waiting: make(map[string]money.Amount)}
	}
	return b.payments[key]
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
		b.post(id.Stream(), event)
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
		b.post(id.Stream(), event)
	}
}

func (b *book) reportPayout(id payout.ID, report payout.Report) {
	b.t.Helper()
	report.EventID = b.eventIDs()
	events, err := payout.Decide(b.payouts[id], report)
	b.check(err)
	b.appendPayout(id, events...)
}

func (b *book) appendPayout(id payout.ID, events ...payout.Event) {
	b.t.Helper()
	for _, event := range events {
		event = written(b, payout.Codec, event)
		b.payouts[id] = payout.Evolve(b.payouts[id], event)
		if held, is := event.(payout.PayoutHeld); is {
			b.items[held.Hold] = id.Stream()
		}
		b.post(id.Stream(), event)
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

// post posts an event, and keeps account of it by its meaning.
func (b *book) post(stream string, event codec.Event) {
	b.t.Helper()
	b.appended++
	b.check(b.of(stream).Put(event))
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
	case order.PaymentHeld:
		b.wait(stream, e.Payment, e.Hold, e.Arrived, e.Amount)
	case deposit.DepositHeld:
		b.wait(stream, e.Payment, e.Hold, e.Arrived, e.Amount)
	case order.PaymentMispaid:
		p := b.payment(e.Payment, "")
		if p.credits++; p.credits > 1 {
			b.t.Fatalf("%s is mispaid after it was credited", e.Payment)
		}
		clear(p.waiting)
		b.wait(stream, e.Payment, e.Mispayment, true, &e.Amount)
	case order.PaymentVerified:
		b.credit(e.Payment, e.User, e.Amount)
	case deposit.DepositVerified:
		b.credit(e.Payment, e.User, e.Amount)
	case order.PaymentReleased:
		b.decided(e.Decision, e.User, e.Amount)
	case order.MispaymentCredited:
		b.decided(e.Decision, e.User, e.Amount)
	case deposit.DepositReleased:
		b.decided(e.Decision, e.User, e.Amount)
	case order.PaymentDismissed:
		b.dismissed(e.Decision)
	case order.MispaymentDismissed:
		b.dismissed(e.Decision)
	case deposit.DepositDismissed:
		b.dismissed(e.Decision)
	case order.DecisionReversed:
		b.restore(e.Reverses)
	case deposit.DecisionReversed:
		b.restore(e.Reverses)
	}
}

func (b *book) wait(stream string, identity ident.Payment, item string, hasArrived bool, amount *money.Amount) {
	b.items[item] = stream
	if hasArrived {
		b.payment(identity, item).waiting[item] = *amount
	}
}

func (b *book) credit(identity ident.Payment, user string, amount money.Amount) {
	p := b.payment(identity, "")
	if p.credits++; p.credits > 1 {
		b.t.Fatalf("%s was credited twice", identity)
	}
	p.user, p.amount = user, amount
	clear(p.waiting)
}

// decided gives a payment to a user, whoever had it before.
func (b *book) decided(d review.Decision, user string, amount money.Amount) {
	p := b.remember(d)
	p.user, p.amount, p.credits = user, amount, 1
	clear(p.waiting)
}

func (b *book) dismissed(d review.Decision) {
	if len(d.Takes) == 0 {
		return // nobody has less or more
	}
	p := b.remember(d)
	p.user, p.amount = "", money.Amount{}
	clear(p.waiting)
}

func (b *book) remember(d review.Decision) *told {
	p := b.payment(d.Payment, d.Item)
	before := *p
	before.waiting = maps.Clone(p.waiting)
	b.undone[d.ID] = before
	b.keys[d.ID] = cmp.Or(string(d.Payment), d.Item)
	return p
}

// restore puts back who had a payment before a decision that has posted.
func (b *book) restore(decision string) {
	before, posted := b.undone[decision]
	if posted {
		*b.payments[b.keys[decision]] = before
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
	want := make(map[ledger.Account]map[money.Currency]money.Amount)
	for _, p := range b.payments {
		if !p.amount.IsZero() {
			add(b, want, ledger.UserAccount(p.user), p.amount.Neg())
		}
		for item, amount := range p.waiting {
			add(b, want, ledger.Account(suspense+item), amount.Neg())
		}
	}
	total := make(map[money.Currency]money.Amount)
	for account, balances := range b.balances {
		_, isUser := account.User()
		for currency, balance := range balances {
			sum, err := total[currency].Add(balance)
			b.check(err)
			total[currency] = sum
			if isUser || strings.HasPrefix(string(account), suspense) {
				expected := want[account][currency]
				if expected.IsZero() {
					expected = money.Zero(currency)
				}
				b.same(string(account), balance, expected)
			}
		}
	}
	for account, amounts := range want {
		for currency, amount := range amounts {
			if amount.Sign() != 0 {
				b.same(string(account), b.balances[account][currency], amount)
			}
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
