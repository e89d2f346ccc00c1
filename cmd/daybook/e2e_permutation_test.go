package main_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"daybook/http/coinbase/coinbasetest"
)

// said is one request of the website or of Coinbase, which is repeated until it is
// answered 200.
type said func(c client) (answer, error)

// planned is what a day of checkouts comes to.
type planned struct {
	requests []said
	users    map[string]int // cents that each has in the end
	verified int            // payments that are credited
	review   []string       // reasons of what waits for a person
}

// plan makes paid checkouts of every kind, each with two registrations and three
// webhooks.
func plan(p provider, n int) *planned {
	plan := &planned{users: map[string]int{}}
	for i := range n {
		kind, event, cents, reference := coinbasetest.Checkouts, success, 1000+i, ""
		id, name, asked, purpose := "", user(i%users), cents, "balance"
		switch i % 6 {
		case 1: // a sale of less than was paid
			asked, purpose = 600, "sale"
		case 2, 3:
			reference = fmt.Sprint("cart-", i)
			id = "site." + reference
		case 4:
			kind, event = coinbasetest.PaymentLinks, "payment_link.payment.success"
		case 5:
			asked = cents + 1
		}
		paid := p.pay(kind, p.create(kind, dollars(cents), reference).ID)
		if id == "" {
			id = "checkout." + paid.ID
		}
		switch {
		case purpose == "sale":
			plan.users[name] += cents - asked
			plan.verified++
		case asked > cents:
			plan.review = append(plan.review, "mispayment")
		default:
			plan.users[name] += cents
			plan.verified++
		}
		body := webhookOf(p.t, event, paid)
		hook := func(c client) (answer, error) { return c.do(c.signed(checkoutSecret, "", body)) }
		terms := fmt.Sprintf(`{"user":"%s","amount":"%s","currency":"USD","for":"%s"}`, name, dollars(asked), purpose)
		registration := func(c client) (answer, error) {
			return c.attempt(context.Background(), "PUT", "/orders/"+id, websiteSecret, terms)
		}
		plan.requests = append(plan.requests, hook, hook, hook, registration, registration)
	}
	return plan
}

// check waits until a server shows what the plan comes to.
func (plan *planned) check(s *server) {
	s.t.Helper()
	for name, cents := range plan.users {
		s.awaitAvailable(name, "USD "+dollars(cents)+" pending 0.00")
	}
	s.awaitText("the review", strings.Join(slices.Sorted(slices.Values(plan.review)), " "), func() string { return s.waiting("review") })
	s.awaitText("what is verified", "", func() string { return s.waiting("verification") })
}

// TestCheckoutsInAnyOrderComeToThePlan has 16 clients send everything in any order, with
// repetitions, while the server is killed and many answers of Coinbase fail.
func TestCheckoutsInAnyOrderComeToThePlan(t *testing.T) {
	embedded(t)
	t.Parallel()
	for _, unregistered := range []string{"hold", "credit"} {
		t.Run(unregistered, func(t *testing.T) {
			t.Parallel()
			p, r := newProvider(t), random(t)
			plan := plan(p, 60)
			p.FailShare(0.1, coinbasetest.ServerError, coinbasetest.Stale, coinbasetest.Cut)
			r.Shuffle(len(plan.requests), func(i, j int) {
				plan.requests[i], plan.requests[j] = plan.requests[j], plan.requests[i]
			})
			o := options{
				data: filepath.Join(t.TempDir(), "data"), arguments: []string{"--unregistered", unregistered},
				settings: append(slices.Clone(p.settings), secretsSetting),
			}
			s := sendAll(t, r, o, plan.requests)
			plan.check(s)
			s.terminate()
			succeed(t, "verify", "--data", s.data)
			events := replay(t, s.data)
			if verified := count(events, "PaymentVerified"); len(verified) != plan.verified {
				t.Errorf("%d payments are credited, the plan has %d", len(verified), plan.verified)
			} else if most := slices.Max(slices.Collect(maps.Values(verified))); most != 1 {
				t.Errorf("one is credited %d times", most)
			}
		})
	}
}

// sendAll sends requests from 16 clients to a server that is killed and started again,
// and returns the last.
func sendAll(t *testing.T, r *rand.Rand, o options, requests []said) *server {
	t.Helper()
	const kills = 5
	var running atomic.Pointer[server]
	running.Store(start(t, o))
	answered, next := make(chan struct{}, len(requests)), make(chan said)
	var sending sync.WaitGroup
	for range clients {
		sending.Go(func() {
			for request := range next {
				insist(t, &running, request)
				answered <- struct{}{}
			}
		})
	}
	go func() {
		for _, request := range requests {
			next <- request
		}
		close(next)
	}()
	for range kills {
		for range len(requests)/(kills+1) - r.IntN(20) {
			<-answered
		}
		running.Load().kill()
		running.Store(start(t, o))
	}
	sending.Wait()
	return running.Load()
}

// insist sends a request until the server that runs has answered it.
func insist(t *testing.T, running *atomic.Pointer[server], request said) {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		a, err := request(running.Load().client)
		switch {
		case err == nil && a.status == http.StatusOK:
			return
		case err == nil && a.status < 500 || time.Now().After(deadline):
			t.Errorf("a request is answered %d %s, %v", a.status, a.body, err)
			return
		}
	}
}
