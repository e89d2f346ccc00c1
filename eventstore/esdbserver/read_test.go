package esdbserver_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
)

// withoutTail is a store that does not know how long it is.
type withoutTail struct {
	eventstore.Store
}

// Any read of a stream or of all of them is a piece of what was written.
func TestReadsArePiecesOfTheLog(t *testing.T) {
	t.Run("of a store that knows its end", func(t *testing.T) {
		testReads(t, serveScratch(t))
	})
	t.Run("of any store", func(t *testing.T) {
		store := withoutTail{openStore(t, t.TempDir())}
		if err := esdbserver.CreateScratch(t.Context(), store); err != nil {
			t.Fatal(err)
		}
		testReads(t, serve(t, store, esdbserver.Options{AllowAnonymous: true, Writable: true}))
	})
}

func testReads(t *testing.T, s *served) {
	client := s.client(t)
	var log []*esdb.RecordedEvent
	byStream := make(map[string][]*esdb.RecordedEvent)
	const stream = "long-1" // longer than a page of the store and a window
	for i, count := range []int{1, 700, 3, 900, 2} {
		name := stream
		if i%2 == 0 {
			name = fmt.Sprintf("short-%d", i)
		}
		s.write(t, client, name, esdb.Any{}, makeEvents(count)...)
	}
	log, err := read(client.ReadAll(s.ctx, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64))
	if err != nil || len(log) != 1606 {
		t.Fatalf("%d events: %v", len(log), err)
	}
	for _, e := range log {
		byStream[e.StreamID] = append(byStream[e.StreamID], e)
	}
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.OneOf(rapid.Uint64Range(1, 2000), rapid.Just(uint64(1)), rapid.Just(uint64(math.MaxInt64))).Draw(rt, "count")
		direction := rapid.SampledFrom([]esdb.Direction{esdb.Forwards, esdb.Backwards}).Draw(rt, "direction")
		place := rapid.SampledFrom([]string{"start", "end", "at"}).Draw(rt, "place")
		var got, want []*esdb.RecordedEvent
		var err error
		if rapid.Bool().Draw(rt, "one stream") {
			whole := byStream[stream]
			from := rapid.Uint64Range(0, uint64(len(whole)+10)).Draw(rt, "revision")
			if direction == esdb.Forwards && place == "end" {
				place = "at"
			}
			options := esdb.ReadStreamOptions{Direction: direction, From: map[string]esdb.StreamPosition{"start": esdb.Start{}, "end": esdb.End{}, "at": esdb.Revision(from)}[place]}
			got, err = read(client.ReadStream(s.ctx, stream, options, count))
			low := map[string]int{"start": 0, "end": len(whole), "at": int(from)}[place]
			want = piece(whole, direction, min(low, len(whole)), min(low+1, len(whole)))
		} else {
			i := rapid.IntRange(0, len(log)-1).Draw(rt, "index")
			options := esdb.ReadAllOptions{Direction: direction, From: map[string]esdb.AllPosition{"start": esdb.Start{}, "end": esdb.End{}, "at": log[i].Position}[place]}
			got, err = read(client.ReadAll(s.ctx, options, count))
			low := map[string]int{"start": 0, "end": len(log), "at": i}[place]
			want = piece(log, direction, low, low)
		}
		if err != nil {
			rt.Fatal(err)
		}
		want = want[:min(count, uint64(len(want)))]
		if !slices.EqualFunc(got, want, func(a, b *esdb.RecordedEvent) bool { return a.EventID == b.EventID && a.Position == b.Position }) {
			rt.Errorf("got %d events, want %d", len(got), len(want))
		}
	})
}

// piece is what is read from a place: forwards behind it, backwards before it.
func piece(events []*esdb.RecordedEvent, direction esdb.Direction, forwards, backwards int) []*esdb.RecordedEvent {
	if direction == esdb.Forwards {
		return events[forwards:]
	}
	reversed := slices.Clone(events[:backwards])
	slices.Reverse(reversed)
	return reversed
}

func TestReadOfMissingStream(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	for _, options := range []esdb.ReadStreamOptions{{}, {From: esdb.Revision(7)}, {Direction: esdb.Backwards, From: esdb.End{}}} {
		for _, stream := range []string{"order-1", "$$order-1", "$all-but-not"} {
			_, err := read(client.ReadStream(s.ctx, stream, options, 10))
			wantCode(t, stream, err, esdb.ErrorCodeResourceNotFound)
		}
	}
	// Behind the end of a stream there is nothing, and the stream.
	s.write(t, client, "order-1", esdb.NoStream{}, makeEvents(1)...)
	events, err := read(client.ReadStream(s.ctx, "order-1", esdb.ReadStreamOptions{From: esdb.Revision(7)}, 10))
	if err != nil || len(events) != 0 {
		t.Errorf("got %v, %v", events, err)
	}
}

// Reading large events backwards holds few of them, and misses none.
func TestLargeEventsBackwards(t *testing.T) {
	if testing.Short() {
		t.Skip("moves tens of megabytes: nothing for the race detector")
	}
	s := serveScratch(t)
	client := s.client(t)
	var want []uuid.UUID
	for i := range 40 {
		e := makeEvents(1)[0]
		e.Data = make([]byte, 100_000+i*10_000)
		s.write(t, client, "large-1", esdb.Any{}, e)
		want = append(want, e.EventID)
	}
	slices.Reverse(want)
	events, err := read(client.ReadStream(s.ctx, "large-1", esdb.ReadStreamOptions{Direction: esdb.Backwards, From: esdb.End{}}, 100))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "stream", idsOf(events), want)
	if events, err = read(client.ReadAll(s.ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 100)); err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "all", idsOf(events), want)
}

