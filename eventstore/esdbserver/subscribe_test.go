package esdbserver_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// next returns the next message of a subscription that is no checkpoint.
func next(sub *esdb.Subscription) *esdb.SubscriptionEvent {
	for {
		if e := sub.Recv(); e.CheckPointReached == nil {
			return e
		}
	}
}

func (s *served) followAll(t *testing.T, client *esdb.Client, options esdb.SubscribeToAllOptions) *esdb.Subscription {
	t.Helper()
	subscription, err := client.SubscribeToAll(s.ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = subscription.Close() })
	return subscription
}

func (s *served) followStream(t *testing.T, client *esdb.Client, stream string, from esdb.StreamPosition) *esdb.Subscription {
	t.Helper()
	subscription, err := client.SubscribeToStream(s.ctx, stream, esdb.SubscribeToStreamOptions{From: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = subscription.Close() })
	return subscription
}

func wantEvent(t *testing.T, got *esdb.SubscriptionEvent, id uuid.UUID) {
	t.Helper()
	if got.EventAppeared == nil || got.EventAppeared.Event.EventID != id {
		t.Fatalf("got %+v, want event %s", got, id)
	}
}

func wantCaughtUp(t *testing.T, got *esdb.SubscriptionEvent) {
	t.Helper()
	if got.CaughtUp == nil {
		t.Fatalf("got %+v, want caught up", got)
	}
}

func TestSubscribeToAll(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	events := makeEvents(4)
	first := s.write(t, client, "order-1", esdb.NoStream{}, events[:2]...)
	start := s.followAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	end := s.followAll(t, client, esdb.SubscribeToAllOptions{From: esdb.End{}})
	behind := s.followAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Position{Commit: first.CommitPosition - 1, Prepare: first.CommitPosition - 1}})
	wantEvent(t, next(start), events[0].EventID)
	wantEvent(t, next(start), events[1].EventID)
	wantEvent(t, next(behind), events[1].EventID)
	for _, subscription := range []*esdb.Subscription{start, end, behind} {
		wantCaughtUp(t, next(subscription))
	}
	s.write(t, client, "order-2", esdb.NoStream{}, events[2:]...)
	for _, subscription := range []*esdb.Subscription{start, end, behind} {
		wantEvent(t, next(subscription), events[2].EventID)
		wantEvent(t, next(subscription), events[3].EventID)
	}
}

func TestSubscribeToStream(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	missing := s.followStream(t, client, "order-1", esdb.Start{})
	wantCaughtUp(t, next(missing))
	events := makeEvents(4)
	s.write(t, client, "order-1", esdb.NoStream{}, events[:3]...)
	s.write(t, client, "order-2", esdb.NoStream{}, makeEvents(3)...)
	behind := s.followStream(t, client, "order-1", esdb.Revision(1))
	end := s.followStream(t, client, "order-1", esdb.End{})
	for i := range 3 {
		wantEvent(t, next(missing), events[i].EventID)
	}
	wantEvent(t, next(behind), events[2].EventID)
	wantCaughtUp(t, next(behind))
	wantCaughtUp(t, next(end))
	s.write(t, client, "order-1", esdb.Revision(2), events[3])
	for _, subscription := range []*esdb.Subscription{missing, behind, end} {
		wantEvent(t, next(subscription), events[3].EventID)
	}
}

// A subscriber that stops after every message and goes on from there sees
// each event that passes its filter once, whether it goes on from the event or
// from the checkpoint.
func TestResumeAfterEveryMessage(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	var want []uuid.UUID
	for i := range 30 {
		events := makeEvents(1 + i%3)
		s.write(t, client, fmt.Sprintf("wanted-%d", i), esdb.NoStream{}, events...)
		want = append(want, proposedIDs(events)...)
		for range i % 5 {
			s.write(t, client, "other-1", esdb.Any{}, makeEvents(3)...)
		}
	}
	for _, interval := range []int{1, 7} {
		filter := &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"wanted-"}}
		options := esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: filter, MaxSearchWindow: 1, CheckpointInterval: interval}
		var got []uuid.UUID
		for caughtUp := false; !caughtUp; {
			ctx, cancel := context.WithCancel(s.ctx)
			subscription, err := client.SubscribeToAll(ctx, options)
			if err != nil {
				t.Fatal(err)
			}
			switch e := subscription.Recv(); {
			case e.EventAppeared != nil:
				got = append(got, e.EventAppeared.Event.EventID)
				options.From = e.EventAppeared.Event.Position
			case e.CheckPointReached != nil:
				options.From = *e.CheckPointReached
			case e.CaughtUp != nil:
				caughtUp = true
			default:
				t.Fatalf("got %+v", e)
			}
			_ = subscription.Close()
			cancel()
		}
		wantEqual(t, fmt.Sprintf("delivered with interval %d", interval), got, want)
	}
}

