package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

var deskPolicy = recorder.Policy{Checkout: payment.Needs{payment.Signature, payment.Registered}, References: []string{order.Checkout, order.Coinbase}}

// deskOn is a desk on a log, by one way to it.
func deskOn(t *testing.T, log, way eventstore.Store) desk {
	w := with(t, log)
	w.Recorder = recorder.New(way, deskPolicy)
	return desk{w}
}

// step is what somebody asks for, and asks for again until it is answered. What is decided
// otherwise is an answer too.
type step func(ctx context.Context, d desk) error

func decides(stream eventstore.StreamName, by string, asked review.Asked) step {
	asked.Note = "by " + by
	return func(ctx context.Context, d desk) error {
		_, err := d.DecideItem(ctx, stream, review.Decide{Item: d.item(stream), Asked: asked}, false, d.command("operator:"+by))
		for _, answer := range []error{review.ErrDecided, review.ErrRound, review.ErrRefundOpen, review.ErrImpossible} {
			if errors.Is(err, answer) {
				return nil
			}
		}
		return err
	}
}

func asks(id order.ID, user, price string, purpose order.Purpose) step {
	return func(ctx context.Context, d desk) error {
		_, err := d.RegisterOrder(ctx, id, order.Terms{User: user, Amount: moneyOf(price), For: purpose}, false, d.command("website:shop"))
		return err
	}
}

func tells(s said) step {
	return func(ctx context.Context, d desk) error { return s.report(ctx, d.Recorder) }
}

// contest is one situation, in which the steps come in any order. The accounts end in one
// of several ways.
type contest struct {
	name  string
	given func(d desk)
	steps []step
	ends  []string
}

func contests() []contest {
	held := func(d desk) { d.checkout("c1", "", "10.00 USDC", "", "", "0xaa") }
	return []contest{
		{"two operators with different answers", held, []step{
			decides(streamC, "alice", review.Asked{Decision: review.Credit, User: "u1"}),
			decides(streamC, "bob", review.Asked{Decision: review.Dismiss}),
		}, []string{
			"assets:checkout USDC 10.000000, liabilities:users:u1 USDC -10.000000",
			"assets:checkout USDC 10.000000, income:unclaimed USDC -10.000000",
		}},
		{"a decision and the missing registration", held, []step{
			decides(streamC, "alice", review.Asked{Decision: review.Credit, User: "u1"}),
			asks("checkout.c1", "u1", "10.00 USDC", order.ForBalance),
		}, []string{"assets:checkout USDC 10.000000, liabilities:users:u1 USDC -10.000000"}},
		{"a refund and the missing registration", held, []step{
			decides(streamC, "alice", review.Asked{Decision: review.Refund}),
			asks("checkout.c1", "u1", "10.00 USDC", order.ForBalance),
		}, []string{
			"assets:checkout USDC 10.000000, liabilities:users:u1 USDC -10.000000",
			"assets:checkout USDC 10.000000, liabilities:suspense: USDC -10.000000",
		}},
		{"a refund, its report and another decision", held, []step{
			decides(streamC, "alice", review.Asked{Decision: review.Refund}),
			tells(said{Checkout: "c1", Refund: "re_1", Amount: "10.00 USDC", Status: "COMPLETED"}),
			decides(streamC, "bob", review.Asked{Decision: review.Credit, User: "u1"}),
		}, []string{""}},
		{"a sale of the website completed and paid by another", func(d desk) {
			d.expect("site.R", "u1", "10.00 USDC", order.ForSale)
			d.checkout("c1", "R", "9.00 USDC", "", "", "0xaa")
		}, []step{
			decides(streamC, "alice", review.Asked{Decision: review.Complete}),
			tells(said{Checkout: "c2", Reference: "R", Amount: "10.00 USDC", Hash: "0xbb"}),
		}, []string{
			"assets:checkout USDC 19.000000, expenses:shortfall USDC 1.000000, income:sales USDC -10.000000, liabilities:suspense: USDC -10.000000",
			"assets:checkout USDC 19.000000, income:sales USDC -10.000000, liabilities:suspense: USDC -9.000000",
		}},
	}
}

// TestOneDecisionStandsWhereverAServerIsKilled kills one at every append, in every order of
// the steps, and repeats what was not answered.
func TestOneDecisionStandsWhereverAServerIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	for _, c := range contests() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, order := range orders(len(c.steps)) {
				for _, stores := range []bool{false, true} {
					for appends, ended := 0, true; ended; appends++ {
						ended = c.kill(t, order, appends, stores)
					}
				}
			}
		})
	}
}

// orders returns all orders of n things.
func orders(n int) (all [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, rest := range orders(n - 1) {
		for at := 0; at <= len(rest); at++ {
			all = append(all, slices.Insert(slices.Clone(rest), at, n-1))
		}
	}
	return all
}

func (c contest) kill(t *testing.T, order []int, appends int, stores bool) bool {
	t.Helper()
	log := sqlitetest.New(t)
	defer log.Close()
	c.given(deskOn(t, log, log))
	way := &lifetime{Store: log, appends: appends, stores: stores}
	first := deskOn(t, log, way)
	var rest []int
	for _, n := range order {
		if err := c.steps[n](t.Context(), first); err != nil {
			rest = append(rest, n)
		}
	}
	slices.Reverse(rest)
	second := deskOn(t, log, log)
	for _, n := range rest {
		second.ok(c.steps[n](t.Context(), second))
	}
	when := fmt.Sprintf("order %v, killed at append %d, stored %t", order, appends, stores)
	ended := second.ending()
	if !slices.Contains(c.ends, ended) {
		t.Errorf("%s: the accounts have %s", when, ended)
	}
	for _, n := range order { // all of it once more: answers were lost
		second.ok(c.steps[n](t.Context(), second))
	}
	if again := second.ending(); again != ended {
		t.Errorf("%s: repeated, the accounts have %s, want %s", when, again, ended)
	}
	second.proved()
	return way.ended
}

// ending is what the accounts have, without the names of items.
func (d desk) ending() string {
	d.t.Helper()
	var lines []string
	for key, sum := range d.book() {
		if name, currency, _ := strings.Cut(key, " "); strings.HasPrefix(name, suspense) {
			key = suspense + " " + currency
		}
		lines = append(lines, key+" "+sum)
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

// TestRacingDecisionsAreOne lets many people decide about one item at once.
func TestRacingDecisionsAreOne(t *testing.T) {
	for _, c := range contests() {
		t.Run(c.name, func(t *testing.T) {
			log := sqlitetest.New(t)
			d := deskOn(t, log, log)
			c.given(d)
			race(t, func(i int) (recorder.Result, error) {
				return recorder.Result{}, c.steps[i%len(c.steps)](t.Context(), d)
			})
			if ended := d.ending(); !slices.Contains(c.ends, ended) {
				t.Errorf("the accounts have %s", ended)
			}
		})
	}
}
