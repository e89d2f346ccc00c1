package main_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// clients is how many post at once.
const clients = 16

// random returns a generator and prints its seed, with which DAYBOOK_E2E_SEED
// repeats a run as far as the order of requests decides it.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("DAYBOOK_E2E_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("DAYBOOK_E2E_SEED: %v", err)
		}
	}
	t.Logf("DAYBOOK_E2E_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// agreeing are callbacks about the same payments that contradict each other
// nowhere, some of them repeated. Names begin with a prefix.
func agreeing(prefix string) []string {
	p := func(name string) string { return prefix + name }
	bodies := []string{
		completedOrder(p("A1"), p("ann"), 1253),
		completedOrder(p("A2"), p("ann"), 1),
		completedOrder(p("B1"), p("bob"), 700),
		completedOrder(p("B2"), p("bob"), 30000),
		completedOrder(p("C1"), p("cid"), 99),
		orderStatus(p("A1"), p("ann"), "new"),
		orderStatus(p("A1"), p("ann"), "expired"),
		orderStatus(p("B2"), p("bob"), "canceled"),
		orderStatus(p("N1"), p("ann"), "new"),
		mispaidOrder(p("B1"), p("bob"), "completed", 250),
		mispaidOrder(p("B1"), p("bob"), "completed", 250, 300),
		mispaidOrder(p("X1"), p("cid"), "expired", 4000),
		mispaidOrder(p("C1"), p("cid"), "mispaid", 98),
		payout(p("P1"), "Pending"),
		payout(p("P1"), "Complete"),
		payout(p("P2"), "Complete"),
		deposit(bitcoinAddress(p("1")), p("h1"), "0.1"),
		deposit(bitcoinAddress(p("1")), p("h2"), "1.23456789"),
		deposit(bitcoinAddress(p("2")), p("h1"), "2"),
	}
	return append(bodies, bodies[0], bodies[0], bodies[0], bodies[4], bodies[6], bodies[9], bodies[10], bodies[11], bodies[14], bodies[16], bodies[18])
}

// agreed is what agreeing comes to.
var agreed = map[string]map[string]string{
	"ann": {"USD": "12.54", "BTC": "1.33456789"},
	"bob": {"USD": "307.00", "BTC": "2.00000000"},
	"cid": {"USD": "0.99"},
}

// TestAgreeingCallbacksComeToTheSameInAnyOrder posts the same callbacks in 200
// random orders from 16 clients at once, each round under names of its own.
func TestAgreeingCallbacksComeToTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	const rounds = 200
	s, r := start(t, options{}), random(t)
	var position uint64
	for round := range rounds {
		prefix := fmt.Sprintf("r%03d-", round)
		s.registerAddress(bitcoinAddress(prefix+"1"), prefix+"ann")
		s.registerAddress(bitcoinAddress(prefix+"2"), prefix+"bob")
		bodies := agreeing(prefix)
		r.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		outcomes := s.postEach(clients, bodies)
		for i, o := range outcomes {
			if o.Outcome != "recorded" && o.Outcome != "duplicate" {
				t.Errorf("%s\nis %s", bodies[i], o.Outcome)
			}
		}
		position = max(position, last(outcomes))
		for user, want := range agreed {
			if got := s.balances(prefix+user, position); !maps.Equal(got, want) {
				t.Errorf("in round %d %s has %v, not %v", round, user, got, want)
			}
		}
		s.checkAgreedOrders(prefix, position)
		if t.Failed() {
			t.FailNow()
		}
	}
	checkAgreedLog(t, replay(t, s.data), rounds)
}

func (s *server) checkAgreedOrders(prefix string, position uint64) {
	s.t.Helper()
	for id, want := range map[string]struct {
		status      string
		mispayments int
	}{
		"A1": {"paid", 0}, "B1": {"paid", 2}, "C1": {"paid", 1}, "N1": {"reported", 0}, "X1": {"mispaid", 1},
	} {
		o := s.order(prefix+id, position)
		if o.Status != want.status || len(o.Mispayments) != want.mispayments || len(o.Holds) != 0 {
			s.t.Errorf("order %s%s is %+v, not %+v", prefix, id, o, want)
		}
	}
}