// What there is no reader for is refused, and nothing worse happens.
func TestRequestsThatAreNone(t *testing.T) {
	s := serveScratch(t)
	stubs := s.stubs(t)
	valid := func() *streams.ReadReq {
		return &streams.ReadReq{Options: &streams.ReadReq_Options{
			StreamOption: &streams.ReadReq_Options_All{All: &streams.ReadReq_Options_AllOptions{AllOption: &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}}},
			CountOption:  &streams.ReadReq_Options_Count{Count: 1},
			FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
			UuidOption:   &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
		}}
	}
	filtered := func(change func(*streams.ReadReq_Options_FilterOptions)) func(*streams.ReadReq_Options) {
		return func(o *streams.ReadReq_Options) {
			f := &streams.ReadReq_Options_FilterOptions{
				Filter:                       &streams.ReadReq_Options_FilterOptions_EventType{EventType: &streams.ReadReq_Options_FilterOptions_Expression{Prefix: []string{"a"}}},
				Window:                       &streams.ReadReq_Options_FilterOptions_Max{Max: 1},
				CheckpointIntervalMultiplier: 1,
			}
			change(f)
			o.FilterOption = &streams.ReadReq_Options_Filter{Filter: f}
		}
	}
	regex := func(text string) func(*streams.ReadReq_Options) {
		return filtered(func(f *streams.ReadReq_Options_FilterOptions) {
			f.GetEventType().Regex = text
		})
	}
	for name, change := range map[string]func(*streams.ReadReq_Options){
		"no stream":             func(o *streams.ReadReq_Options) { o.StreamOption = nil },
		"no position":           func(o *streams.ReadReq_Options) { o.GetAll().AllOption = nil },
		"no name":               func(o *streams.ReadReq_Options) { o.StreamOption = &streams.ReadReq_Options_Stream{} },
		"no count":              func(o *streams.ReadReq_Options) { o.CountOption = nil },
		"count 0":               func(o *streams.ReadReq_Options) { o.CountOption = &streams.ReadReq_Options_Count{} },
		"neither filter nor no": func(o *streams.ReadReq_Options) { o.FilterOption = nil },
		"no form of ids":        func(o *streams.ReadReq_Options) { o.UuidOption = nil },
		"backwards for ever": func(o *streams.ReadReq_Options) {
			o.ReadDirection, o.CountOption = streams.ReadReq_Options_Backwards, &streams.ReadReq_Options_Subscription{}
		},
		"filter without anything": func(o *streams.ReadReq_Options) {
			o.FilterOption = &streams.ReadReq_Options_Filter{}
		},
		"filter without window": filtered(func(f *streams.ReadReq_Options_FilterOptions) { f.Window = nil }),
		"subscription with a filter without interval": func(o *streams.ReadReq_Options) {
			filtered(func(f *streams.ReadReq_Options_FilterOptions) { f.CheckpointIntervalMultiplier = 0 })(o)
			o.CountOption = &streams.ReadReq_Options_Subscription{}
		},
		"expression not closed":   regex("("),
		"expression of .NET":      regex("(?<=a)b"),
		"expression that is long": regex(string(slices.Repeat([]byte{'a'}, 5000))),
	} {
		request := valid()
		change(request.Options)
		stream, err := stubs.Read(s.ctx, request)
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// The official .NET client reads with an interval of 0; EventStoreDB looks at it
	// in subscriptions alone, and takes ids to be structured.
	for name, change := range map[string]func(*streams.ReadReq_Options){
		"filter without interval": filtered(func(f *streams.ReadReq_Options_FilterOptions) { f.CheckpointIntervalMultiplier = 0 }),
		"window of nothing": filtered(func(f *streams.ReadReq_Options_FilterOptions) {
			f.Window = &streams.ReadReq_Options_FilterOptions_Max{}
		}),
		"backwards": func(o *streams.ReadReq_Options) {
			filtered(func(f *streams.ReadReq_Options_FilterOptions) { f.CheckpointIntervalMultiplier = 0 })(o)
			o.ReadDirection, o.GetAll().AllOption = streams.ReadReq_Options_Backwards, &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}
		},
		"a form of ids that says nothing": func(o *streams.ReadReq_Options) { o.UuidOption = &streams.ReadReq_Options_UUIDOption{} },
	} {
		request := valid()
		change(request.Options)
		stream, err := stubs.Read(s.ctx, request)
		for err == nil {
			_, err = stream.Recv()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := stubs.Delete(s.ctx, &streams.DeleteReq{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("delete nothing: %v", err)
	}
	if _, err := stubs.Tombstone(s.ctx, &streams.TombstoneReq{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("tombstone nothing: %v", err)
	}
	proposed := &streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: &streams.AppendReq_ProposedMessage{}}}
	options := &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte("order-1")}, ExpectedStreamRevision: &streams.AppendReq_Options_Any{},
	}}}
	nameless := &streams.AppendReq{Content: &streams.AppendReq_Options_{Options: &streams.AppendReq_Options{}}}
	for name, messages := range map[string][]*streams.AppendReq{
		"event without options": {proposed}, "event without type": {options, proposed}, "options twice": {options, options},
		"stream without name": {nameless}, "empty message": {{}},
	} {
		call, err := stubs.Append(s.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range messages {
			if err := call.Send(message); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := call.CloseAndRecv(); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
