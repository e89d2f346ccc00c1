package simulate_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"daybook/cmd/internal/simulate"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/http/callback/coinbasev1"

	"pgregory.net/rapid"
)

func settings(t *rapid.T) simulate.Settings {
	share := rapid.Float64Range(0, 1)
	orders := rapid.IntRange(1, 400).Draw(t, "orders")
	return simulate.Settings{
		Seed: rapid.Uint64().Draw(t, "seed"), Run: rapid.String().Draw(t, "run"),
		Orders: orders, Users: rapid.IntRange(1, 20).Draw(t, "users"),
		Duplicates: share.Draw(t, "duplicates"), Reordered: share.Draw(t, "reordered"),
		Mispaid: share.Draw(t, "mispaid"), Contradicted: share.Draw(t, "contradicted"), Lost: share.Draw(t, "lost"),
	}
}

func newPlan(t interface{ Fatal(...any) }, s simulate.Settings) simulate.Plan {
	plan, err := simulate.NewPlan(s)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestExpectedIsWhatTheDomainMakesOfTheCallbacks folds the callbacks of a plan
// in a random order, as far as chains allow one, each as often as its answer is
// lost.
func TestExpectedIsWhatTheDomainMakesOfTheCallbacks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := newPlan(t, settings(t))
		chains := slices.Collect(plan.Chains())
		books := newBooks()
		for len(chains) > 0 {
			// Chains that are at most so far apart are sent at the same time.
			i := rapid.IntRange(0, min(len(chains)-1, 64)).Draw(t, "next")
			d := chains[i].Deliveries[0]
			for range len(d.Losses) + 1 {
				books.post(t, d)
			}
			if chains[i].Deliveries = chains[i].Deliveries[1:]; len(chains[i].Deliveries) == 0 {
				chains = slices.Delete(chains, i, i+1)
			}
		}
		for _, want := range plan.Expected(simulate.Complete) {
			got := books.users[want.User]
			for currency, r := range want.Has {
				if got := got[money.Currency(currency)]; got.Decimal() != r.String() {
					t.Errorf("%s has %s, not %s", want.User, got, r)
				}
			}
			if len(got) != len(want.Has) {
				t.Errorf("%s has %v, not %v", want.User, got, want.Has)
			}
			delete(books.users, want.User)
		}
		if len(books.users) > 0 {
			t.Errorf("the plan does not know of %v", books.users)
		}
	})
}

// books are the streams of orders and what their events post to users.
type books struct {
	orders map[order.ID]order.State
	users  map[string]map[money.Currency]money.Amount
	posted int
}

func newBooks() *books {
	return &books{orders: map[order.ID]order.State{}, users: map[string]map[money.Currency]money.Amount{}}
}

// post decides about a callback as the ledger does.
func (b *books) post(t *rapid.T, d simulate.Delivery) {
	message, err := coinbasev1.Parse(d.Body)
	if err != nil || message.Order == nil {
		t.Fatalf("%s\nis no order: %v", d.Body, err)
	}
	id, report := message.Order.ID, message.Order.Report
	report.Policy = order.Policy{Sufficient: []string{recorder.CoinbaseCallback}}
	report.EventID = func(index int) string { return fmt.Sprint(b.posted, index) }
	b.posted++
	events, err := order.Decide(b.orders[id], report)
	if err != nil {
		t.Fatal(err)
	}
	held := false
	for _, event := range events {
		_, isHeld := event.(order.PaymentHeld)
		held = held || isHeld
		b.orders[id] = order.Evolve(b.orders[id], event)
		entry, err := ledger.Post(event)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range entry.Lines {
			b.add(t, line)
		}
	}
	if len(events) > 0 && held != d.Held {
		t.Errorf("%s\nis held: %v, planned: %v", d.Body, held, d.Held)
	}
}

func (b *books) add(t *rapid.T, line ledger.Line) {
	user, ok := line.Account.User()
	if !ok {
		return
	}
	if b.users[user] == nil {
		b.users[user] = map[money.Currency]money.Amount{}
	}
	sum, err := b.users[user][line.Amount.Currency()].Add(line.Amount.Neg())
	if err != nil {
		t.Fatal(err)
	}
	b.users[user][line.Amount.Currency()] = sum
}

func TestTheSameSettingsMakeTheSamePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := settings(t)
		if one, two := transcript(newPlan(t, s)), transcript(newPlan(t, s)); one != two {
			t.Error("two plans of the same settings differ")
		}
	})
}