// checkAgreedLog folds each round by itself: all accounts must be the same.
func checkAgreedLog(t *testing.T, events []replayed, rounds int) {
	t.Helper()
	byRound := map[string][]replayed{}
	for _, e := range events {
		category, name, _ := strings.Cut(strings.Replace(e.Stream, "coinbase.", "", 1), "-")
		if category == "address" {
			name = e.Data.User // the address is made of a digest
		}
		prefix, _, isOurs := strings.Cut(name, "-")
		if !isOurs {
			continue // the first event of the log
		}
		e.Data.User = strings.TrimPrefix(e.Data.User, prefix+"-")
		e.Data.Payment = strings.ReplaceAll(e.Data.Payment, prefix+"-", "")
		byRound[prefix] = append(byRound[prefix], e)
	}
	if len(byRound) != rounds {
		t.Fatalf("the log has %d rounds", len(byRound))
	}
	want := ""
	for prefix, events := range byRound {
		got := fold(t, events).String()
		if want == "" {
			want = got
			t.Logf("accounts of every round:\n%s", want)
		}
		if got != want {
			t.Errorf("the accounts of round %s are\n%s\nand those of another\n%s", prefix, got, want)
		}
		verified := count(events, "PaymentVerified")
		if len(verified) != 5 {
			t.Errorf("in round %s %d orders are verified", prefix, len(verified))
		}
		for stream, times := range verified {
			if times != 1 {
				t.Errorf("%s is verified %d times", stream, times)
			}
		}
	}
}

// TestDisagreeingCallbacksCreditOneAndHoldTheOthers posts contradicting claims
// about each order, each twice.
func TestDisagreeingCallbacksCreditOneAndHoldTheOthers(t *testing.T) {
	t.Parallel()
	const orders, perRound = 200, 20
	s, r := start(t, options{}), random(t)
	claims := func(id string) []string {
		return []string{
			completedOrder(id, id+"-ann", 1000),
			completedOrder(id, id+"-ann", 1001),
			completedOrder(id, id+"-bob", 1000),
			strings.Replace(completedOrder(id, id+"-ann", 1000), `1000,"currency_iso":"USD"`, `1000,"currency_iso":"EUR"`, 1),
		}
	}
	for first := 0; first < orders; first += perRound {
		var bodies []string
		for n := range perRound {
			id := fmt.Sprintf("D%03d", first+n)
			bodies = append(append(bodies, claims(id)...), claims(id)...)
		}
		r.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		position := last(s.postEach(clients, bodies))
		for n := range perRound {
			id := fmt.Sprintf("D%03d", first+n)
			o := s.order(id, position)
			if o.Status != "paid" || len(o.Payments) != 1 || len(o.Holds) != len(claims(id))-1 {
				t.Fatalf("order %s has %+v", id, o)
			}
			for _, hold := range o.Holds {
				if hold.Reason != "contradiction" {
					t.Errorf("order %s has a hold for %s", id, hold.Reason)
				}
			}
			s.checkOneClaim(id, position)
		}
	}
	events := replay(t, s.data)
	for stream, times := range count(events, "PaymentVerified") {
		if times != 1 {
			t.Errorf("%s is verified %d times", stream, times)
		}
	}
	s.checkBalances(fold(t, events), 0)
}

// checkOneClaim checks that the money credited for an order is one of those
// that were claimed, and the other claimants have nothing.
func (s *server) checkOneClaim(id string, position uint64) {
	s.t.Helper()
	ann, bob := s.balances(id+"-ann", position), s.balances(id+"-bob", position)
	credited := fmt.Sprint(ann, bob)
	switch credited {
	case "map[USD:10.00] map[]", "map[USD:10.01] map[]", "map[] map[USD:10.00]", "map[EUR:10.00] map[]":
	default:
		s.t.Errorf("for order %s is credited %s", id, credited)
	}
}
