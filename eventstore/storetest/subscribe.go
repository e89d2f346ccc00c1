package storetest

import (
	"context"
	"testing"

	"daybook/eventstore"
)

var subscribeTests = []test{
	{name: "a subscription catches up, says so and goes on live", run: func(t *testing.T, f *fixture) {
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 3)
		s := f.subscribe(t, f.start)
		got := []eventstore.EventID{s.event(t).ID, s.event(t).ID, s.event(t).ID}
		s.caughtUp(t)
		for i := range 5 {
			f.append(t, stream, eventstore.At(eventstore.Revision(2+i)), 1)
			got = append(got, s.event(t).ID)
		}
		wantEqual(t, "delivered", got, f.ids(t, stream))
	}},
	{name: "a subscription at the end of the log is caught up at once and misses nothing", run: func(t *testing.T, f *fixture) {
		s := f.subscribe(t, f.start)
		s.caughtUp(t)
		stream := f.stream()
		events := makeEvents(stream, "live", 2)
		f.appendEvents(t, stream, eventstore.NoStream, events)
		wantEqual(t, "delivered", []eventstore.EventID{s.event(t).ID, s.event(t).ID}, idsOf(events))
	}},
	{name: "a subscriber that stops after every event and resumes sees each once", run: func(t *testing.T, f *fixture) {
		for range 3 {
			f.append(t, f.stream(), eventstore.NoStream, 2)
		}
		all := f.own(t)
		after := f.start
		for _, want := range all {
			for message, err := range f.Subscribe(f.ctx, after) {
				if err != nil {
					t.Fatal(err)
				}
				after = message.Position
				if message.Event == nil || !f.isOwn(message.Event.Stream) {
					continue
				}
				wantEqual(t, "event", *message.Event, want)
				wantEqual(t, "position", message.Position, want.Position)
				break
			}
		}
	}},
	{name: "a mark is never ahead of an event that is still to come", run: func(t *testing.T, f *fixture) {
		s := f.subscribe(t, f.start)
		var last eventstore.Appended
		for range 20 {
			last = f.append(t, f.stream(), eventstore.NoStream, 1)
		}
		var marked eventstore.Position
		for {
			message := s.next(t)
			if message.Event == nil {
				marked = max(marked, message.Position)
				continue
			}
			if message.Position <= marked {
				t.Errorf("the event at %s comes after a mark at %s", message.Position, marked)
			}
			if message.Position == last.Position {
				break
			}
		}
	}},
	{name: "several subscribers see the same events while they are written", run: func(t *testing.T, f *fixture) {
		var subscribers [4]*subscription
		for i := range subscribers {
			subscribers[i] = f.subscribe(t, f.start)
		}
		const events = 50
		written := make(chan struct{})
		go func() {
			defer close(written)
			for range events {
				stream := f.stream()
				if _, err := f.Append(f.ctx, stream, eventstore.NoStream, makeEvents(stream, "shared", 1)...); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		var seen [len(subscribers)][]eventstore.Recorded
		for range events {
			for i, s := range subscribers {
				seen[i] = append(seen[i], s.event(t))
			}
		}
		<-written
		for i := range seen {
			wantEqual(t, "seen", seen[i], f.own(t))
		}
	}},
	{name: "a subscriber that stands still does not hold up appends and loses nothing", run: func(t *testing.T, f *fixture) {
		s := f.subscribe(t, f.start)
		stream := f.stream()
		f.append(t, stream, eventstore.NoStream, 1)
		got := []eventstore.EventID{s.event(t).ID} // it is at the next event and nobody takes it
		for i := range 100 {
			f.append(t, stream, eventstore.At(eventstore.Revision(i)), 1)
		}
		for range 100 {
			got = append(got, s.event(t).ID)
		}
		wantEqual(t, "delivered", got, f.ids(t, stream))
	}},
	{name: "a cancelled subscription ends with one error", run: func(t *testing.T, f *fixture) {
		f.append(t, f.stream(), eventstore.NoStream, 1)
		for name, until := range map[string]func(eventstore.Message) bool{
			"at an event": func(m eventstore.Message) bool { return m.Event != nil },
			"waiting":     func(m eventstore.Message) bool { return m.CaughtUp },
		} {
			ctx, cancel := context.WithCancel(f.ctx)
			var errors []error
			for message, err := range f.Subscribe(ctx, f.start) {
				if err != nil {
					errors = append(errors, err)
					continue
				}
				if until(message) {
					cancel()
				}
			}
			cancel()
			if len(errors) != 1 {
				t.Errorf("%s: got errors %v", name, errors)
				continue
			}
			wantError(t, errors[0], context.Canceled)
		}
	}},
}

// subscription runs a subscription and hands out its messages one by one. It
// ends with the test.
type subscription struct {
	f        *fixture
	messages chan eventstore.Message
	failed   chan error
}

func (f *fixture) subscribe(t *testing.T, after eventstore.Position) *subscription {
	ctx, cancel := context.WithCancel(f.ctx)
	s := &subscription{f: f, messages: make(chan eventstore.Message), failed: make(chan error, 1)}
	done := make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-done
	})
	sequence := f.Subscribe(ctx, after)
	go func() {
		defer close(done)
		for message, err := range sequence {
			if err != nil {
				s.failed <- err
				return
			}
			select {
			case s.messages <- message:
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

// next returns the next message that is a mark or an event of this test.
func (s *subscription) next(t *testing.T) eventstore.Message {
	t.Helper()
	for {
		select {
		case message := <-s.messages:
			if message.Event == nil || s.f.isOwn(message.Event.Stream) {
				return message
			}
		case err := <-s.failed:
			t.Fatalf("subscription: %v", err)
		}
	}
}

func (s *subscription) event(t *testing.T) eventstore.Recorded {
	t.Helper()
	for {
		if message := s.next(t); message.Event != nil {
			return *message.Event
		}
	}
}

// caughtUp reads up to the mark that says so; no event may come before it.
func (s *subscription) caughtUp(t *testing.T) {
	t.Helper()
	for {
		message := s.next(t)
		if message.Event != nil {
			t.Fatalf("got event %v before the mark", message.Event)
		}
		if message.CaughtUp {
			return
		}
	}
}
