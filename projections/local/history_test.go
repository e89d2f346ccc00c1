package local_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
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
}

const address = "1AmB4bxGcYpUv1YU3pqEHGmEQJnHpBSaqW"

// step makes one request or decision.
func (w *world) step(decidable []string) {
	d := recorder.Delivery{
		ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: "coinbase-v1", Received: time.Now(),
		Body: []byte(eventstore.NewULID(time.Now())), Length: 26,
	}
	var err error
	switch rapid.IntRange(0, 8).Draw(w.t, "step") {
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
	case 8:
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

// decide appends what a person or a process decides about an open item.
func (w *world) decide(key string) {
	states := w.fold()
	for stream, events := range states.events {
		for _, e := range events {
			var decision codec.Event
			switch opened := e.(type) {
			case order.PaymentHeld:
				if opened.Hold == key && opened.Payment != "" {
					standing := states.orders[stream].Payments.Of(string(opened.Payment))
					amount, _ := money.Parse("USD", "1")
					decision = order.PaymentReleased{Hold: key, Payment: opened.Payment, User: "u1", Amount: amount, Closes: closesOf(standing, key), Note: "n"}
				}
			case order.PaymentMispaid:
				if opened.Mispayment == key {
					decision = []codec.Event{
						order.MispaymentCredited{Mispayment: key, Payment: opened.Payment, User: "u1", Amount: opened.Amount, Note: "n"},
						order.MispaymentRefunded{Mispayment: key, Payment: opened.Payment, Amount: opened.Amount, Note: "n"},
						order.MispaymentDismissed{Mispayment: key, Payment: opened.Payment, Amount: opened.Amount, Note: "n"},
					}[rapid.IntRange(0, 2).Draw(w.t, "decision")]
				}
			case deposit.DepositHeld:
				if opened.Hold == key {
					decision = deposit.DepositDismissed{Hold: key, Payment: opened.Payment, Note: "n"}
					if opened.Payment != "" && rapid.Bool().Draw(w.t, "release") {
						amount, _ := money.Parse("BTC", "1")
						standing := states.deposits[stream].Payments.Of(string(opened.Payment))
						decision = deposit.DepositReleased{Hold: key, Payment: opened.Payment, User: "u1", Amount: amount, Closes: closesOf(standing, key), Note: "n"}
					}
				}
			case quarantine.CallbackQuarantined:
				if states.ids[stream][0] == key {
					decision = quarantine.CallbackRedriven{Task: key, Reader: 2, Outcome: w.one("outcome", "recorded", "quarantined")}
				}
			}
			if decision != nil {
				w.append(stream, len(events), decision)
				return
			}
		}
	}
}

// closesOf names what a release of a hold closes: it, and the open holds of its
// payment that contradict nothing.
func closesOf(standing payment.Standing, key string) []payment.ClosedHold {
	var closes []payment.ClosedHold
	for _, h := range standing.Holds {
		if !h.Closed && (!h.Contradiction || h.ID == key) {
			closes = append(closes, payment.ClosedHold{Hold: h.ID})
		}
	}
	return closes
}

func (w *world) append(stream eventstore.StreamName, length int, event codec.Event) {
	data, err := codec.Encode(event)
	if err != nil {
		w.t.Fatal(err)
	}
	metadata, err := eventstore.Metadata{Actor: "operator:alice"}.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.log.Append(w.t.Context(), stream, eventstore.At(eventstore.Revision(length-1)), eventstore.Event{
		ID:   eventstore.DeriveID(stream, eventstore.NewULID(time.Now()), eventstore.Revision(length)),
		Type: event.EventType(), Schema: ledger.Schema(stream.Category(), event.EventType()), Data: data, Metadata: metadata,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// folded are the states of all aggregates, and the events that they come from.
type folded struct {
	orders   map[eventstore.StreamName]order.State
	deposits map[eventstore.StreamName]deposit.State
	payouts  map[eventstore.StreamName]payout.State
	events   map[eventstore.StreamName][]codec.Event
	ids      map[eventstore.StreamName][]string
}

func (w *world) fold() folded {
	f := folded{
		make(map[eventstore.StreamName]order.State), make(map[eventstore.StreamName]deposit.State), make(map[eventstore.StreamName]payout.State),
		make(map[eventstore.StreamName][]codec.Event), make(map[eventstore.StreamName][]string),
	}
	for recorded, err := range w.log.ReadAll(w.t.Context(), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		decoded, err := ledger.Decode(recorded)
		if err != nil {
			w.t.Fatal(err)
		}
		switch e := decoded.(type) {
		case order.Event:
			f.orders[recorded.Stream] = order.Evolve(f.orders[recorded.Stream], e)
		case deposit.Event:
			f.deposits[recorded.Stream] = deposit.Evolve(f.deposits[recorded.Stream], e)
		case payout.Event:
			f.payouts[recorded.Stream] = payout.Evolve(f.payouts[recorded.Stream], e)
		}
		f.events[recorded.Stream] = append(f.events[recorded.Stream], decoded)
		f.ids[recorded.Stream] = append(f.ids[recorded.Stream], recorded.ID.String())
	}
	return f
}

// waiting returns the keys of what waits, as the states of the aggregates have it.
// What no state has, such as a decided mispayment, follows from the last event that
// names it.
func (f folded) waiting() (review, kept []string) {
	for stream, events := range f.events {
		last := make(map[string]bool) // whether the last event about an item leaves it open
		for i, decoded := range events {
			switch e := decoded.(type) {
			case order.PaymentHeld:
				key := string(e.Payment)
				if key == "" {
					key = "digest:" + e.Digest
				}
				last[e.Hold] = isOpen(f.orders[stream].Payments.Of(key), e.Hold)
			case deposit.DepositHeld:
				last[e.Hold] = e.Payment == "" || isOpen(f.deposits[stream].Payments.Of(string(e.Payment)), e.Hold)
			case deposit.DepositSeenAgain:
				last[e.Hold] = true
			case deposit.DepositDismissed:
				last[e.Hold] = false
			case order.PaymentMispaid:
				last[e.Mispayment] = true
			case order.MispaymentCredited:
				last[e.Mispayment] = false
			case order.MispaymentRefunded:
				last[e.Mispayment] = false
			case order.MispaymentDismissed:
				last[e.Mispayment] = false
			case quarantine.CallbackQuarantined:
				kept = append(kept, f.ids[stream][i])
			case quarantine.CallbackRedriven:
				if e.Outcome != "quarantined" {
					kept = slices.DeleteFunc(kept, func(id string) bool { return id == e.Task })
				}
			}
		}
		for key, open := range last {
			if open {
				review = append(review, key)
			}
		}
	}
	for _, s := range f.payouts {
		for _, h := range s.Holds {
			review = append(review, h.ID)
		}
	}
	return slices.Sorted(slices.Values(review)), slices.Sorted(slices.Values(kept))
}

func isOpen(standing payment.Standing, hold string) bool {
	return slices.ContainsFunc(standing.Holds, func(h payment.HeldReport) bool { return h.ID == hold && !h.Closed })
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
		w := &world{t: r, log: log, service: recorder.New(log, recorder.Policy{}), directory: filepath.Join(directory, "model")}
		w.model = open(t, w.directory, log)
		for range rapid.IntRange(1, 10).Draw(r, "steps") {
			w.step(append(w.keys("review"), w.keys("quarantine")...))
			w.follow(t)
			review, kept := w.fold().waiting()
			if got := w.keys("review"); fmt.Sprint(got) != fmt.Sprint(review) {
				r.Fatalf("review has\n%v\nthe aggregates have\n%v", got, review)
			}
			if got := w.keys("quarantine"); fmt.Sprint(got) != fmt.Sprint(kept) {
				r.Fatalf("quarantine has\n%v\nthe aggregates have\n%v", got, kept)
			}
		}
	})
}
