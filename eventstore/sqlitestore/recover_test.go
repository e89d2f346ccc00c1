package sqlitestore

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// history returns the events behind the first of a log, two in each stream.
func history(last eventstore.Position) []eventstore.Recorded {
	var events []eventstore.Recorded
	for position := eventstore.Position(2); position <= last; position++ {
		stream := eventstore.StreamName(fmt.Sprintf("order-%d", position/2))
		revision := eventstore.Revision(position % 2)
		events = append(events, eventstore.Recorded{
			Event: eventstore.Event{
				ID:   eventstore.DeriveID(stream, "cause", revision),
				Type: "ThingHappened", Schema: 1, Data: []byte("{}"), Metadata: []byte("{}"),
			},
			Stream: stream, Revision: revision, Position: position, RecordedAt: time.UnixMicro(int64(position)).UTC(),
		})
	}
	return events
}

// frameOf makes a frame as the writer does.
func frameOf(previous eventstore.EventID, events ...eventstore.Recorded) journal.Frame {
	var payload []byte
	for _, e := range events {
		payload = encode(payload, e.Stream, e.Revision, []eventstore.Event{e.Event})
	}
	return journal.Frame{
		First: uint64(events[0].Position), Count: uint32(len(events)),
		Time: events[0].RecordedAt.UnixMicro(), Previous: previous, Payload: payload,
	}
}

func TestWhatIsFiledFromAJournal(t *testing.T) {
	events := history(9) // positions 2 to 9 are events[0] to events[7]
	at := func(position int) eventstore.Recorded { return events[position-2] }
	file := func(position int) end { e := at(position); return endAt(&e) }
	join := func(from, to int) journal.Frame { return frameOf(at(from-1).ID, events[from-2:to-1]...) }
	trial := journal.Frame{First: 6}
	for name, c := range map[string]struct {
		file   end
		frames []journal.Frame
		want   int // events from the end of the file on
		fails  bool
	}{
		"no frame":                   {file: file(5)},
		"all are filed":              {file: file(5), frames: []journal.Frame{join(3, 4), join(5, 5)}},
		"one is not filed":           {file: file(5), frames: []journal.Frame{join(3, 4), join(5, 5), join(6, 6)}, want: 1},
		"a part of a frame is filed": {file: file(5), frames: []journal.Frame{join(4, 7), join(8, 9)}, want: 4},
		"trials between":             {file: file(5), frames: []journal.Frame{trial, join(6, 6), trial, join(7, 8), trial}, want: 3},
		"a frame of acknowledged events is damaged": {file: file(5), frames: []journal.Frame{join(6, 6), join(8, 9)}, want: 1, fails: true},
		"the file is an older copy":                 {file: file(3), frames: []journal.Frame{join(5, 6)}, fails: true},
		"the journal is of another log":             {file: file(5), frames: []journal.Frame{frameOf(at(2).ID, at(6))}, fails: true},
		"somebody else has written to the file":     {file: end{position: 5, id: at(2).ID}, frames: []journal.Frame{join(4, 7)}, fails: true},
	} {
		got, err := unfiled(c.frames, c.file)
		if c.fails != errors.Is(err, journal.ErrDamaged) || len(got) != c.want {
			t.Errorf("%s: got %d events and error %v", name, len(got), err)
			continue
		}
		for i, e := range got {
			if want := at(int(c.file.position) + 1 + i); e.Position != want.Position || e.ID != want.ID || e.Stream != want.Stream || e.Revision != want.Revision {
				t.Errorf("%s: event %d is %+v", name, i, e)
			}
		}
	}
}

func TestRecordsThatAreNoneAreNoticed(t *testing.T) {
	events := history(3)
	whole := frameOf(eventstore.EventID{}, events...)
	if got, err := decode(whole); err != nil || len(got) != len(events) {
		t.Fatalf("got %d events and error %v", len(got), err)
	}
	for length := range whole.Payload {
		cut := whole
		cut.Payload = whole.Payload[:length]
		if _, err := decode(cut); !errors.Is(err, errRecord) {
			t.Errorf("%d bytes of a payload: got error %v", length, err)
		}
	}
	more := whole
	more.Payload = append(more.Payload[:len(more.Payload):len(more.Payload)], 0)
	if _, err := decode(more); !errors.Is(err, errRecord) {
		t.Errorf("a byte behind the records: got error %v", err)
	}
}

// TestAJournalIsFiledWhenTheLogIsOpened opens a directory as a process leaves
// it that was killed before it filed anything, with and without the server.
func TestAJournalIsFiledWhenTheLogIsOpened(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, journalFileName)
	store, err := Open(t.Context(), Options{Directory: directory})
	if err != nil {
		t.Fatal(err)
	}
	first := store.filer.end
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	j, _, err := journal.Open(path, syncFile)
	if err != nil {
		t.Fatal(err)
	}
	needJournal(t, directory)
	events := history(9)
	previous := first.id
	for i := 0; i < len(events); i += 2 {
		frame := frameOf(previous, events[i:i+2]...)
		if err := errors.Join(j.Write(frame, frame.Payload), j.Publish()); err != nil {
			t.Fatal(err)
		}
		previous = events[i+1].ID
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	reader, err := OpenReadOnly(t.Context(), directory)
	if err != nil {
		t.Fatal(err)
	}
	checkLog(t, reader, events)
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		store, err := Open(t.Context(), Options{Directory: directory})
		if err != nil {
			t.Fatal(err)
		}
		if store.filer.filed.Load() != 9 {
			t.Errorf("filed up to %d", store.filer.filed.Load())
		}
		checkLog(t, store, events)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkLog checks that a log has the events of a history behind its first.
func checkLog(t *testing.T, log eventstore.Reader, events []eventstore.Recorded) {
	t.Helper()
	i := 0
	for e, err := range log.ReadAll(t.Context(), 1, eventstore.WithMetadata) {
		if err != nil {
			t.Fatal(err)
		}
		if want := events[i]; e.ID != want.ID || e.Position != want.Position || e.Revision != want.Revision || len(e.Metadata) < 10 {
			t.Errorf("event %d is %+v, want %+v", i, e, want)
		}
		i++
	}
	if i != len(events) {
		t.Errorf("the log has %d events behind the first, want %d", i, len(events))
	}
	n := 0
	for e, err := range log.Read(t.Context(), events[2].Stream, 1) {
		if err != nil || e.ID != events[3].ID {
			t.Errorf("the stream has %v (%v), want %v", e.ID, err, events[3].ID)
		}
		n++
	}
	if n != 1 {
		t.Errorf("the stream has %d events from revision 1 on, want 1", n)
	}
}

// needJournal makes the file of a log say what it says while a server runs.
func needJournal(t *testing.T, directory string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(directory, fileName), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.ExecuteTransient(conn, "UPDATE journal SET needed = 1", nil)
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
}
