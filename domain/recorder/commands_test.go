package recorder_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/recorder"
	"daybook/domain/review"
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

// decide makes a decision about one of the items, as a person may make it, or undoes one,
// or withdraws its refund.
func (b *book) decide(choose chooser) {
	if len(b.items) == 0 {
		return
	}
	item := one(choose, slices.Sorted(maps.Keys(b.items))...)
	switch choose(5) {
	case 0:
		b.reverse(item)
	case 1:
		b.withdraw(item)
	default:
		asked := review.Asked{Decision: one(choose, review.Credit, review.Credit, review.Complete, review.Dismiss, review.Refund)}
		if choose(2) == 0 && asked.Decision == review.Credit {
			asked.User = one(choose, users...)
		}
		b.decideItem(item, asked)
	}
}

// decideItem decides about an item. Where the amount is missing, the person says it.
func (b *book) decideItem(item string, asked review.Asked) (err error) {
	err = b.tryItem(item, asked)
	if errors.Is(err, review.ErrMissing) && asked.Amount == nil {
		asked.Amount = &dollars[0]
		if strings.HasPrefix(b.items[item], "address-") {
			asked.Amount = &bitcoins[0]
		}
		err = b.tryItem(item, asked)
	}
	if errors.Is(err, review.ErrMissing) && asked.User == "" {
		asked.User = "u1"
		err = b.tryItem(item, asked)
		if errors.Is(err, review.ErrImpossible) {
			asked.Amount = nil
			err = b.tryItem(item, asked)
		}
	}
	return err
}

func (b *book) tryItem(item string, asked review.Asked) error {
	stream := b.items[item]
	decide := review.Decide{Item: item, Asked: asked, By: "operator:alice", EventID: b.eventIDs()}
	posted := b.of(stream).Clone()
	switch category, id, _ := strings.Cut(stream, "-"); category {
	case order.Category:
		id := order.ID(id)
		decide.Round = b.orders[id].Items[item].Round
		claims := order.Claims{Book: posted}
		events, err := order.DecideReview(b.orders[id], order.DecideItem{Decide: decide, Claims: claims})
		if unclaimed := (order.Unclaimed{}); errors.As(err, &unclaimed) {
			claims.Transaction, claims.Book = unclaimed.Transaction, b.of(stream).Clone()
			events, err = order.DecideReview(b.orders[id], order.DecideItem{Decide: decide, Claims: claims})
		}
		b.appendOrder(id, events...)
		return err
	case deposit.Category:
		id := deposit.ID(id)
		decide.Round = b.deposits[id].Items[item].Round
		events, err := deposit.DecideReview(b.deposits[id], decide, posted)
		b.appendDeposit(id, events...)
		return err
	default:
		id := payout.ID(id)
		decide.Round = b.payouts[id].Items[item].Round
		events, err := payout.DecideReview(b.payouts[id], decide, posted)
		b.appendPayout(id, events...)
		return err
	}
}

func (b *book) reverse(item string) error {
	stream := b.items[item]
	reverse := review.Reverse{Item: item, By: "operator:bob", Note: "a mistake"}
	posted := b.of(stream).Clone()
	switch category, id, _ := strings.Cut(stream, "-"); category {
	case order.Category:
		id := order.ID(id)
		reverse.Round = b.orders[id].Items[item].Round
		events, err := order.DecideReverse(b.orders[id], order.ReverseItem{Reverse: reverse, Claims: order.Claims{Book: posted}})
		b.appendOrder(id, events...)
		return err
	case deposit.Category:
		id := deposit.ID(id)
		reverse.Round = b.deposits[id].Items[item].Round
		events, err := deposit.DecideReverse(b.deposits[id], reverse, posted)
		b.appendDeposit(id, events...)
		return err
	default:
		id := payout.ID(id)
		reverse.Round = b.payouts[id].Items[item].Round
		events, err := payout.DecideReverse(b.payouts[id], reverse, posted)
		b.appendPayout(id, events...)
		return err
	}
}

func (b *book) withdraw(item string) {
	stream := b.items[item]
	withdraw := review.Withdraw{Refund: item, By: "operator:bob"}
	switch category, id, _ := strings.Cut(stream, "-"); category {
	case order.Category:
		if events, err := order.DecideWithdraw(b.orders[order.ID(id)], withdraw); err == nil {
			b.appendOrder(order.ID(id), events...)
		}
	case deposit.Category:
		if events, err := deposit.DecideWithdraw(b.deposits[deposit.ID(id)], withdraw); err == nil {
			b.appendDeposit(deposit.ID(id), events...)
		}
	}
}

// settleAll decides about every open item, one after the other, and expects that nothing is
// in suspense afterwards. Each decision is undone once, which restores every account.
func (b *book) settleAll(choose chooser) {
	b.t.Helper()
	for _, item := range slices.Sorted(maps.Keys(b.items)) {
		b.withdraw(item)
	}
	for _, item := range slices.Sorted(maps.Keys(b.items)) {
		if !b.isOpen(item) {
			continue
		}
		verb := one(choose, review.Credit, review.Dismiss)
		before := b.sums()
		if err := b.decideItem(item, review.Asked{Decision: verb}); err != nil {
			verb = map[review.Verb]review.Verb{review.Credit: review.Dismiss, review.Dismiss: review.Credit}[verb]
			b.check(b.decideItem(item, review.Asked{Decision: verb}))
		}
		b.verify()
		after := b.sums()
		b.check(b.reverse(item))
		if got := b.sums(); !maps.Equal(got, before) {
			b.t.Fatalf("the reversal of %s of %s leaves %v, want %v", verb, item, got, before)
		}
		b.verify()
		b.check(b.decideItem(item, review.Asked{Decision: verb}))
		if got := b.sums(); !maps.Equal(got, after) {
			b.t.Fatalf("%s of %s again leaves %v, want %v", verb, item, got, after)
		}
	}
	for account, balance := range b.sums() {
		if strings.HasPrefix(account, suspense) {
			b.t.Fatalf("%s has %s when everything is decided", account, balance)
		}
	}
}

func (b *book) isOpen(item string) bool {
	switch category, id, _ := strings.Cut(b.items[item], "-"); category {
	case order.Category:
		return b.orders[order.ID(id)].Items[item].IsOpen()
	case deposit.Category:
		return b.deposits[deposit.ID(id)].Items[item].IsOpen()
	default:
		return b.payouts[payout.ID(id)].Items[item].IsOpen()
	}
}

// sums are the accounts that are not empty.
func (b *book) sums() map[string]string {
	sums := make(map[string]string)
	for account, balances := range b.balances {
		for currency, sum := range balances {
			if sum.Sign() != 0 {
				sums[string(account)+" "+string(currency)] = sum.Decimal()
			}
		}
	}
	return sums
}

func TestCommands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBook(t)
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }
		for range rapid.IntRange(1, 30).Draw(t, "commands") {
			b.command(choose)
			b.verify()
		}
		b.settleAll(choose)
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
		credited, waiting := make(map[string]map[money.Currency]money.Amount), 0
		for _, p := range b.payments {
			if !p.amount.IsZero() {
				add(b, credited, p.user, p.amount)
			}
			waiting += len(p.waiting)
		}
		if !reflect.DeepEqual(credited, want) {
			t.Fatalf("got %v, want %v", credited, want)
		}
		if waiting != 3 {
			t.Fatalf("%d wait, want the mispayments", waiting)
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
