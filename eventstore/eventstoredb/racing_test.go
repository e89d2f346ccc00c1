package eventstoredb_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
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
// loses the race is told at once, and finds the payment in its stream. A machine that
// is busy with other tests may need several tries.
func TestRacingDeliveriesAreAnsweredAtOnce(t *testing.T) {
	within, tries := 500*time.Millisecond, 5
	if testing.Short() {
		within = silence - 200*time.Millisecond // the race detector takes its time
	}
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
	service := recorder.New(store, recorder.Policy{})
	for try := range tries {
		slowest := raceDeliveries(t, service, fmt.Sprint(try))
		if slowest <= within {
			return
		}
		t.Logf("try %d: the slowest is answered after %v", try, slowest)
	}
	t.Errorf("no try has all answered within %v", within)
}

// raceDeliveries delivers one callback about an order many times at one instant, and
// returns how long the slowest answer took.
func raceDeliveries(t *testing.T, service *recorder.Recorder, id string) (slowest time.Duration) {
	t.Helper()
	const deliveries = 40
	amount, err := money.Parse("USD", "10.00")
	if err != nil {
		t.Fatal(err)
	}
	report := order.Report{
		Payment: ident.NewPayment("coinbase", "order", id),
		Paid:    &order.Claim{Custom: "u1", Amount: amount, Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"}},
	}
	var mu sync.Mutex
	outcomes := make(map[recorder.Outcome]int)
	start := make(chan struct{})
	var group sync.WaitGroup
	for range deliveries {
		group.Go(func() {
			<-start
			began := time.Now()
			result, err := service.ReportOrder(t.Context(), order.NewID("coinbase", id), report, recorder.Delivery{
				ID: eventstore.NewULID(began), Actor: "callback:coinbase", Format: "coinbase-v1", Received: began, Body: []byte(`{"the":"same"}`), Length: 14,
			})
			took := time.Since(began)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[result.Outcome]++
			slowest = max(slowest, took)
		})
	}
	close(start)
	group.Wait()
	if outcomes[recorder.Recorded] != 1 || outcomes[recorder.Duplicate] != deliveries-1 {
		t.Errorf("got %v, want one recorded", outcomes)
	}
	return slowest
}
