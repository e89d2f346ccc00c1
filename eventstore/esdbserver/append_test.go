package esdbserver_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"daybook/eventstore/esdbserver"
)

// The table of decisions of EventStoreDB: a stream of three events, and what
// an append comes to. Events are named by their place in the stream; new ones
// by a letter.
func TestAppendDecisions(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	const wrong = -1
	for _, c := range []struct {
		name     string
		expected esdb.ExpectedRevision
		append   string
		want     int // the revision, or wrong
		length   int // of the stream afterwards
	}{
		{"any, new", esdb.Any{}, "a", 3, 4},
		{"any, all known", esdb.Any{}, "012", 2, 3},
		{"any, some known, not at the end", esdb.Any{}, "01", 1, 3},
		{"any, first known, then new", esdb.Any{}, "2a", wrong, 3},
		{"any, first new, then known", esdb.Any{}, "a0", 4, 5},
		{"exists, new", esdb.StreamExists{}, "a", 3, 4},
		{"exists, known", esdb.StreamExists{}, "12", 2, 3},
		{"no stream, new", esdb.NoStream{}, "a", wrong, 3},
		{"no stream, the same", esdb.NoStream{}, "012", 2, 3},
		{"no stream, the beginning", esdb.NoStream{}, "01", 1, 3},
		{"no stream, the same and more", esdb.NoStream{}, "012a", wrong, 3},
		{"no stream, the same and another", esdb.NoStream{}, "0a", wrong, 3},
		{"at the end, new", esdb.Revision(2), "ab", 4, 5},
		{"at the end, known elsewhere", esdb.Revision(2), "0", 3, 4},
		{"before the end, the same", esdb.Revision(0), "12", 2, 3},
		{"before the end, part of it", esdb.Revision(0), "1", 1, 3},
		{"before the end, new", esdb.Revision(0), "a", wrong, 3},
		{"before the end, not in order", esdb.Revision(0), "21", wrong, 3},
		{"before the end, past it", esdb.Revision(1), "2a", wrong, 3},
		{"behind the end", esdb.Revision(3), "a", wrong, 3},
		{"far behind the end", esdb.Revision(math.MaxInt64 - 1), "a", wrong, 3},
		{"the same twice in one append", esdb.Revision(2), "aa", 4, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream := "table-" + strings.ReplaceAll(c.name, " ", "_")
			old := makeEvents(3)
			last := s.write(t, client, stream, esdb.NoStream{}, old...)
			fresh := makeEvents(2)
			var events []esdb.EventData
			for _, letter := range c.append {
				if letter >= 'a' {
					events = append(events, fresh[letter-'a'])
				} else {
					events = append(events, old[letter-'0'])
				}
			}
			result, err := client.AppendToStream(s.ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: c.expected}, events...)
			if c.want == wrong {
				wantCode(t, "append", err, esdb.ErrorCodeWrongExpectedVersion)
				if err != nil && !strings.Contains(err.Error(), "but got '2'") {
					t.Errorf("the error does not say where the stream is: %v", err)
				}
			} else if err != nil || result.NextExpectedVersion != uint64(c.want) {
				t.Errorf("got %v and error %v, want revision %d", result, err, c.want)
			}
			stored := s.readOf(t, client, stream)
			wantEqual(t, "length", len(stored), c.length)
			if err == nil {
				position := stored[c.want].Position.Commit
				if result.CommitPosition != position || result.PreparePosition != position || position == 0 {
					t.Errorf("position is %d %d, that of the event %d", result.CommitPosition, result.PreparePosition, position)
				}
				if c.length > 3 && position <= last.CommitPosition {
					t.Errorf("position %d is not behind %d", position, last.CommitPosition)
				}
			}
		})
	}
}

func TestAppendToMissingStream(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	for i, expected := range []esdb.ExpectedRevision{esdb.Any{}, esdb.NoStream{}} {
		if result := s.write(t, client, fmt.Sprintf("new-%d", i), expected, makeEvents(2)...); result.NextExpectedVersion != 1 {
			t.Errorf("got %v", result)
		}
	}
	for _, expected := range []esdb.ExpectedRevision{esdb.StreamExists{}, esdb.Revision(0)} {
		_, err := client.AppendToStream(s.ctx, "new-x", esdb.AppendToStreamOptions{ExpectedRevision: expected}, makeEvents(1)...)
		wantCode(t, fmt.Sprint(expected), err, esdb.ErrorCodeWrongExpectedVersion)
		if err != nil && !strings.Contains(err.Error(), "no_stream") {
			t.Errorf("got %v", err)
		}
	}
}

