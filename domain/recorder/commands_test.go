package recorder_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/recorder"
)

// chooser chooses a number below n.
type chooser func(n int) int

func one[T any](choose chooser, of ...T) T { return of[choose(len(of))] }

func amount(currency money.Currency, decimal string) money.Amount {
	a, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return a
}

var (
	dollars  = []money.Amount{amount("USD", "10.00"), amount("USD", "10.00"), amount("USD", "11.50"), amount("EUR", "10.00"), amount("USD", "0.00"), amount("USD", "-1.00"), {}}
	bitcoins = []money.Amount{amount("BTC", "1.00000000"), amount("BTC", "1.00000000"), amount("BTC", "0.00000001"), amount("BTC", "-1.00000000"), {}}
	methods  = []string{recorder.CoinbaseCallback, recorder.CoinbaseCallback, "website"}
	users    = []string{"u1", "u1", "u2"}
)

// command does one thing to the book that the world may do at any time.
func (b *book) command(choose chooser) {
	switch choose(10) {
	case 0, 1, 2, 3:
		id := one(choose, order.NewID("coinbase", "A"), order.NewID("coinbase", "B"))
		b.reportOrder(id, orderReport(choose, id))
	case 4:
		id := one(choose, order.NewID("coinbase", "A"), order.NewID("coinbase", "B"))
		if !b.orders[id].Registered {
			b.appendOrder(id, order.OrderRegistered{Terms: order.Terms{User: one(choose, users...), Amount: amount("USD", "0.01"), For: order.ForBalance}})
		}
	case 5, 6:
		b.reportDeposit(deposit.NewID("1AmB4b"), depositReport(choose))
	case 7:
		id := deposit.NewID("1AmB4b")
		events, err := deposit.DecideRegister(b.deposits[id], deposit.Register{
			User: "u1", Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "received"}, Sufficient: []string{recorder.CoinbaseCallback},
		})
		b.check(err)
		b.appendDeposit(id, events...)
	case 8:
		b.reportPayout(payout.NewID("P"), payoutReport(choose))
	case 9:
		b.decide(choose)
	}
}

func orderReport(choose chooser, id order.ID) order.Report {
	own := ident.NewPayment("coinbase", "order", string(id))
	report := order.Report{Payment: own, Policy: order.Policy{Sufficient: []string{recorder.CoinbaseCallback}, HoldUnregistered: choose(8) == 0}}
	switch choose(4) {
	case 0:
		report.Status = one(choose, "new", "expired", "failed", "whatever")
	case 1:
		for i := range choose(3) + 1 {
			m := order.Mispayment{Amount: one(choose, dollars...), Custom: "u1", Digest: string(rune('a' + i))}
			if choose(5) > 0 {
				m.Payment = ident.NewPayment("coinbase", "mispayment", string(id), one(choose, "1", "2"))
			}
			if choose(5) == 0 {
				m.Missing, m.Amount = true, money.Amount{}
			}
			report.Mispayments = append(report.Mispayments, m)
		}
	default:
		claim := order.Claim{Amount: one(choose, dollars...), Evidence: payment.Evidence{Method: one(choose, methods...), Status: "completed"}}
		switch choose(5) {
		case 0:
			claim.CustomFault = payment.NoUser
		case 1:
			claim.CustomFault = payment.UnusableUser
		default:
			claim.Custom = one(choose, users...)
		}
		if choose(6) == 0 {
			claim.Doubt = payment.StatusDisagrees
		}
		report.Paid = &claim
	}
	return report
}

func depositReport(choose chooser) deposit.Report {
	report := deposit.Report{
		Digest: one(choose, "d1", "d2"), Amount: one(choose, bitcoins...),
		Evidence:   payment.Evidence{Method: one(choose, methods...), Status: "received"},
		Sufficient: []string{recorder.CoinbaseCallback},
	}
	if choose(3) > 0 {
		report.Payment = ident.NewPayment("coinbase", "address", "1AmB4b", one(choose, "h1", "h2"))
	}
	return report
}

