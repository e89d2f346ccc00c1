package httpapi

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook/domain/money"
	"daybook/eventstore"

	"github.com/go-json-experiment/json"
)

// clients post at the same time.
const clients = 16

// postAll posts bodies from several clients at once, and fails on any answer
// but 200.
func (w *world) postAll(bodies []string) {
	w.Helper()
	queue := make(chan string)
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for body := range queue {
				if a := w.post(body); a.Status != http.StatusOK {
					w.Errorf("%d %s\n%s", a.Status, a.Body, body)
				}
			}
		})
	}
	for _, body := range bodies {
		queue <- body
	}
	close(queue)
	running.Wait()
}

// count counts the events of the log by type: of all streams together, and of
// the stream that has most of them.
func (w *world) count() (all, most map[string]int) {
	w.Helper()
	all, most = make(map[string]int), make(map[string]int)
	streams := make(map[eventstore.StreamName]map[string]int)
	for _, e := range w.eventsAfter(1) {
		if streams[e.Stream] == nil {
			streams[e.Stream] = make(map[string]int)
		}
		streams[e.Stream][e.Type]++
		all[e.Type]++
		most[e.Type] = max(most[e.Type], streams[e.Stream][e.Type])
	}
	return all, most
}

func newRandom(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func TestCallbacksThatAgreeCountOnceInAnyOrderFromAnyNumberOfClients(t *testing.T) {
	random := newRandom(t)
	w := newWorld(t, wiring{})
	const orders, users = 200, 7
	expected := make(map[string]money.Amount)
	var bodies []string
	for n := range orders {
		id, user, cents := fmt.Sprintf("R%d", n), fmt.Sprintf("u%d", random.IntN(users)), random.IntN(100_000)
		amount, err := money.ParseCents("USD", fmt.Sprint(cents))
		if err != nil {
			t.Fatal(err)
		}
		if expected[user], err = expected[user].Add(amount); err != nil {
			t.Fatal(err)
		}
		same := []string{
			completed(id, user, cents, "USD"),
			fmt.Sprintf(`{"order":{"id":%q,"status":"completed","event":null,"total_native":{"cents":%d.0,"currency_iso":"USD"},"custom":%q}}`, id, cents, user),
			fmt.Sprintf(`{"order":{"id":%q,"status":"expired","custom":%q}}`, id, user),
			fmt.Sprintf(`{"order":{"id":%q,"status":"completed","event":{"type":"mispayment","mispayment_id":"M%s"},"total_native":{"cents":%d,"currency_iso":"USD"},"custom":%q,"mispayments":[{"id":"M%s","total_native":{"cents":%d,"currency_iso":"USD"}}]}}`,
				id, id, cents, user, id, cents),
		}
		bodies = append(bodies, same[0])
		for range random.IntN(4) {
			bodies = append(bodies, same[random.IntN(len(same))])
		}
	}
	random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	w.postAll(bodies)

	for user, amount := range expected {
		var got balancesAnswer
		if err := json.Unmarshal(w.get(Website, "/balances/"+user).Body, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Balances) != 1 || got.Balances[0] != (balanceAnswer{"USD", amount.Decimal(), "0.00"}) {
			t.Errorf("%s has %v, expected %s", user, got.Balances, amount)
		}
	}
	all, most := w.count()
	if all["PaymentReceived"] != orders || all["PaymentVerified"] != orders || all["PaymentHeld"] != 0 {
		t.Errorf("events: %v", all)
	}
	for name, n := range most {
		if n != 1 {
			t.Errorf("a stream has %d of %s", n, name)
		}
	}
}

func TestCallbacksThatDisagreeAreHeldAndCreditOne(t *testing.T) {
	random := newRandom(t)
	w := newWorld(t, wiring{})
	const orders, claims = 20, 8
	var bodies []string
	for n := range orders {
		for cents := range claims {
			body := completed(fmt.Sprintf("D%d", n), fmt.Sprintf("u%d", cents%2), 100+cents, "USD")
			bodies = append(bodies, body, body)
		}
	}
	random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	w.postAll(bodies)
	all, most := w.count()
	if all["PaymentVerified"] != orders || all["PaymentHeld"] != orders*(claims-1) || most["PaymentVerified"] != 1 {
		t.Errorf("events: %v, at most in one stream: %v", all, most)
	}
}

func TestCallbacksOfOneOrderAtOnceCountOnce(t *testing.T) {
	w := newWorld(t, wiring{})
	var bodies []string
	for n := range 4 * clients {
		body := completed("ONE", "u1", 1253, "USD")
		bodies = append(bodies, strings.TrimSuffix(body, "}")+strings.Repeat(" ", n)+"}")
	}
	w.postAll(bodies)
	if stored := types(w.events("order-coinbase.ONE")); stored != "PaymentReceived,PaymentVerified" {
		t.Error(stored)
	}
}

// TestOneOfManyDeliveriesAtOnceIsRecorded delivers one callback from many
// connections at one instant.
func TestOneOfManyDeliveriesAtOnceIsRecorded(t *testing.T) {
	const deliveries = 40
	w := newWorld(t, wiring{})
	body := completed("RACED", "u1", 1253, "USD")
	answers := make([]answer, deliveries)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range deliveries {
		group.Go(func() {
			<-start
			answers[i] = w.post(body)
		})
	}
	close(start)
	group.Wait()
	outcomes := make(map[string]int)
	for _, a := range answers {
		outcomes[string(decodeCallback(t, a).Outcome)]++
	}
	if outcomes["recorded"] != 1 || outcomes["duplicate"] != deliveries-1 {
		t.Errorf("the outcomes are %v", outcomes)
	}
	for _, line := range []string{`daybook_callbacks_total{outcome="recorded"} 1`, `daybook_callbacks_total{outcome="duplicate"} 39`} {
		if !strings.Contains(w.metrics(), line) {
			t.Errorf("%s is not in the metrics", line)
		}
	}
}
