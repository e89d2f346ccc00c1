package esdbserver

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"daybook/eventstore"
)

var anyEvent = rapid.Custom(func(t *rapid.T) event {
	e := event{
		stream:   rapid.StringN(1, 200, 400).Draw(t, "stream"),
		revision: rapid.Uint64Max(tombstoneRevision).Draw(t, "revision"),
		position: eventstore.Position(rapid.Uint64Max(1<<63-1).Draw(t, "position")),
		created:  time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), 0),
		kind:     rapid.StringN(1, 100, 300).Draw(t, "kind"),
		content:  anyContent.Draw(t, "content"),
	}
	copy(e.id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
	return e
})

var anyContent = rapid.Custom(func(t *rapid.T) content {
	part := rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 0, 300),
		rapid.SampledFrom([][]byte{nil, []byte("{}"), []byte(`{ }`), []byte(`{"a":1}`), []byte(`{"schema":1,"recordedAt":"x"}`), []byte(`{"a":{"schema":2}}`), []byte(`{"a"}`), []byte(`[1]`), []byte(`{"base64":"QQ=="}`), []byte("{\"a\":1\n}")}),
	)
	return content{json: rapid.Bool().Draw(t, "json"), data: part.Draw(t, "data"), metadata: part.Draw(t, "metadata")}
})

// What is encoded by hand is what the generated code reads.
func TestEncodedEventsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent.Draw(t, "event")
		c := encoder{textIDs: rapid.Bool().Draw(t, "text ids")}
		var got streams.ReadResp
		if err := proto.Unmarshal(c.encode(&e).ReadOnlyData(), &got); err != nil {
			t.Fatal(err)
		}
		metadata := map[string]string{typeKey: e.kind, contentTypeKey: contentBinary, createdKey: strconv.FormatInt(ticks(e.created), 10)}
		if e.json {
			metadata[contentTypeKey] = contentJSON
		}
		want := &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
			Event: &streams.ReadResp_ReadEvent_RecordedEvent{
				Id:               encodeID(e.id, c.textIDs),
				StreamIdentifier: identifier(e.stream),
				StreamRevision:   e.revision,
				PreparePosition:  uint64(e.position),
				CommitPosition:   uint64(e.position),
				Metadata:         metadata,
				CustomMetadata:   e.metadata,
				Data:             e.data,
			},
			Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: uint64(e.position)},
		}}}
		if !proto.Equal(&got, want) {
			t.Errorf("got  %v\nwant %v", &got, want)
		}
	})
}

// What a client hands over comes back byte for byte.
func TestContentIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyContent.Draw(t, "content")
		stored := eventstore.Recorded{Event: eventstore.Event{Type: "T"}, RecordedAt: time.UnixMicro(0).UTC()}
		stored.ID[0] = 1
		want.seal(&stored.Event)
		if err := eventstore.Check("a-b", []eventstore.Event{stored.Event}); err != nil {
			t.Fatal(err)
		}
		stored.Metadata = eventstore.Stamp(stored.Metadata, stored.Schema, stored.RecordedAt)
		got, err := asScratch{}.open(context.Background(), &stored)
		if err != nil {
			t.Fatal(err)
		}
		if got.json != want.json || string(got.data) != string(want.data) || string(got.metadata) != string(want.metadata) {
			t.Errorf("got %q %q, want %q %q", got.data, got.metadata, want.data, want.metadata)
		}
	})
}

func TestNamesAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringN(1, 40, 160).Draw(t, "name")
		name, ok := encodeName(streamCategory, want)
		if !ok || name.Check() != nil || decodeName(name) != want {
			t.Errorf("%q becomes %q and %q", want, name, decodeName(name))
		}
	})
}

// The end of a sequence is found, wherever it is and whatever gaps are in it.
func TestSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gaps := rapid.SliceOfN(rapid.Uint64Range(1, 3000), 0, 3000).Draw(t, "gaps")
		var places []uint64
		place := uint64(0)
		for _, gap := range gaps {
			place += gap
			places = append(places, place)
		}
		known := uint64(0)
		if len(places) > 0 && rapid.Bool().Draw(t, "something is known") {
			known = rapid.SampledFrom(places).Draw(t, "known") + 1
		}
		got, err := search(known, func(from uint64) iter.Seq2[uint64, error] {
			return func(yield func(uint64, error) bool) {
				i, _ := slices.BinarySearch(places, from)
				for _, place := range places[i:] {
					if !yield(place, nil) {
						return
					}
				}
			}
		})
		want := uint64(0)
		if len(places) > 0 {
			want = place + 1
		}
		if err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	})
}