// A checkpoint is never ahead of an event that is still to come, and comes at
// least as often as the interval says.
func TestCheckpoints(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	const events, interval = 450, 32 // a third of them passes the filter
	for i := range events / 5 {
		s.write(t, client, fmt.Sprintf("a%d-1", i%3), esdb.Any{}, makeEvents(5)...)
	}
	subscription := s.followAll(t, client, esdb.SubscribeToAllOptions{
		From: esdb.Start{}, Filter: &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^a1-"},
	})
	var writing sync.WaitGroup
	defer writing.Wait() // the client is closed behind it
	writing.Go(func() {
		for i := range events / 5 {
			_, _ = client.AppendToStream(s.ctx, fmt.Sprintf("a%d-1", i%3), esdb.AppendToStreamOptions{}, makeEvents(5)...)
		}
	})
	var checkpoint, last uint64
	for count := 0; count < 2*events/3; {
		switch e := subscription.Recv(); {
		case e.EventAppeared != nil:
			count++
			last = e.EventAppeared.Event.Position.Commit
			if !strings.HasPrefix(e.EventAppeared.Event.StreamID, "a1-") || last <= checkpoint {
				t.Fatalf("event of %s at %d behind checkpoint %d", e.EventAppeared.Event.StreamID, last, checkpoint)
			}
			if last > checkpoint+interval {
				t.Fatalf("no checkpoint between %d and %d", checkpoint, last)
			}
		case e.CheckPointReached != nil:
			if e.CheckPointReached.Commit <= checkpoint || e.CheckPointReached.Commit < last {
				t.Fatalf("checkpoint %d behind %d and event %d", e.CheckPointReached.Commit, checkpoint, last)
			}
			checkpoint = e.CheckPointReached.Commit
		case e.SubscriptionDropped != nil:
			t.Fatal(e.SubscriptionDropped.Error)
		}
	}
}

func TestFilters(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	for _, stream := range []string{"order-1", "orders-1", "payout-1", "$system"} {
		for _, kind := range []string{"PaymentReceived", "PaymentHeld", "$internal"} {
			e := makeEvents(1)[0]
			e.EventType = kind
			s.write(t, client, stream, esdb.Any{}, e)
		}
	}
	for _, c := range []struct {
		filter *esdb.SubscriptionFilter
		want   int
	}{
		{&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"order-"}}, 3},
		{&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"order-", "payout-"}}, 6},
		{&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "rs"}, 3},
		{&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"Payment"}}, 8},
		{&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "Held$"}, 4},
		{esdb.ExcludeSystemEventsFilter(), 8},
		{&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"nothing"}}, 0},
		{nil, 12},
	} {
		subscription := s.followAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: c.filter})
		got := 0
		for e := next(subscription); e.CaughtUp == nil; e = next(subscription) {
			if e.SubscriptionDropped != nil {
				t.Fatal(e.SubscriptionDropped.Error)
			}
			got++
		}
		wantEqual(t, fmt.Sprintf("%+v", c.filter), got, c.want)
	}
}

// Stop ends subscriptions in a way that clients take for a reason to connect
// again, and lets reads finish.
func TestStopEndsSubscriptions(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	all := s.followAll(t, client, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	stream := s.followStream(t, client, "order-1", esdb.Start{})
	wantCaughtUp(t, next(all))
	wantCaughtUp(t, next(stream))
	begin := time.Now()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	s.server.Stop(ctx)
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("stopping took %s", took)
	}
	for _, subscription := range []*esdb.Subscription{all, stream} {
		e := next(subscription)
		if e.SubscriptionDropped == nil || status.Code(e.SubscriptionDropped.Error) != codes.Unavailable {
			t.Errorf("got %+v", e.SubscriptionDropped)
		}
	}
	_, err := client.AppendToStream(s.ctx, "order-1", esdb.AppendToStreamOptions{}, makeEvents(1)...)
	if err == nil {
		t.Error("a server that was stopped answers")
	}
}