// transcript writes a plan down.
func transcript(p simulate.Plan) string {
	var b bytes.Buffer
	for c := range p.Chains() {
		fmt.Fprintf(&b, "%v\n", c.First)
		for _, d := range c.Deliveries {
			fmt.Fprintf(&b, "%d %s %v %v %v\n", d.Order, d.Body, d.Credits, d.Held, d.Losses)
		}
	}
	return b.String()
}

func TestAnotherRunHasTheSamePaymentsUnderOtherNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := settings(t)
		one := newPlan(t, s)
		s.Run += "'"
		two := newPlan(t, s)
		if a, b := one.Expected(simulate.Complete), two.Expected(simulate.Complete); !slices.EqualFunc(a, b, samePayments) {
			t.Errorf("the payments differ: %v and %v", a, b)
		}
		known := map[string]bool{}
		for d := range deliveries(one) {
			known[orderID(d)] = true
		}
		for d := range deliveries(two) {
			if known[orderID(d)] {
				t.Fatalf("both runs have order %s", orderID(d))
			}
		}
		if one.User(0) == two.User(0) {
			t.Errorf("both runs have user %s", one.User(0))
		}
	})
}

func samePayments(a, b simulate.Account) bool { return maps.Equal(a.Has, b.Has) }

func deliveries(p simulate.Script) func(func(simulate.Delivery) bool) {
	return func(yield func(simulate.Delivery) bool) {
		for c := range p.Chains() {
			for _, d := range c.Deliveries {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// orderID cuts the id out of a body.
func orderID(d simulate.Delivery) string {
	id, _, _ := bytes.Cut(bytes.TrimPrefix(d.Body, []byte(`{"order":{"id":"`)), []byte(`"`))
	return string(id)
}

func TestEveryOrderIsBegunOnceAndKnowsItsCredit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := newPlan(t, settings(t))
		first := map[int]int{}
		credits := map[int]bool{}
		for c := range plan.Chains() {
			for _, d := range c.Deliveries {
				if d.Credits {
					credits[d.Order] = true
				}
			}
			if c.First {
				first[c.Deliveries[0].Order]++
			}
		}
		for i := range plan.Settings().Orders {
			if first[i] != 1 {
				t.Errorf("order %d is begun %d times", i, first[i])
			}
			only := plan.Expected(func(order int) simulate.Standing {
				if order == i {
					return simulate.Acknowledged
				}
				return simulate.Untouched
			})
			if paid := slices.ContainsFunc(only, func(a simulate.Account) bool { return len(a.Has) > 0 }); paid != credits[i] {
				t.Errorf("order %d is paid: %v, and a callback credits it: %v", i, paid, credits[i])
			}
		}
	})
}

func TestSharesHaveTheirEffect(t *testing.T) {
	s := simulate.Settings{Seed: 7, Orders: 10_000, Users: 10}
	count := func(s simulate.Settings) (callbacks, held, lost, mispaid int) {
		for d := range deliveries(newPlan(t, s)) {
			callbacks++
			lost += len(d.Losses)
			if d.Held {
				held++
			}
			if bytes.Contains(d.Body, []byte(`"mispayment"`)) {
				mispaid++
			}
		}
		return
	}
	if callbacks, held, lost, mispaid := count(s); callbacks != 10_000 || held+lost+mispaid != 0 {
		t.Errorf("without shares there are %d callbacks, %d held, %d lost, %d mispaid", callbacks, held, lost, mispaid)
	}
	s.Duplicates, s.Reordered, s.Mispaid, s.Contradicted, s.Lost = 0.1, 0.1, 0.1, 0.1, 0.1
	callbacks, held, lost, mispaid := count(s)
	for name, n := range map[string]int{"held": held, "mispaid": mispaid, "lost": lost * 10_000 / callbacks} {
		if n < 900 || n > 1200 {
			t.Errorf("of 10000 there are %d %s", n, name)
		}
	}
	if callbacks < 14_000 || callbacks > 15_500 {
		t.Errorf("there are %d callbacks", callbacks)
	}
}

func TestSettingsWithoutSenseAreRefused(t *testing.T) {
	for name, s := range map[string]simulate.Settings{
		"no orders":          {Users: 1},
		"no users":           {Orders: 1},
		"too many users":     {Orders: 1, Users: simulate.MaxUsers + 1},
		"a share above one":  {Orders: 1, Users: 1, Lost: 1.5},
		"a share below zero": {Orders: 1, Users: 1, Mispaid: -0.1},
	} {
		if _, err := simulate.NewPlan(s); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
