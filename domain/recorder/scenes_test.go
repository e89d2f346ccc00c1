package recorder_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/verify"
)

// scene is what happens to payments that have to do with each other.
type scene struct {
	name     string
	policy   recorder.Policy
	messages []message
	links    []message // commands of the processes, for races
	shown    shelf
	payments []ident.Payment // that are in the messages
	users    string          // what users have in the end, whatever happened

	// Where what is said disagrees, how it may end: what users have, and the reason that
	// is then in review; empty if none has to be.
	ends map[string]payment.Reason
}

// everything is all that may happen in a scene at once.
func (s scene) everything() []message {
	all := slices.Concat(s.messages, s.links)
	for id := range s.shown {
		all = append(all, answers(id, s.shown))
	}
	return all
}

const (
	cart = order.ID("site.R")
	mine = order.ID("site.u1")
)

// scenes are the ways in which one payment, or one order of the website, has two names.
// All that is said in one agrees; who has how much follows from it.
func scenes() (all []scene) {
	references := []string{order.Coinbase, order.Checkout}
	for name, needs := range map[string]payment.Needs{"by the API": nil, "by the signature": {payment.Signature, payment.Registered}} {
		for _, s := range checkouts {
			s.name, s.policy = s.name+" "+name, recorder.Policy{Checkout: needs, References: references}
			all = append(all, s)
		}
	}
	for name, hold := range map[string]bool{"held": true, "credited": false} {
		s := generations[0]
		s.name, s.policy = s.name+" "+name, recorder.Policy{HoldUnregistered: hold, References: references}
		all = append(all, s)
	}
	held := generations[1]
	held.policy = recorder.Policy{HoldUnregistered: true, References: references}
	return append(all, held)
}

// disagreements are scenes in which not all that is said agrees. Who is first decides who
// is credited, and the rest is in review.
func disagreements() []scene {
	references := []string{order.Coinbase, order.Checkout}
	held, credited := recorder.Policy{HoldUnregistered: true, References: references}, recorder.Policy{References: references}
	signed := recorder.Policy{Checkout: payment.Needs{payment.Signature, payment.Registered}}
	return []scene{
		{
			name: "one transfer for two users", policy: held,
			messages: []message{
				registers("checkout.L", "u1", "10.00"), registers("checkout.C", "u2", "10.00"),
				webhook("L 10.000000 0x1 -"), webhook("C 10.000000 0x1 -"),
			},
			shown:    shelf{"L": "10.00 0x1", "C": "10.00 0x1"},
			payments: []ident.Payment{"checkout/L", "checkout/C"},
			ends:     map[string]payment.Reason{tenToU1: payment.TransactionElsewhere, "u2 10.000000 USDC": payment.TransactionElsewhere},
		}, {
			name: "a reference is taken for a user", policy: credited,
			messages: []message{callback("A 10.000000 - R"), registers(cart, "u1", "10.00")},
			links:    []message{links("coinbase.A", cart)},
			payments: []ident.Payment{"coinbase/order/A"},
			ends:     map[string]payment.Reason{tenToU1: "", "R 10.000000 USDC": payment.Contradiction},
		}, {
			name: "two payments to a user whose name is an order", policy: credited,
			messages: []message{callback("A 10.000000 - u1"), callback("B 10.000000 - u1"), registers(mine, "u1", "10.00")},
			links:    []message{links("coinbase.A", mine), links("coinbase.B", mine)},
			payments: []ident.Payment{"coinbase/order/A", "coinbase/order/B"},
			ends:     map[string]payment.Reason{tenToU1: payment.Second, "u1 20.000000 USDC": payment.Contradiction},
		}, {
			name: "a hash that is learned after the credit", policy: signed,
			messages: []message{
				registers("checkout.L", "u1", "10.00"), registers("checkout.C", "u1", "10.00"),
				webhook("L 10.000000 0x1 -"), webhook("C 10.000000 - -"), webhook("C 10.000000 0x1 -"),
			},
			payments: []ident.Payment{"checkout/L", "checkout/C"},
			ends:     map[string]payment.Reason{tenToU1: payment.TransactionElsewhere, "u1 20.000000 USDC": payment.Contradiction},
		}, {
			name: "less than the order asks for", policy: held,
			messages: []message{callback("A 9.000000 - R"), registers(cart, "u1", "10.00"), webhook("C 8.000000 0x1 R")},
			links:    []message{links("coinbase.A", cart), links("checkout.C", cart)},
			shown:    shelf{"C": "8.00 0x1"},
			payments: []ident.Payment{"coinbase/order/A", "checkout/C"},
			ends:     map[string]payment.Reason{"": payment.Underpaid},
		}, {
			name: "the provider shows more than the webhook", policy: held,
			messages: []message{registers(cart, "u1", "10.00"), webhook("C 10.000000 0x1 R")},
			links:    []message{links("checkout.C", cart)},
			shown:    shelf{"C": "11.00 0x1"},
			payments: []ident.Payment{"checkout/C"},
			ends:     map[string]payment.Reason{"": payment.ProviderDisagrees},
		},
	}
}