func payoutReport(choose chooser) payout.Report {
	report := payout.Report{Payment: "coinbase/payout/P", Progress: payout.Progress(choose(3)), Digest: one(choose, "d1", "d2")}
	if choose(4) > 0 {
		report.Facts = &payout.Facts{Subtotal: one(choose, dollars...), Total: one(choose, dollars...), FeeOwn: one(choose, dollars...).Optional(), Bitcoin: one(choose, bitcoins...).Optional()}
	}
	return report
}

// decide makes a person's decision, as a person may make it.
func (b *book) decide(choose chooser) {
	switch choose(4) {
	case 0:
		if len(b.open) == 0 {
			return
		}
		p := one(choose, slices.Sorted(maps.Keys(b.open))...)
		id := order.NewID("coinbase", "A")
		b.appendOrder(id, one[order.Event](choose,
			order.MispaymentCredited{Mispayment: b.mispaid[p], Payment: p, User: "u2", Amount: b.open[p]},
			order.MispaymentDismissed{Mispayment: b.mispaid[p], Payment: p, Amount: b.open[p]}))
	case 1:
		id := order.NewID("coinbase", "A")
		own := ident.NewPayment("coinbase", "order", string(id))
		if s := b.orders[id].Payments.Of(string(own)); s.Received && !s.Verified && !s.Refuted {
			b.appendOrder(id, order.PaymentRefuted{Payment: own, User: s.User, Amount: s.Amount})
		} else if s.Verified {
			b.appendOrder(id, order.PaymentRefunded{Payment: own, User: s.User, Amount: s.Amount})
		}
	default:
		if len(b.holds) > 0 {
			b.settle(choose, b.holds[one(choose, slices.Sorted(maps.Keys(b.holds))...)])
		}
	}
}

// settle releases or dismisses a hold. A hold of a payment that was credited
// is released with the difference.
func (b *book) settle(choose chooser, h hold) {
	amount := h.Amount
	if !payment.Readable(amount) {
		amount = dollars[0]
	}
	standing := b.orders[h.order].Payments.Of(string(h.payment))
	if h.deposit != "" {
		standing = b.deposits[h.deposit].Payments.Of(string(h.payment))
	}
	closes := []payment.ClosedHold{{Hold: h.ID}}
	switch {
	case h.anonymous && h.Arrived:
		closes[0].Amount = &amount
	case h.anonymous:
	case standing.Verified:
		if amount.Currency() != standing.Amount.Currency() {
			return
		}
		difference, err := amount.Sub(standing.Amount)
		b.check(err)
		amount = difference
	default:
		var open []payment.HeldReport
		for _, other := range standing.Holds {
			if !other.Closed && (!other.Contradiction || other.ID == h.ID) {
				open = append(open, other)
			}
		}
		closes = payment.Closed(open)
	}
	switch {
	case h.deposit != "" && choose(3) == 0:
		dismissed := deposit.DepositDismissed{Hold: h.ID, Payment: h.payment}
		if h.Arrived {
			dismissed.Amount = h.Amount.Optional()
		}
		b.appendDeposit(h.deposit, dismissed)
	case h.deposit != "":
		b.appendDeposit(h.deposit, deposit.DepositReleased{Hold: h.ID, Payment: h.payment, User: "u1", Amount: amount, Contradiction: standing.Verified, Closes: closes})
	case h.payment != "":
		b.appendOrder(h.order, order.PaymentReleased{Hold: h.ID, Payment: h.payment, User: "u1", Amount: amount, Contradiction: standing.Verified, Closes: closes})
	}
}

func TestCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBook(t)
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			b.command(choose)
			b.verify()
		}
	})
}

