package recorder_test

import (
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

var moment = time.Date(2014, 3, 21, 6, 29, 36, 0, time.UTC)

const (
	orderA = order.ID("coinbase.A")
	orderB = order.ID("coinbase.B")
	ours   = deposit.ID("1AmB4bxGKvozGcZnSSVJoM6Q56EBhzMiQ5")
)

// world is the use cases on a log of their own.
type world struct {
	*recorder.Recorder
	t   *testing.T
	log eventstore.Store
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return with(t, sqlitetest.Open(t, sqlitestore.Options{Directory: t.TempDir(), Now: func() time.Time { return moment }}))
}

// with returns the use cases on a log that a test has changed.
func with(t *testing.T, log eventstore.Store) *world {
	return &world{Recorder: recorder.New(log, recorder.Policy{}), t: t, log: log}
}

func delivery(id, body string) recorder.Delivery {
	return recorder.Delivery{
		ID: id, Actor: "callback:coinbase", Format: "coinbase-v1", Received: moment, Source: "54.243.226.26",
		Headers: map[string]string{"Content-Type": "application/json"}, Body: []byte(body), Length: int64(len(body)),
	}
}

// completed is a report that order A was paid.
func completed(custom, decimal string) order.Report {
	claim := order.Claim{Custom: custom, Amount: amount("USD", decimal), Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"}}
	if custom == "" {
		claim.CustomFault = payment.NoUser
	}
	return order.Report{Payment: "coinbase/order/A", Paid: &claim, OccurredAt: moment}
}

// deposited is a report of a bitcoin, of a payment without identity if there is no
// hash.
func deposited(hash string) deposit.Report {
	report := deposit.Report{Digest: "d1", Amount: amount("BTC", "1.00000000"), Evidence: payment.Evidence{Method: recorder.CoinbaseCallback}, ReceivedAt: moment}
	if hash != "" {
		report.Payment = ident.NewPayment("coinbase", "address", "1AmB4b", hash)
	}
	return report
}

// order reports an order, and expects an outcome.
func (w *world) order(id order.ID, report order.Report, d recorder.Delivery, outcome recorder.Outcome) recorder.Result {
	w.t.Helper()
	result, err := w.ReportOrder(w.t.Context(), id, report, d)
	return w.want(result, err, outcome)
}

// deposit reports a deposit, and expects an outcome.
func (w *world) deposit(id deposit.ID, report deposit.Report, d recorder.Delivery, outcome recorder.Outcome) recorder.Result {
	w.t.Helper()
	result, err := w.ReportDeposit(w.t.Context(), id, report, d)
	return w.want(result, err, outcome)
}

// register registers our address for u1.
func (w *world) register(command string) (recorder.Registration, error) {
	return w.RegisterAddress(w.t.Context(), ours, "u1", recorder.Command{ID: command, Actor: "website:shop"})
}

func (w *world) want(result recorder.Result, err error, outcome recorder.Outcome) recorder.Result {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	if result.Outcome != outcome {
		w.t.Errorf("got %+v, want it %s", result, outcome)
	}
	return result
}

// read returns the events of a stream.
func (w *world) read(stream eventstore.StreamName) []eventstore.Recorded {
	w.t.Helper()
	return w.collect(w.log.Read(w.t.Context(), stream, 0, eventstore.WithMetadata))
}

// all returns the events of the log.
func (w *world) all() []eventstore.Recorded {
	w.t.Helper()
	return w.collect(w.log.ReadAll(w.t.Context(), 0))
}

func (w *world) collect(sequence iter.Seq2[eventstore.Recorded, error]) (events []eventstore.Recorded) {
	w.t.Helper()
	for event, err := range sequence {
		if err != nil {
			w.t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// wantTypes expects the events of a stream.
func (w *world) wantTypes(stream eventstore.StreamName, names ...string) {
	w.t.Helper()
	if got := types(w.read(stream)); got != fmt.Sprint(names) {
		w.t.Errorf("%s has %s, want %s", stream, got, names)
	}
}

func types(events []eventstore.Recorded) string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.Type
	}
	return fmt.Sprint(names)
}

// count returns how many events of a type the log has.
func (w *world) count(stream eventstore.StreamName, eventType string) int {
	w.t.Helper()
	return strings.Count(types(w.read(stream)), eventType)
}

func decoded[E codec.Event](t *testing.T, e eventstore.Recorded) E {
	t.Helper()
	event, err := ledger.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	typed, ok := event.(E)
	if !ok {
		t.Fatalf("revision %d of %s is %s", e.Revision, e.Stream, e.Type)
	}
	return typed
}

// accounts folds what the whole log posts.
func (w *world) accounts() map[ledger.Account]money.Amount {
	w.t.Helper()
	sums := make(map[ledger.Account]money.Amount)
	for _, e := range w.all() {
		event, err := ledger.Decode(e)
		if err != nil {
			w.t.Fatal(err)
		}
		entry, err := ledger.Post(event)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, line := range entry.Lines {
			if sums[line.Account], err = sums[line.Account].Add(line.Amount); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return sums
}

const racers = 40

// race calls a function at the same time with the numbers below racers.
func race(t *testing.T, call func(int) (recorder.Result, error)) []recorder.Result {
	t.Helper()
	results := make([]recorder.Result, racers)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range racers {
		group.Go(func() {
			<-start
			var err error
			if results[i], err = call(i); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	group.Wait()
	return results
}
