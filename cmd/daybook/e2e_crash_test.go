package main_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilledServerKeepsWhatItAcknowledged kills the server in the middle of a
// load, 20 times on one log. After each restart every callback that was
// answered 200 is there where the answer said, and every other one at most
// once; posting all of them again makes all of them exactly once.
//
// That the kernel had it does not show that the disk had it; see
// TestNoCallbackIsAnsweredBeforeItIsSynced for that.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	const kills = 20
	s, r := start(t, options{}), random(t)
	owed := map[string]int{} // cents by user, of all rounds that are complete
	acknowledged := 0
	for kill := range kills {
		orders := randomOrders(r, fmt.Sprintf("K%02d-", kill))
		deliveries := s.killWhilePosting(r, orders)
		disturbStart(t, r, s.data)
		s = start(t, options{data: s.data})

		events := replay(t, s.data)
		acknowledged += checkAcknowledged(t, events, orders, deliveries)
		found := fold(t, events)
		s.checkBalances(found, position(events))
		s.checkCommand(found, user(r.IntN(users)))
		s.checkCommandAsOf(events[:1+r.IntN(len(events))], user(r.IntN(users)))
		s.completeRound(orders, deliveries, owed)
		if t.Failed() {
			t.Fatalf("after kill %d", kill+1)
		}
	}
	t.Logf("%d callbacks were acknowledged before a kill", acknowledged)
	found := fold(t, replay(t, s.data))
	for u := range users {
		s.checkCommand(found, user(u))
	}
}

const users = 8

func user(n int) string { return fmt.Sprintf("user%d", n) }

// randomOrder is an order with what its callback says.
type randomOrder struct {
	user  string
	cents int
	body  string
}

// randomOrders makes paid orders of a few users. Some rounds have large
// callbacks, so that the write-ahead log is checkpointed during the load.
func randomOrders(r *rand.Rand, prefix string) []randomOrder {
	padding := 0
	if r.IntN(4) == 0 {
		padding = 40_000
	}
	orders := make([]randomOrder, 250)
	for i := range orders {
		o := randomOrder{user: user(r.IntN(users)), cents: 1 + r.IntN(100_000)}
		o.body = completedOrder(fmt.Sprintf("%s%d", prefix, i), o.user, o.cents)
		o.body += strings.Repeat(" ", r.IntN(padding+1))
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

// killWhilePosting kills the server a moment after a random number of
// callbacks has been acknowledged.
func (s *server) killWhilePosting(r *rand.Rand, orders []randomOrder) []delivery {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	enough := int64(1 + r.IntN(len(orders)-clients))
	moment := time.Duration(r.Int64N(int64(3 * time.Millisecond)))
	var acknowledged atomic.Int64
	deliveries := s.postAll(ctx, clients, bodies(orders), func(d delivery) {
		if d.err == nil && d.status == 200 && acknowledged.Add(1) == enough {
			time.AfterFunc(moment, func() {
				_ = s.command.Process.Kill() // waited for below
				cancel()
			})
		}
	})
	s.exitCode(patience)
	return deliveries
}

// disturbStart kills a few starting servers, so that recovery is cut off too.
func disturbStart(t *testing.T, r *rand.Rand, data string) {
	t.Helper()
	for range r.IntN(3) {
		p := launch(t, options{data: data})
		select {
		case <-p.exited:
			t.Errorf("a starting server ends by itself:\n%s", p.stderr)
		case <-time.After(time.Duration(r.Int64N(int64(60 * time.Millisecond)))):
		}
		p.kill()
	}
}

// checkAcknowledged compares a log with what its server had answered before
// it was killed, and returns how many callbacks were acknowledged.
func checkAcknowledged(t *testing.T, events []replayed, orders []randomOrder, deliveries []delivery) int {
	t.Helper()
	verified := count(events, "PaymentVerified")
	byPosition := map[string]replayed{}
	evidence := map[string]bool{}
	for _, e := range events {
		byPosition[e.Position] = e
		if e.Metadata.Evidence != nil && e.Metadata.Evidence.Body != nil {
			evidence[string(e.Metadata.Evidence.Body)] = true
		}
	}
	acknowledged := 0
	for i, d := range deliveries {
		stream := "order-coinbase." + orderID(orders[i].body)
		if d.err != nil || d.status != 200 {
			if verified[stream] > 1 {
				t.Errorf("%s was not acknowledged and is verified %d times", stream, verified[stream])
			}
			continue
		}
		acknowledged++
		o := client{test: t}.outcome(d.answer)
		at := byPosition[o.Position]
		if at.Stream != stream || at.Stream != o.Stream || at.Revision != *o.Revision {
			t.Errorf("%+v was acknowledged, and at that position is %s@%d", o, at.Stream, at.Revision)
		}
		if verified[stream] != 1 || !evidence[d.body] {
			t.Errorf("%s was acknowledged and is verified %d times, its bytes are kept: %t", stream, verified[stream], evidence[d.body])
		}
	}
	return acknowledged
}

func orderID(body string) string {
	_, rest, _ := strings.Cut(body, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

// completeRound posts all callbacks of a round again, and adds them to what is
// owed, which the balances must be.
func (s *server) completeRound(orders []randomOrder, deliveries []delivery, owed map[string]int) {
	s.t.Helper()
	outcomes := s.postEach(clients, bodies(orders))
	for i, d := range deliveries {
		owed[orders[i].user] += orders[i].cents
		if d.err != nil || d.status != 200 {
			continue
		}
		before := s.outcome(d.answer)
		if again := outcomes[i]; again.Outcome != "duplicate" || again.Position != before.Position {
			s.t.Errorf("%+v is answered as %+v the second time", before, again)
		}
	}
	position := last(outcomes)
	for _, user := range slices.Sorted(maps.Keys(owed)) {
		want := fmt.Sprintf("%d.%02d", owed[user]/100, owed[user]%100)
		if got := s.balances(user, position)["USD"]; got != want {
			s.t.Errorf("%s has %s, not %s", user, got, want)
		}
	}
}

// position returns where a log ends.
func position(events []replayed) uint64 {
	return last([]outcome{{Position: events[len(events)-1].Position}})
}

// TestTerminatedServerFinishesWhatItHasBegun sends SIGTERM in the middle of a
// load: it ends in bounded time and without a fault, and what it acknowledged
// is there.
func TestTerminatedServerFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	s, r := start(t, options{}), random(t)
	for round := range 3 {
		orders := randomOrders(r, fmt.Sprintf("T%d-", round))
		ctx, cancel := context.WithCancel(context.Background())
		var answered atomic.Int64
		terminated := make(chan int, 1)
		deliveries := s.postAll(ctx, clients, bodies(orders), func(delivery) {
			if answered.Add(1) == 100 {
				go func() {
					defer cancel()
					terminated <- s.terminate()
				}()
			}
		})
		if code := <-terminated; code != 0 {
			t.Fatalf("the exit code is %d:\n%s", code, s.stderr)
		}
		s = start(t, options{data: s.data})
		events := replay(t, s.data)
		if n := checkAcknowledged(t, events, orders, deliveries); n < 100-clients {
			t.Errorf("only %d callbacks were acknowledged", n)
		}
		s.checkBalances(fold(t, events), position(events))
	}
}