// Repeating with an exact expectation is recognised for ever, also by a server
// that has been started again.
func TestRepeatAfterRestart(t *testing.T) {
	directory := t.TempDir()
	events := makeEvents(3)
	var first *esdb.WriteResult
	for range 2 {
		t.Run("", func(t *testing.T) {
			store := openStore(t, directory)
			if err := esdbserver.CreateScratch(t.Context(), store); err != nil {
				t.Fatal(err)
			}
			s := serve(t, store, esdbserver.Options{AllowAnonymous: true, Writable: true})
			result := s.write(t, s.client(t), "order-1", esdb.NoStream{}, events...)
			if first == nil {
				first = result
			}
			wantEqual(t, "result", result, first)
		})
	}
}

func TestContentOfAnyKind(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	events := makeEvents(6)
	events[0].Data, events[0].Metadata = nil, nil
	events[1].Data, events[1].Metadata, events[1].ContentType = []byte{0, 1, 0xff}, []byte{0xfe}, esdb.ContentTypeBinary
	events[2].Data, events[2].Metadata = []byte(`[1,2]`), []byte(`"text"`)
	events[3].Data, events[3].ContentType = []byte(`{"is":"an object, and said to be none"}`), esdb.ContentTypeBinary
	events[4].Data = []byte(`{"not quite JSON"}`)
	events[5].EventType = "$system type/with space"
	for _, stream := range []string{"order-1", "no_category", "Ünïcödé 😀", "$system", "-", "a/b?c=d&e%20", strings.Repeat("x", 400)} {
		s.write(t, client, stream, esdb.NoStream{}, events...)
		for i, got := range s.readOf(t, client, stream) {
			want := events[i]
			wantEqual(t, "id", got.EventID, want.EventID)
			wantEqual(t, "type", got.EventType, want.EventType)
			wantEqual(t, "data", string(got.Data), string(want.Data))
			wantEqual(t, "metadata", string(got.UserMetadata), string(want.Metadata))
			wantEqual(t, "JSON", got.ContentType == "application/json", want.ContentType == esdb.ContentTypeJson)
			wantEqual(t, "stream", got.StreamID, stream)
		}
	}
	_, err := client.AppendToStream(s.ctx, strings.Repeat("ü", 400), esdb.AppendToStreamOptions{}, events...)
	if err == nil {
		t.Error("a name that is too long is accepted")
	}
}

func TestLargeAppends(t *testing.T) {
	s := serveScratch(t)
	client := s.client(t)
	const most = 1 << 20
	large := makeEvents(1)[0]
	large.Metadata = nil
	for _, fill := range []func(int) []byte{
		func(n int) []byte { return make([]byte, n) },
		func(n int) []byte { return []byte(`{"text":"` + strings.Repeat("x", n-len(`{"text":""}`)) + `"}`) },
	} {
		for i, size := range []int{most - len(large.EventType), most - len(large.EventType) + 1} {
			stream := fmt.Sprintf("large-%d-%d", size, len(fill(20)[:1])+int(fill(20)[0]))
			large.EventID, large.Data = makeEvents(1)[0].EventID, fill(size)
			_, err := client.AppendToStream(s.ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}, large)
			if i == 1 {
				if err == nil || !strings.Contains(err.Error(), "Maximum Append Size of 1048576 Exceeded") {
					t.Errorf("got %v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if again := s.write(t, client, stream, esdb.NoStream{}, large); again.NextExpectedVersion != 0 {
				t.Errorf("repeated: %v", again)
			}
			if got := s.readOf(t, client, stream); len(got) != 1 || string(got[0].Data) != string(large.Data) {
				t.Error("what was written is not what is read")
			}
		}
	}
	// The client is still sending when the limit is reached, and hears of it.
	many := makeEvents(60)
	for i := range many {
		many[i].Data = make([]byte, 100_000)
	}
	_, err := client.AppendToStream(s.ctx, "large-many", esdb.AppendToStreamOptions{}, many...)
	if err == nil || !strings.Contains(err.Error(), "Maximum Append Size") {
		t.Errorf("got %v", err)
	}
	// What is kept apart is nobody's event.
	all, err := read(client.ReadAll(s.ctx, esdb.ReadAllOptions{From: esdb.Start{}}, math.MaxInt64))
	if err != nil || len(all) != 2 {
		t.Errorf("the log has %d events: %v", len(all), err)
	}
}
