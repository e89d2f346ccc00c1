package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

const users = 8

func user(n int) string { return fmt.Sprintf("user%d", n) }

// randomOrder is an order with what its callback says.
type randomOrder struct {
	id    string
	user  string
	cents int
	body  string
}

func (o randomOrder) stream() string { return "order-coinbase." + o.id }

// randomOrders makes paid orders of a few users. Some rounds have large
// callbacks, so that the write-ahead log is checkpointed during the load.
func randomOrders(r *rand.Rand, prefix string) []randomOrder {
	padding := 0
	if r.IntN(4) == 0 {
		padding = 40_000
	}
	orders := make([]randomOrder, 250)
	for i := range orders {
		o := randomOrder{id: fmt.Sprint(prefix, i), user: user(r.IntN(users)), cents: 1 + r.IntN(100_000)}
		o.body = completedOrder(o.id, o.user, o.cents) + strings.Repeat(" ", r.IntN(padding+1))
		orders[i] = o
	}
	return orders
}

func bodies(orders []randomOrder) []string {
	var bodies []string
	for _, o := range orders {
		bodies = append(bodies, o.body)
	}
	return bodies
}

// promises are what those who post callbacks to one log know of it: what they
// sent, and where a 200 said that it stands.
type promises struct {
	sent   map[string]randomOrder // by stream
	places map[string]outcome     // of those that were acknowledged
}

func newPromises(orders []randomOrder) *promises {
	p := &promises{sent: map[string]randomOrder{}, places: map[string]outcome{}}
	p.send(orders)
	return p
}

func (p *promises) send(orders []randomOrder) {
	for _, o := range orders {
		p.sent[o.stream()] = o
	}
}

func (p *promises) clone() *promises {
	return &promises{sent: maps.Clone(p.sent), places: maps.Clone(p.places)}
}

// hear takes answers to what was sent. Each 200 to one callback names the same
// place.
func (p *promises) hear(t *testing.T, answers ...outcome) {
	t.Helper()
	for _, o := range answers {
		_, isSent := p.sent[o.Stream]
		if !isSent || o.Revision == nil || o.Outcome != "recorded" && o.Outcome != "duplicate" {
			t.Errorf("a callback that was sent is answered %+v", o)
			continue
		}
		if before, isKnown := p.places[o.Stream]; isKnown && (o.Position != before.Position || *o.Revision != *before.Revision) {
			t.Errorf("%+v is answered as %+v another time", before, o)
		}
		p.places[o.Stream] = o
	}
}

// hearAll takes those of some deliveries that were acknowledged.
func (p *promises) hearAll(t *testing.T, deliveries []delivery) *promises {
	t.Helper()
	for _, d := range deliveries {
		if d.err == nil && d.status == 200 {
			p.hear(t, client{test: t}.outcome(d.answer))
		}
	}
	return p
}

// faults compares a log with what is known of it, and says what is missing, is
// there twice, or was never sent.
func (p *promises) faults(events []replayed) []string {
	var faults []string
	fault := func(format string, arguments ...any) { faults = append(faults, fmt.Sprintf(format, arguments...)) }
	verified, kept, byPosition := count(events, "PaymentVerified"), map[string]bool{}, map[string]replayed{}
	for _, e := range events {
		byPosition[e.Position] = e
		o, isSent := p.sent[e.Stream]
		switch {
		case e.Stream == "daybook-log":
		case !isSent:
			fault("%s was never sent, and is at position %s", e.Stream, e.Position)
		case e.Type == "PaymentVerified" && (e.Data.User != o.user || e.Data.Amount == nil || *e.Data.Amount != amount{"USD", dollars(o.cents)}):
			fault("%s credits %+v", e.Stream, e.Data)
		}
		if evidence := e.Metadata.Evidence; isSent && evidence != nil && evidence.Body != nil {
			kept[e.Stream] = true
			if string(evidence.Body) != o.body {
				fault("%s keeps other bytes than were sent", e.Stream)
			}
		}
	}
	for stream := range p.sent {
		at, isKnown := p.places[stream]
		if verified[stream] > 1 || isKnown && (verified[stream] != 1 || !kept[stream]) {
			fault("%s is verified %d times; acknowledged: %t, its bytes are kept: %t", stream, verified[stream], isKnown, kept[stream])
		}
		if e := byPosition[at.Position]; isKnown && (e.Stream != stream || e.Revision != *at.Revision) {
			fault("%+v was acknowledged, and at that position is %s@%d", at, e.Stream, e.Revision)
		}
	}
	return faults
}

