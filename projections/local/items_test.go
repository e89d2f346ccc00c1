package local_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/quarantine"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

// waits is a list of bodies that become due an hour after they were kept, each twice,
// for a reason that depends on the reader.
var waits = local.Worklist{
	Name: "waits", Version: 1, Names: []codec.Event{quarantine.CallbackQuarantined{}},
	Fold: func(e local.Event) []local.Change {
		kept := e.Event.(quarantine.CallbackQuarantined)
		item := local.Item{Reason: string(kept.Reason), Due: e.RecordedAt.Add(time.Hour), User: "u-" + kept.Digest, Details: []byte(`{"a":1}`)}
		return []local.Change{local.Open(e.ID+"-1", item), local.Open(e.ID+"-2", item)}
	},
}

func day(hour int) time.Time { return time.Date(2024, 5, 1, hour, 0, 0, 0, time.UTC) }

// waiting returns a model of five kept bodies, one an hour.
func waiting(t *testing.T) *local.Model {
	t.Helper()
	m := local.NewOf(t.TempDir(), projectiontest.Slice{}, slog.New(slog.DiscardHandler), []local.Worklist{waits})
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	var events []eventstore.Recorded
	for i := range 5 {
		digest := fmt.Sprint("d", i)
		stream := eventstore.StreamName(quarantine.ID(digest).Stream())
		reason := []quarantine.Reason{quarantine.NotJSON, quarantine.Incomplete}[i%2]
		encoded, err := projectiontest.Encode(stream, quarantine.CallbackQuarantined{Format: "f", Reason: reason, Digest: digest, Length: 1})
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, eventstore.Recorded{Event: encoded[0], Stream: stream, Position: eventstore.Position(i + 7), RecordedAt: day(i)})
	}
	projectiontest.Apply(t, m, events)
	return m
}

// says writes pages down: users in their order.
func says(t *testing.T, m *local.Model, q local.Query) string {
	t.Helper()
	var b strings.Builder
	for {
		page, err := m.Items(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			fmt.Fprintf(&b, "%s%s ", item.User[3:], item.Key[len(item.Key)-2:])
		}
		if q.Cursor = page.Next; page.Next == "" {
			return strings.TrimSpace(b.String())
		}
	}
}

func TestPages(t *testing.T) {
	m := waiting(t)
	const all = "0-1 0-2 1-1 1-2 2-1 2-2 3-1 3-2 4-1 4-2"
	for limit := 0; limit <= 11; limit++ {
		if got := says(t, m, local.Query{List: "waits", Limit: limit}); got != all {
			t.Errorf("pages of %d have %s", limit, got)
		}
	}
	for _, test := range []struct {
		q    local.Query
		want string
	}{
		{local.Query{Reason: "incomplete"}, "1-1 1-2 3-1 3-2"},
		{local.Query{Reason: "none"}, ""},
		{local.Query{Due: day(3)}, "0-1 0-2 1-1 1-2 2-1 2-2"},
		{local.Query{Due: day(3).Add(-1)}, "0-1 0-2 1-1 1-2"},
		{local.Query{Due: day(9), Reason: "not-strict-json"}, "0-1 0-2 2-1 2-2 4-1 4-2"},
		{local.Query{List: "other"}, ""},
	} {
		if test.q.List == "" {
			test.q.List = "waits"
		}
		for limit := 1; limit < 4; limit++ {
			if test.q.Limit = limit; says(t, m, test.q) != test.want {
				t.Errorf("%+v has %s", test.q, says(t, m, test.q))
			}
		}
	}
	if _, err := m.Items(t.Context(), local.Query{List: "waits", Cursor: "x"}); !errors.Is(err, local.ErrCursor) {
		t.Errorf("error is %v", err)
	}
}

func TestAnItemSaysWhatOpenedIt(t *testing.T) {
	m := waiting(t)
	page, err := m.Items(t.Context(), local.Query{List: "waits", Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	item := page.Items[2]
	if item.Position != 8 || item.Stream != "quarantine-d1" || !item.OpenedAt.Equal(day(1)) || !item.Due.Equal(day(2)) ||
		item.Key != item.Event+"-1" || item.Reason != "incomplete" || string(item.Details) != `{"a":1}` {
		t.Errorf("%+v", item)
	}
	if same, found, err := m.Item(t.Context(), "waits", item.Key); err != nil || !found || fmt.Sprint(same) != fmt.Sprint(item) {
		t.Errorf("by key: %+v, %v, %v", same, found, err)
	}
	if _, found, err := m.Item(t.Context(), "waits", "none"); found || err != nil {
		t.Errorf("of no key: %v, %v", found, err)
	}
	want := []local.Count{{"incomplete", 4, day(1)}, {"not-strict-json", 6, day(0)}}
	if fmt.Sprint(page.Counts) != fmt.Sprint(want) || page.Position != 11 {
		t.Errorf("%v at %s", page.Counts, page.Position)
	}
}
