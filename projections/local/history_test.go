package local_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

// world is a log that a service writes to, and the model beside it.
type world struct {
	t         *rapid.T
	log       eventstore.Store
	service   *recorder.Recorder
	model     *local.Model
	directory string // of the model

	said map[string]string // of items, when they were seen first
}

const address = "1AmB4bxGcYpUv1YU3pqEHGmEQJnHpBSaqW"

// step makes one request or decision.
func (w *world) step(decidable []string) {
	d := recorder.Delivery{
		ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: "coinbase-v1", Received: time.Now(),
		Body: []byte(eventstore.NewULID(time.Now())), Length: 26,
	}
	var err error
	switch rapid.IntRange(0, 15).Draw(w.t, "step") {
	case 0, 1, 2:
		id := rapid.SampledFrom([]string{"A", "B"}).Draw(w.t, "order")
		_, err = w.service.ReportOrder(w.t.Context(), order.NewID("coinbase", id), w.order(id), d)
	case 3, 4:
		report := deposit.Report{Digest: w.one("digest", "d1", "d2"), Amount: w.amount("BTC"), ReceivedAt: d.Received, Evidence: payment.Evidence{Method: recorder.CoinbaseCallback}}
		if hash := w.one("hash", "", "h1", "h2"); hash != "" {
			report.Payment = ident.NewPayment("coinbase", "address", address, hash)
		}
		_, err = w.service.ReportDeposit(w.t.Context(), deposit.NewID(address), report, d)
	case 5:
		_, err = w.service.RegisterAddress(w.t.Context(), deposit.NewID(address), "u1", recorder.Command{ID: d.ID, Actor: "website:shop"})
	case 6:
		report := payout.Report{Payment: "coinbase/payout/P", Digest: w.one("digest", "d1", "d2"), Status: "x", Progress: payout.Progress(rapid.IntRange(0, 2).Draw(w.t, "progress"))}
		if rapid.Bool().Draw(w.t, "facts") {
			total := w.amount("USD")
			report.Facts = &payout.Facts{Subtotal: total, Total: total}
		}
		_, err = w.service.ReportPayout(w.t.Context(), payout.NewID("P"), report, d)
	case 7:
		d.Body, d.Length = []byte(w.one("body", "a", "b", "c")), 1
		_, err = w.service.Quarantine(w.t.Context(), quarantine.Incomplete, d)
	case 11:
		amount, _ := money.Parse("USD", "1")
		terms := order.Terms{User: "u1", Amount: amount, For: order.Purpose(w.one("for", string(order.ForSale), string(order.ForBalance)))}
		id := order.NewID("coinbase", w.one("order", "A", "B"))
		if _, err = w.service.RegisterOrder(w.t.Context(), id, terms, false, recorder.Command{ID: d.ID, Actor: "website:shop"}); errors.Is(err, order.ErrOtherTerms) {
			err = nil
		}
	case 8, 9, 10, 12, 13, 14, 15:
		if len(decidable) > 0 {
			w.decide(rapid.SampledFrom(decidable).Draw(w.t, "item"))
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) one(label string, of ...string) string { return rapid.SampledFrom(of).Draw(w.t, label) }

// amount is sometimes none that can be read.
func (w *world) amount(currency money.Currency) money.Amount {
	text := w.one("amount", "1", "2", "")
	if text == "" {
		return money.Amount{}
	}
	amount, err := money.Parse(currency, text)
	if err != nil {
		w.t.Fatal(err)
	}
	return amount
}

func (w *world) order(id string) order.Report {
	report := order.Report{Payment: ident.NewPayment("coinbase", "order", id)}
	if rapid.Bool().Draw(w.t, "paid") {
		report.Paid = &order.Claim{
			Custom: w.one("custom", "u1", "u2", ""), Amount: w.amount("USD"),
			Doubt:    payment.Reason(w.one("doubt", "", "", string(payment.UnknownEvent))),
			Evidence: payment.Evidence{Method: w.one("method", recorder.CoinbaseCallback, "other")},
		}
	}
	for range rapid.IntRange(0, 2).Draw(w.t, "mispayments") {
		m := order.Mispayment{Digest: w.one("digest", "d1", "d2"), Amount: w.amount("USD"), Missing: w.one("missing", "", "", "yes") != ""}
		if mispaid := w.one("mispayment", "", "M", "N"); mispaid != "" {
			m.Payment = ident.NewPayment("coinbase", "mispayment", mispaid)
		}
		report.Mispayments = append(report.Mispayments, m)
	}
	return report
}

// follow applies what is new, and sometimes continues on what a killed process
// leaves.
func (w *world) follow(t *testing.T) {
	from, err := w.model.Load(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for recorded, err := range w.log.ReadAll(w.t.Context(), from.Position) {
		if err != nil {
			w.t.Fatal(err)
		}
		to := follow.Checkpoint{LogID: "L", Fold: w.model.FoldVersion(), Position: recorded.Position, EventID: recorded.ID, Stream: recorded.Stream, Revision: recorded.Revision}
		if err := w.model.Apply(w.t.Context(), from, to, []eventstore.Recorded{recorded}); err != nil {
			w.t.Fatal(err)
		}
		from = to
		if rapid.IntRange(0, 15).Draw(w.t, "kill") == 0 {
			k := &killed{Model: w.model, t: t, directory: w.directory, log: w.log}
			k.die()
			w.model, w.directory = k.Model, k.directory
		}
	}
}

func (w *world) keys(list string) []string {
	page, err := w.model.Items(w.t.Context(), local.Query{List: list, Limit: local.MaxPage})
	if err != nil {
		w.t.Fatal(err)
	}
	keys := make(map[string]bool)
	for _, item := range page.Items {
		keys[item.Key] = true
	}
	if len(keys) != len(page.Items) {
		w.t.Fatal("an item is there twice")
	}
	return slices.Sorted(maps.Keys(keys))
}

// TestListsAreWhatTheAggregatesSay makes random histories through the ledger, with
// decisions, and compares the lists after every step with the states of the
// aggregates.
func TestListsAreWhatTheAggregatesSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		directory, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		log := projectiontest.OpenLog(t, directory)
		w := &world{t: r, log: log, service: recorder.New(log, recorder.Policy{}), directory: filepath.Join(directory, "model"), said: make(map[string]string)}
		w.model = open(t, w.directory, log)
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			folded := w.fold()
			w.step(folded.items())
			w.follow(t)
			folded = w.fold()
			review, kept := folded.waiting()
			if got := w.keys("review"); fmt.Sprint(got) != fmt.Sprint(review) {
				r.Fatalf("review has\n%v\nthe aggregates have\n%v", got, review)
			}
			if got := w.keys("quarantine"); fmt.Sprint(got) != fmt.Sprint(kept) {
				r.Fatalf("quarantine has\n%v\nthe aggregates have\n%v", got, kept)
			}
			w.checkItems(folded)
			w.checkOrders(folded)
		}
	})
}
