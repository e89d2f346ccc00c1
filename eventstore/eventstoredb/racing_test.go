package eventstoredb_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/eventstore/eventstoredb"
)

// forgetful is a log that treats two appends of the same ids as EventStoreDB does
// when they race: it never answers the second.
type forgetful struct {
	eventstore.Store

	mu      sync.Mutex
	pending map[eventstore.EventID]time.Time
}

// silence is how long an append stands in the way of another one of its ids.
const silence = 2 * time.Second

func (f *forgetful) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if f.isRacing(events[0].ID) {
		select {
		case <-time.After(silence):
		case <-ctx.Done():
		}
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	return f.Store.Append(ctx, stream, expected, events...)
}

func (f *forgetful) isRacing(id eventstore.EventID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	last, known := f.pending[id]
	f.pending[id] = time.Now()
	return known && time.Since(last) < silence
}

// Deliveries of one callback at one instant have ids of their own, so the one that
// loses the race is told at once, and finds the payment in its stream.
func TestRacingDeliveriesAreAnsweredAtOnce(t *testing.T) {
	const deliveries, within = 40, 500 * time.Millisecond
	d := downDatabase(t)
	d.wrap = func(s eventstore.Store) eventstore.Store {
		return &forgetful{Store: s, pending: make(map[eventstore.EventID]time.Time)}
	}
	d.start(t)
	store, err := eventstoredb.Open(eventstoredb.Options{URL: d.url(), Namespace: "race"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	service := ledger.NewService(store, ledger.Policy{})
	amount, err := money.Parse("USD", "10.00")
	if err != nil {
		t.Fatal(err)
	}
	report := order.Report{
		Payment: "coinbase/order/A",
		Paid:    &order.Claim{Custom: "u1", Amount: amount, Evidence: payment.Evidence{Method: ledger.CoinbaseCallback, Status: "completed"}},
	}
	deliver := func() (ledger.Result, error) {
		return service.ReportOrder(t.Context(), "coinbase.A", report, ledger.Delivery{
			ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: "coinbase-v1", Received: time.Now(), Body: []byte(`{"the":"same"}`), Length: 14,
		})
	}
	var mu sync.Mutex
	outcomes := make(map[ledger.Outcome]int)
	start := make(chan struct{})
	var group sync.WaitGroup
	for range deliveries {
		group.Go(func() {
			<-start
			began := time.Now()
			result, err := deliver()
			if took := time.Since(began); err != nil || took > within {
				t.Errorf("answered after %v: %v", took, err)
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[result.Outcome]++
		})
	}
	close(start)
	group.Wait()
	if outcomes[ledger.Recorded] != 1 || outcomes[ledger.Duplicate] != deliveries-1 {
		t.Errorf("got %v, want one recorded", outcomes)
	}
}
