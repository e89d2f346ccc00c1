package eventstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/eventstore"
)

// The ids were computed by another program from the description of DeriveID.
// They are in logs: a change here is a fault.
func TestDerivedIDsAreFixed(t *testing.T) {
	for _, each := range []struct {
		stream   eventstore.StreamName
		cause    string
		revision eventstore.Revision
		want     string
	}{
		{"order-coinbase.5RTQNACF", `{"order":{}}`, 0, "afa73e86-66b0-8b0d-8a9a-673f8be59e4e"},
		{"order-coinbase.5RTQNACF", `{"order":{}}`, 1, "721d4390-b2b5-803b-9cb9-982d4d8bc114"},
		{"payout-1", "", 0, "c72c8618-6389-8337-9f7a-e623f5f7e40e"},
	} {
		if got := eventstore.DeriveID(each.stream, each.cause, each.revision).String(); got != each.want {
			t.Errorf("%s %q %d: got %s, want %s", each.stream, each.cause, each.revision, got, each.want)
		}
	}
}

func TestDerivedIDsDifferWithStreamCauseAndRevision(t *testing.T) {
	seen := make(map[eventstore.EventID]string)
	for _, stream := range []eventstore.StreamName{"order-1", "order-11", "payout-1"} {
		for _, cause := range []string{"", "1", "11"} {
			for revision := range eventstore.Revision(3) {
				id := eventstore.DeriveID(stream, cause, revision)
				if other, ok := seen[id]; ok {
					t.Errorf("%s %q %d has the id of %s", stream, cause, revision, other)
				}
				seen[id] = string(stream) + cause
			}
		}
	}
}

func TestEventIDsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := eventstore.EventID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var got eventstore.EventID
		if err := got.UnmarshalText(text); err != nil || got != want {
			t.Fatalf("%s came back as %s: %v", want, got, err)
		}
	})
	for _, text := range []string{"", "afa73e8666b08b0d8a9a673f8be59e4e", "afa73e86-66b0-8b0d-8a9a-673f8be59e4", "afa73e86-66b0-8b0d-8a9a-673f8be59e4g", "afa73e86_66b0_8b0d_8a9a_673f8be59e4e"} {
		var id eventstore.EventID
		if err := id.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestPositionsAreStringsInJSON(t *testing.T) {
	const large = eventstore.Position(1<<63 - 1)
	encoded, err := json.Marshal(map[string]eventstore.Position{"position": large})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"position":"9223372036854775807"}`; string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
	var decoded map[string]eventstore.Position
	if err := json.Unmarshal(encoded, &decoded); err != nil || decoded["position"] != large {
		t.Errorf("came back as %v: %v", decoded, err)
	}
	for _, text := range []string{"", "-1", "1.5", "0x10", " 1", "9223372036854775808"} {
		if _, err := eventstore.ParsePosition(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestExpectationsSayWhatComesNext(t *testing.T) {
	for _, each := range []struct {
		expected eventstore.Expected
		next     eventstore.Revision
		text     string
	}{
		{eventstore.Expected{}, 0, "no stream"},
		{eventstore.NoStream, 0, "no stream"},
		{eventstore.At(0), 1, "revision 0"},
		{eventstore.At(41), 42, "revision 41"},
	} {
		if each.expected.Next() != each.next || each.expected.String() != each.text {
			t.Errorf("%s is followed by %d, want %d", each.expected, each.expected.Next(), each.next)
		}
	}
}

func TestCheck(t *testing.T) {
	valid := func() []eventstore.Event {
		return []eventstore.Event{{
			ID:       eventstore.EventID{1},
			Type:     "OrderRegistered",
			Schema:   1,
			Data:     []byte(`{}`),
			Metadata: []byte(`{"actor":"a"}`),
		}}
	}
	for _, each := range []struct {
		name   string
		stream eventstore.StreamName
		change func(e *eventstore.Event)
		want   error
	}{
		{"a valid event", "order-1", func(*eventstore.Event) {}, nil},
		{"no stream", "", func(*eventstore.Event) {}, eventstore.ErrInvalid},
		{"no id", "order-1", func(e *eventstore.Event) { e.ID = eventstore.EventID{} }, eventstore.ErrInvalid},
		{"no type", "order-1", func(e *eventstore.Event) { e.Type = "" }, eventstore.ErrInvalid},
		{"schema 0", "order-1", func(e *eventstore.Event) { e.Schema = 0 }, eventstore.ErrInvalid},
		{"no data", "order-1", func(e *eventstore.Event) { e.Data = nil }, eventstore.ErrInvalid},
		{"data that is no object", "order-1", func(e *eventstore.Event) { e.Data = []byte(`[1]`) }, eventstore.ErrInvalid},
		{"no metadata", "order-1", func(e *eventstore.Event) { e.Metadata = nil }, eventstore.ErrInvalid},
		{"metadata with space behind", "order-1", func(e *eventstore.Event) { e.Metadata = []byte("{}\n") }, eventstore.ErrInvalid},
		{"the largest append", "order-1", func(e *eventstore.Event) { e.Data = filler(e, 0) }, nil},
		{"a byte more", "order-1", func(e *eventstore.Event) { e.Data = filler(e, 1) }, eventstore.ErrTooLarge},
	} {
		events := valid()
		each.change(&events[0])
		if err := eventstore.Check(each.stream, events); !errors.Is(err, each.want) {
			t.Errorf("%s: got error %v, want %v", each.name, err, each.want)
		}
	}
	if err := eventstore.Check("order-1", nil); !errors.Is(err, eventstore.ErrInvalid) {
		t.Errorf("no events: got error %v", err)
	}
	if err := eventstore.Check("order-1", slowlyTooLarge(valid()[0])); !errors.Is(err, eventstore.ErrTooLarge) {
		t.Errorf("many events: got error %v", err)
	}
}

// filler returns data that makes an event fill an append, and some bytes more.
func filler(e *eventstore.Event, more int) []byte {
	size := eventstore.MaxAppendBytes - len(e.Type) - len(e.Metadata) + more
	return []byte(`{"t":"` + strings.Repeat("x", size-8) + `"}`)
}

func slowlyTooLarge(event eventstore.Event) []eventstore.Event {
	event.Data = append(append([]byte(`{`), bytes.Repeat([]byte(" "), 10_000)...), '}')
	var events []eventstore.Event
	for range 90 {
		events = append(events, event)
	}
	return events
}