const tenToU1 = "u1 10.000000 USDC"

// checkouts are the scenes of checkouts and payment links.
var checkouts = []scene{
	{
		name: "payment link and checkout of one transfer",
		messages: []message{
			registers("checkout.L", "u1", "10.00"), registers("checkout.C", "u1", "10.00"),
			webhook("L 10.000000 0x1 -"), webhook("C 10.000000 0x1 -"),
		},
		shown:    shelf{"L": "10.00 0x1", "C": "10.00 0x1"},
		payments: []ident.Payment{"checkout/L", "checkout/C"}, users: tenToU1,
	}, {
		name:     "payment link and checkout of one transfer that name one order",
		messages: []message{registers(cart, "u1", "10.00"), webhook("L 10.000000 0x1 R"), webhook("C 10.000000 0x1 R")},
		links:    []message{links("checkout.L", cart), links("checkout.C", cart)},
		shown:    shelf{"L": "10.00 0x1", "C": "10.00 0x1"},
		payments: []ident.Payment{"checkout/L", "checkout/C"}, users: tenToU1,
	}, {
		name:     "two checkouts that name one order",
		messages: []message{webhook("C 10.000000 0x1 R"), registers(cart, "u1", "10.00"), webhook("D 10.000000 0x2 R")},
		links:    []message{links("checkout.C", cart), links("checkout.D", cart)},
		shown:    shelf{"C": "10.00 0x1", "D": "10.00 0x2"},
		payments: []ident.Payment{"checkout/C", "checkout/D"}, users: tenToU1,
	}, {
		name:     "a webhook and the link",
		messages: []message{webhook("C 10.000000 0x1 R"), registers(cart, "u1", "10.00")},
		links:    []message{links("checkout.C", cart)},
		shown:    shelf{"C": "10.00 0x1"},
		payments: []ident.Payment{"checkout/C"}, users: tenToU1,
	},
}

// generations are the scenes with version 1.
var generations = []scene{
	{
		name:     "version 1's id and a reference",
		messages: []message{registers("coinbase.A", "u1", "10.00"), registers(mine, "u1", "10.00"), callback("A 10.000000 - u1")},
		links:    []message{links("coinbase.A", mine)},
		payments: []ident.Payment{"coinbase/order/A"}, users: tenToU1,
	}, {
		name:     "orders of two generations that name one order",
		messages: []message{callback("A 10.000000 - R"), registers(cart, "u1", "10.00"), webhook("C 10.000000 0x1 R")},
		links:    []message{links("coinbase.A", cart), links("checkout.C", cart)},
		shown:    shelf{"C": "10.00 0x1"},
		payments: []ident.Payment{"coinbase/order/A", "checkout/C"}, users: tenToU1,
	},
}

// tally is what a log says of the payments of a scene.
type tally struct {
	credits  map[string]int // by payment, by transaction and by order of the website
	decided  map[ident.Payment][]string
	balances map[string]string
}

