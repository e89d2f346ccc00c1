package linker_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/process"
	"daybook/projections/process/linker"
	"daybook/projections/process/processtest"
	"daybook/projections/verify"
)

// step does one thing to a log.
type step = func(testing.TB, eventstore.Store)

// A body is "<order> <custom> <amount>".
type callbacks struct{}

func (callbacks) Read(body []byte) verify.Reading {
	w := strings.Fields(string(body))
	return verify.Reading{
		Stream: "order-coinbase." + w[0], Methods: []string{"secret"}, Reader: 1,
		Claims: []verify.Claim{{
			Payment: "coinbase/order/" + w[0], User: w[1], Amount: w[2] + " USD", AtOnce: true,
			Method: recorder.CoinbaseCallback, Said: "completed", Details: verify.Details{Reference: w[1]},
		}},
	}
}

func usd(decimal string) money.Amount {
	a, err := money.Parse("USD", decimal)
	if err != nil {
		panic(err)
	}
	return a
}

// world is a way to treat payments of orders that are not registered.
type world struct{ policy recorder.Policy }

func newWorld(hold bool) world {
	return world{recorder.Policy{HoldUnregistered: hold, References: []string{order.Coinbase}}}
}

func (w world) callback(text string) step {
	return func(t testing.TB, log eventstore.Store) {
		words := strings.Fields(text)
		_, err := recorder.New(log, w.policy).ReportOrder(context.Background(), order.NewID("coinbase", words[0]), order.Report{
			Payment: ident.NewPayment("coinbase", "order", words[0]),
			Paid: &order.Claim{
				Custom: words[1], Amount: usd(words[2]), Details: order.Details{Reference: words[1]},
				Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"},
			},
		}, recorder.Delivery{
			ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: "f", Reader: 1, Received: time.Now(), Source: "::1",
			Body: []byte(text), Length: int64(len(text)), Method: "secret",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (w world) registration(reference, user, amount string) step {
	return func(t testing.TB, log eventstore.Store) {
		_, err := recorder.New(log, w.policy).RegisterOrder(context.Background(), order.NewID(order.Site, reference),
			order.Terms{User: user, Amount: usd(amount), For: order.ForBalance}, false, recorder.Command{ID: eventstore.NewULID(time.Now()), Actor: "website:shop"})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// lookup folds what is new in a log before it answers, as a server does all the time.
type lookup struct {
	*local.Model
	catchUp func() error
}

func (l lookup) Items(ctx context.Context, q local.Query) (local.Page, error) {
	if err := l.catchUp(); err != nil {
		return local.Page{}, err
	}
	return l.Model.Items(ctx, q)
}

func (w world) process(t testing.TB) func(log eventstore.Store) process.Process {
	return func(log eventstore.Store) process.Process {
		model := local.New(t.TempDir(), log, slog.New(slog.DiscardHandler))
		t.Cleanup(func() { _ = model.Close() })
		return linker.Linker{
			Log: log, Lookup: lookup{model, func() error { return processtest.CatchUp(context.Background(), model, log) }},
			Ledger: recorder.New(log, w.policy), Now: func() time.Time { return time.Now().Add(time.Minute) },
		}.Process()
	}
}

// says lists what was decided, by payment and in order of their names.
func says(t testing.TB, log eventstore.Store) string {
	t.Helper()
	decided := map[ident.Payment]string{}
	processtest.Each(t, log, func(_ eventstore.StreamName, event codec.Event) {
		switch e := event.(type) {
		case order.PaymentVerified:
			decided[e.Payment] += fmt.Sprintf("%s for %s ", e.Amount, e.User)
		case order.PaymentMispaid:
			decided[e.Payment] += fmt.Sprintf("mispaid %s ", e.Reason)
		case order.PaymentHeld:
			decided[e.Payment] += fmt.Sprintf("held %s ", e.Reason)
		}
	})
	return fmt.Sprint(decided)
}

func TestPaymentsBeforeTheRegistrationAreLinked(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]bool{"hold": true, "credit": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(hold)
			processtest.Run(t, processtest.Case{
				Steps: []step{
					w.callback("A u1 10.00"), w.callback("B R2 5.00"), w.registration("u1", "u1", "10.00"), w.registration("R2", "u2", "5.00"),
					w.registration("R3", "u3", "1.00"), w.callback("C R2 5.00"), w.callback("D R3 1.00"),
				},
				Process: w.process(t), Says: says,
				Holds:   func(t testing.TB, log eventstore.Store) { oneCredit(t, log) },
				Readers: map[string]verify.Reader{"f": callbacks{}},
			})
		})
	}
}

// oneCredit checks that at most one payment is credited under an order of the website.
func oneCredit(t testing.TB, log eventstore.Store) {
	t.Helper()
	sites, credits := map[eventstore.StreamName]order.ID{}, map[order.ID]int{}
	processtest.Each(t, log, func(stream eventstore.StreamName, event codec.Event) {
		switch event := event.(type) {
		case order.OrderLinked:
			sites[stream] = event.Site
		case order.PaymentVerified:
			if site := sites[stream]; site != "" {
				if credits[site]++; credits[site] > 1 {
					t.Errorf("%s is credited %d times", site, credits[site])
				}
			}
		}
	})
}

func TestWhatALinkComesTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		hold  bool
		steps func(w world) []step
		want  string
	}{
		{"a payment that was held", true, func(w world) []step {
			return []step{w.callback("A R 10.00"), w.registration("R", "u1", "10.00")}
		}, "map[coinbase/order/A:held unregistered 10.00 USD for u1 ]"},
		{"one that was held for less than is asked", true, func(w world) []step {
			return []step{w.callback("A R 9.00"), w.registration("R", "u1", "10.00")}
		}, "map[coinbase/order/A:held unregistered mispaid underpaid ]"},
		{"two that were held", true, func(w world) []step {
			return []step{w.callback("A R 10.00"), w.callback("B R 10.00"), w.registration("R", "u1", "10.00")}
		}, "map[coinbase/order/A:held unregistered mispaid second  coinbase/order/B:held unregistered 10.00 USD for u1 ]"},
		{"a second after the first", true, func(w world) []step {
			return []step{w.registration("R", "u1", "10.00"), w.callback("A R 10.00"), w.callback("B R 10.00")}
		}, "map[coinbase/order/A:10.00 USD for u1  coinbase/order/B:mispaid second ]"},
		{"a credit that agrees", false, func(w world) []step {
			return []step{w.callback("A u1 10.00"), w.registration("u1", "u1", "10.00")}
		}, "map[coinbase/order/A:10.00 USD for u1 ]"},
		{"a credit that disagrees", false, func(w world) []step {
			return []step{w.callback("A R 10.00"), w.registration("R", "u1", "10.00")}
		}, "map[coinbase/order/A:10.00 USD for R held contradiction ]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, log := newWorld(c.hold), processtest.Open(t)
			for _, step := range c.steps(w) {
				step(t, log)
			}
			if err := processtest.Drive(t, log, w.process(t)); err != nil {
				t.Fatal(err)
			}
			if got := says(t, log); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