// check fails the test if a log is not what is known of it.
func (p *promises) check(t *testing.T, events []replayed) {
	t.Helper()
	faults := p.faults(events)
	for _, fault := range faults[:min(10, len(faults))] {
		t.Error(fault)
	}
	if more := len(faults) - 10; more > 0 {
		t.Errorf("and %d more", more)
	}
}

// complete posts callbacks again, which makes each of them exactly once.
func (s *server) complete(p *promises, orders []randomOrder) {
	s.t.Helper()
	for _, o := range s.postEach(clients, bodies(orders)) {
		if before, isKnown := p.places[o.Stream]; isKnown && o.Outcome != "duplicate" {
			s.t.Errorf("%+v is answered as %+v after that", before, o)
		}
		p.hear(s.t, o)
	}
}

// checkPaid reads what every user and every order has, all callbacks being
// acknowledged.
func (s *server) checkPaid(p *promises) {
	s.t.Helper()
	var places []outcome
	owed := map[string]int{}
	for stream, o := range p.sent {
		owed[o.user] += o.cents
		places = append(places, p.places[stream])
	}
	end := last(places)
	for user, cents := range owed {
		if got := parseBalances(s.t, s.read("/balances/"+user, end)); got["USD"] != dollars(cents) {
			s.t.Errorf("%s has %s, not %s", user, got["USD"], dollars(cents))
		}
	}
	for _, o := range p.sent {
		var has order
		text := s.read("/orders/coinbase."+o.id, end)
		if err := json.Unmarshal([]byte(text), &has); err != nil || has.Status != "paid" || len(has.Payments) != 1 || has.Payments[0].User != o.user || len(has.Holds) != 0 {
			s.t.Errorf("the order %s of %s is %s", o.id, o.user, text)
		}
	}
}

// read asks a read model, which may have to come to a position first, or be
// filled again. Its first answer counts.
func (s *server) read(path string, position uint64) string {
	s.t.Helper()
	path = fmt.Sprintf("%s?min_position=%d", path, position)
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		a := s.request("GET", path, websiteSecret, "")
		if a.status != 503 || time.Now().After(deadline) {
			return a.body
		}
	}
}

func dollars(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// TestAPaymentThatWasNeverRecordedIsMissed shows that the proofs by kills and
// losses of power prove something: told of payments that the log does not have,
// or has otherwise, they say so.
func TestAPaymentThatWasNeverRecordedIsMissed(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	orders := randomOrders(random(t), "")[:20]
	p := newPromises(orders)
	s.complete(p, orders)
	s.checkPaid(p)
	events := replay(t, s.data)
	p.check(t, events)
	if t.Failed() {
		return
	}
	first := orders[0].stream()
	for name, change := range map[string]func(p *promises){
		"never recorded": func(p *promises) {
			never := randomOrder{id: "NEVER", user: "user0", cents: 1}
			p.send([]randomOrder{never})
			p.places[never.stream()] = p.places[first]
		},
		"elsewhere":    func(p *promises) { p.places[first] = p.places[orders[1].stream()] },
		"never sent":   func(p *promises) { delete(p.sent, first) },
		"other bytes":  func(p *promises) { o := p.sent[first]; o.body += " "; p.sent[first] = o },
		"other amount": func(p *promises) { o := p.sent[first]; o.cents++; p.sent[first] = o },
		"other user":   func(p *promises) { o := p.sent[first]; o.user += "0"; p.sent[first] = o },
	} {
		told := p.clone()
		change(told)
		if len(told.faults(events)) == 0 {
			t.Errorf("%s: no fault", name)
		}
	}
	twice := events[len(events)-1]
	if len(p.faults(append(events, twice))) == 0 {
		t.Error("a payment that counts twice is no fault")
	}
}