func (s scene) tally(t *testing.T, log eventstore.Store) tally {
	t.Helper()
	said := tally{credits: map[string]int{}, decided: map[ident.Payment][]string{}}
	sites := map[eventstore.StreamName]order.ID{}
	credited := map[eventstore.StreamName]bool{}
	w := with(t, log)
	for _, recorded := range w.all() {
		event, err := ledger.Decode(recorded)
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.(type) {
		case order.OrderLinked:
			sites[recorded.Stream] = e.Site
			if credited[recorded.Stream] {
				said.credits[string(e.Site)]++
			}
		case order.PaymentVerified:
			credited[recorded.Stream] = true
			said.credits[string(e.Payment)]++
			if e.Transfer != nil && e.Transfer.Hash != "" {
				said.credits[string(e.Transfer.Transaction())]++
			}
			if site := sites[recorded.Stream]; site != "" {
				said.credits[string(site)]++
			}
			said.decided[e.Payment] = append(said.decided[e.Payment], "credited")
		case order.PaymentMispaid:
			said.decided[e.Payment] = append(said.decided[e.Payment], string(cmp.Or(e.Reason, "mispaid")))
		case order.PaymentHeld:
			said.decided[e.Payment] = append(said.decided[e.Payment], string(cmp.Or(e.Reason, "without a reason")))
		}
	}
	said.balances = w.users()
	return said
}

// users are what users have, by currency.
func (w *world) users() map[string]string {
	w.t.Helper()
	have := map[string]string{}
	for account, sum := range w.accounts() {
		if user, is := account.User(); is && sum.Sign() != 0 {
			have[user] = strings.TrimSpace(have[user] + " " + sum.Neg().String())
		}
	}
	return have
}

// check fails if something is credited twice or decided not at all, and if verify finds
// something. It returns what users have.
func (s scene) check(t *testing.T, log eventstore.Store, when string) string {
	t.Helper()
	said := s.tally(t, log)
	for what, n := range said.credits {
		if n > 1 {
			t.Errorf("%s: %s is credited %d times", when, what, n)
		}
	}
	for _, p := range s.payments {
		if len(said.decided[p]) == 0 {
			t.Errorf("%s: nothing is decided about %s", when, p)
		}
	}
	report, err := verify.Log(t.Context(), verify.LogOptions{
		Log: log, Gapless: true, Readers: map[string]verify.Reader{"checkouts": webhookBodies{}, "v1": callbackBodies{}},
	})
	if err != nil || report.Count+report.Evidence.Count > 0 || len(report.Evidence.Unread) > 0 {
		t.Errorf("%s: verify finds %v %v, error %v", when, report.Differences, report.Evidence.Differences, err)
	}
	var texts []string
	for _, user := range slices.Sorted(maps.Keys(said.balances)) {
		texts = append(texts, user+" "+said.balances[user])
	}
	return strings.Join(texts, ", ")
}

// same checks that users have what they have whatever happened.
func (s scene) same(t *testing.T, log eventstore.Store, when string) {
	t.Helper()
	got := s.check(t, log, when)
	reason, mayEnd := s.ends[got]
	if s.ends == nil {
		mayEnd = got == s.users
	}
	if !mayEnd {
		t.Errorf("%s: users have %q, want %q %v", when, got, s.users, s.ends)
	}
	if decided := fmt.Sprint(s.tally(t, log).decided); !strings.Contains(decided, string(reason)) {
		t.Errorf("%s: users have %q, and decided is %s, want %s", when, got, decided, reason)
	}
	if t.Failed() {
		t.Logf("the log is\n%s", dump(t, log))
		t.FailNow()
	}
}

func dump(t *testing.T, log eventstore.Store) string {
	var text strings.Builder
	for _, e := range with(t, log).all() {
		fmt.Fprintf(&text, "%s %s %s\n", e.Stream, e.Type, e.Data)
	}
	return text.String()
}