func FuzzCommands(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 1, 2, 0, 0, 3, 0, 0, 0, 1, 1, 1, 9, 3, 0})
	f.Add([]byte{5, 0, 0, 0, 1, 0, 7, 0, 5, 0, 0, 0, 1, 0, 9, 2, 0, 1})
	f.Add([]byte{0, 1, 1, 1, 2, 0, 1, 1, 0, 1, 1, 9, 0, 0, 0, 8, 2, 0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		b := newBook(t)
		choose := func(n int) int {
			if len(data) == 0 {
				return 0
			}
			next := int(data[0]) % n
			data = data[1:]
			return next
		}
		for len(data) > 0 {
			b.command(choose)
			b.verify()
		}
	})
}

func TestAgreeingReportsGiveTheSameBalancesInAnyOrder(t *testing.T) {
	want := map[string]map[money.Currency]money.Amount{
		"u1": {"USD": amount("USD", "21.50"), "BTC": amount("BTC", "1.00000001")},
		"u2": {"USD": amount("USD", "10.00")},
	}
	completed := func(id order.ID, user, decimal string) func(*book) {
		claim := order.Claim{Custom: user, Amount: amount("USD", decimal), Evidence: payment.Evidence{Method: recorder.CoinbaseCallback}}
		if user == "" {
			claim.CustomFault = payment.NoUser
		}
		return paidReport(id, claim)
	}
	inDoubt := func(id order.ID, user, decimal string) func(*book) {
		return paidReport(id, order.Claim{Custom: user, Amount: amount("USD", decimal), Doubt: payment.UnknownEvent})
	}
	status := func(id order.ID, word string) func(*book) {
		return func(b *book) { b.reportOrder(id, order.Report{Status: word}) }
	}
	mispaid := func(id order.ID, of ...string) func(*book) {
		var mispayments []order.Mispayment
		for _, m := range of {
			mispayments = append(mispayments, order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", m), Amount: amount("USD", "3.00")})
		}
		return func(b *book) { b.reportOrder(id, order.Report{Mispayments: mispayments}) }
	}
	received := func(hash, decimal string) func(*book) {
		return func(b *book) {
			b.reportDeposit("1AmB4b", deposit.Report{
				Payment: ident.NewPayment("coinbase", "address", "1AmB4b", hash), Amount: amount("BTC", decimal),
				Evidence: payment.Evidence{Method: recorder.CoinbaseCallback}, Sufficient: []string{recorder.CoinbaseCallback},
			})
		}
	}
	reports := []func(*book){
		completed("coinbase.A", "u1", "10.00"), completed("coinbase.A", "", "10.00"), inDoubt("coinbase.A", "u1", "10.00"), status("coinbase.A", "new"), status("coinbase.A", "failed"),
		completed("coinbase.B", "u1", "11.50"), status("coinbase.B", "expired"), mispaid("coinbase.B", "1"), mispaid("coinbase.B", "1", "2"),
		completed("coinbase.C", "u2", "10.00"), completed("coinbase.C", "", "10.00"), mispaid("coinbase.C", "3"),
		received("h1", "1.00000000"), received("h2", "0.00000001"),
	}
	rapid.Check(t, func(t *rapid.T) {
		b := newBook(t)
		b.appendDeposit("1AmB4b", deposit.AddressRegistered{User: "u1"})
		times := make([]int, 0, 2*len(reports))
		for i := range reports {
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				times = append(times, i)
			}
		}
		for _, i := range rapid.Permutation(times).Draw(t, "order") {
			reports[i](b)
			b.verify()
		}
		if !reflect.DeepEqual(b.credited, want) {
			t.Fatalf("got %v, want %v", b.credited, want)
		}
		if len(b.holds) > 0 || len(b.open) != 3 {
			t.Fatalf("open are %v and %v", b.holds, b.open)
		}
	})
}

func paidReport(id order.ID, claim order.Claim) func(*book) {
	report := order.Report{
		Payment: ident.NewPayment("coinbase", "order", string(id)), Paid: &claim,
		Policy: order.Policy{Sufficient: []string{recorder.CoinbaseCallback}},
	}
	return func(b *book) { b.reportOrder(id, report) }
}
