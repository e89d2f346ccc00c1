package eventstoredb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

	"daybook/eventstore"
	"daybook/eventstore/eventstoredb"
	"daybook/projections/follow"
)

const (
	victim     = eventstore.StreamName("test-victim")
	victimFull = "daybook.test-victim"
)

// setMetadata writes metadata of the victim.
func setMetadata(t *testing.T, client *esdb.Client, json string) {
	t.Helper()
	event := esdb.EventData{EventID: uuid.New(), EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(json)}
	if _, err := client.AppendToStream(bounded(t), "$$"+victimFull, esdb.AppendToStreamOptions{}, event); err != nil {
		t.Fatal(err)
	}
}

func deleteVictim(t *testing.T, client *esdb.Client) {
	t.Helper()
	if _, err := client.DeleteStream(bounded(t), victimFull, esdb.DeleteStreamOptions{}); err != nil {
		t.Fatal(err)
	}
}

// damages are what somebody may do to a stream of three events.
var damages = map[string]struct {
	do     func(*testing.T, *esdb.Client)
	undone bool // by other metadata
	says   string
}{
	"deleted":   {deleteVictim, true, "$tb"},
	"truncated": {func(t *testing.T, c *esdb.Client) { setMetadata(t, c, `{"$tb":2}`) }, true, "$tb"},
	"counted":   {func(t *testing.T, c *esdb.Client) { setMetadata(t, c, `{"$maxCount":1,"$acl":{"$r":"$all"}}`) }, true, "$maxCount"},
	"aged":      {func(t *testing.T, c *esdb.Client) { setMetadata(t, c, `{"$maxAge":86400}`) }, true, "$maxAge"},
	"tombstone": {func(t *testing.T, c *esdb.Client) {
		if _, err := c.TombstoneStream(bounded(t), victimFull, esdb.TombstoneStreamOptions{}); err != nil {
			t.Fatal(err)
		}
	}, false, "tombstone"},
	"an event of another program": {func(t *testing.T, c *esdb.Client) { write(t, c, victimFull, 1) }, false, "not written by daybook"},
}

// damagedLog is a log with a victim, and a harmless stream before and after the
// damage.
func damagedLog(t *testing.T, damage func(*testing.T, *esdb.Client)) (*database, *eventstoredb.Store, *esdb.Client) {
	t.Helper()
	d := newDatabase(t)
	store := open(t, d.url())
	appendTo(t, store, victim, 3)
	client := others(t, d)
	setMetadata(t, client, `{"$acl":{"$r":"$all"}}`) // harmless
	damage(t, client)
	appendTo(t, store, "test-after", 1)
	return d, store, client
}

func appendTo(t *testing.T, store eventstore.Store, stream eventstore.StreamName, count int) {
	t.Helper()
	if _, err := store.Append(bounded(t), stream, eventstore.NoStream, makeEvents(stream, "x", count)...); err != nil {
		t.Fatal(err)
	}
}

// follow subscribes until the end of the log, and returns the events of a stream.
func followLog(t *testing.T, store eventstore.Store, stream eventstore.StreamName) (count int, err error) {
	for message, err := range store.Subscribe(bounded(t), 0) {
		switch {
		case err != nil:
			return count, err
		case message.CaughtUp:
			return count, nil
		case message.Event != nil && message.Event.Stream == stream:
			count++
		}
	}
	return count, nil
}

func checkDamage(t *testing.T, what string, err error, says ...string) {
	t.Helper()
	if !errors.Is(err, eventstore.ErrDamaged) || errors.Is(err, eventstore.ErrUnavailable) {
		t.Errorf("%s: %v is no damage, or repeating it seems to help", what, err)
		return
	}
	for _, part := range append(says, "changed from outside", "restore the database from a copy", string(victim)) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %q is missing in %v", what, part, err)
		}
	}
	if text := eventstore.Anonymous(err); strings.Contains(text, "victim") || !strings.Contains(text, "test-…") {
		t.Errorf("%s: a line of the log would say %s", what, text)
	}
}

func TestDamageOfAnyKindStopsWhoReads(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			d, store, _ := damagedLog(t, damage.do)
			after, err := followLog(t, store, "test-after")
			checkDamage(t, "subscription", err, damage.says)
			if after > 0 {
				t.Error("the subscription goes on behind it")
			}
			checkDamage(t, "read of the log", endOf(store.ReadAll(bounded(t), 0)), damage.says)
			if damage.undone && !strings.Contains(err.Error(), "if no scavenge has run since") || damage.undone && !strings.Contains(err.Error(), "$$"+victimFull) {
				t.Errorf("it does not say how to undo it: %v", err)
			}
			auditor := open(t, d.url(), func(o *eventstoredb.Options) { o.ReadOnly = true })
			checkDamage(t, "an auditor's read", endOf(auditor.ReadAll(bounded(t), 0)), damage.says)
			appendTo(t, store, "test-other", 1)
			if events := collect(t, store.Read(bounded(t), "test-other", 0)); len(events) != 1 {
				t.Errorf("another stream has %d events", len(events))
			}
		})
	}
}

func TestDamageThatIsTakenBackIsNone(t *testing.T) {
	for name, damage := range damages {
		if !damage.undone {
			continue
		}
		t.Run(name, func(t *testing.T) {
			_, store, client := damagedLog(t, damage.do)
			if _, err := followLog(t, store, victim); !errors.Is(err, eventstore.ErrDamaged) {
				t.Fatal(err)
			}
			setMetadata(t, client, `{}`)
			if _, err := store.Append(bounded(t), victim, eventstore.At(2), makeEvents(victim, "later", 1)...); err != nil {
				t.Error(err)
			}
			setMetadata(t, client, `{"$acl":{"$w":"$all"}}`)
			if count, err := followLog(t, store, victim); count != 4 || err != nil {
				t.Errorf("followed are %d events, %v", count, err)
			}
			if events := collect(t, store.Read(bounded(t), victim, 0)); len(events) != 4 {
				t.Errorf("read are %d events", len(events))
			}
			damage.do(t, client)
			_, err := followLog(t, store, victim)
			checkDamage(t, "the second time", err)
		})
	}
}

// TestWhatWasWrittenToADeletedStreamIsNotTakenBack has a payment decided on a
// stream that read as if it had never been.
func TestWhatWasWrittenToADeletedStreamIsNotTakenBack(t *testing.T) {
	_, store, client := damagedLog(t, deleteVictim)
	_, err := store.Append(bounded(t), victim, eventstore.NoStream, makeEvents(victim, "credit again", 1)...)
	checkDamage(t, "append", err)
	setMetadata(t, client, `{}`)
	count, err := followLog(t, store, victim)
	checkDamage(t, "subscription", err, "event 3 was written while those before it were deleted")
	if count != 3 {
		t.Errorf("%d events are delivered", count)
	}
}

// TestADeletedStreamIsNotTakenForOneThatHasNeverBeen has to tell the two apart
// without its metadata, which EventStoreDB's rules may hide from our user.
func TestADeletedStreamIsNotTakenForOneThatHasNeverBeen(t *testing.T) {
	d, store, client := damagedLog(t, deleteVictim)
	readOnly := open(t, d.url(), func(o *eventstoredb.Options) { o.ReadOnly = true })
	for name, s := range map[string]*eventstoredb.Store{"a writer": store, "a reader": readOnly} {
		checkDamage(t, name, endOf(s.Read(bounded(t), victim, 0, eventstore.MustExist)), "$tb")
		if events := collect(t, s.Read(bounded(t), "test-never", 0, eventstore.MustExist)); len(events) != 0 {
			t.Errorf("%s finds %d events where none has ever been", name, len(events))
		}
	}
	stored := follow.Checkpoint{LogID: logID(t, store), Position: 5000, Fold: 1, EventID: makeEvents(victim, "x", 1)[0].ID, Stream: victim}
	_, err := follow.Check(bounded(t), store, 1, stored)
	checkDamage(t, "a read model's checkpoint", err)
	if errors.Is(err, follow.ErrWrongLog) {
		t.Errorf("the log is taken for another: %v", err)
	}
	stored.Stream = "test-never"
	if _, err := follow.Check(bounded(t), store, 1, stored); !errors.Is(err, follow.ErrWrongLog) {
		t.Errorf("another log is found: %v", err)
	}

	// Who has met the damage once does not decide on the empty stream.
	if _, err := followLog(t, store, victim); err == nil {
		t.Fatal("it is not met")
	}
	checkDamage(t, "a decision", endOf(store.Read(bounded(t), victim, 0)), "$tb")
	setMetadata(t, client, `{}`)
	if events := collect(t, store.Read(bounded(t), victim, 0)); len(events) != 3 {
		t.Errorf("afterwards there are %d events", len(events))
	}
}

func logID(t *testing.T, store eventstore.Reader) string {
	t.Helper()
	id, err := eventstore.LogID(bounded(t), store)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestALogWhoseNameWasDeletedIsNotNamedAgain(t *testing.T) {
	d := newDatabase(t)
	store := open(t, d.url())
	want := logID(t, store)
	client := others(t, d)
	if _, err := client.DeleteStream(bounded(t), "daybook.daybook-log", esdb.DeleteStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*eventstoredb.Store{"running": store, "started later": open(t, d.url())} {
		if _, err := eventstore.LogID(bounded(t), s); !errors.Is(err, eventstore.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := open(t, d.url()).Ready(bounded(t)); !errors.Is(err, eventstore.ErrDamaged) {
		t.Errorf("ready: %v", err)
	}
	event := esdb.EventData{EventID: uuid.New(), EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: []byte(`{}`)}
	if _, err := client.AppendToStream(bounded(t), "$$daybook.daybook-log", esdb.AppendToStreamOptions{}, event); err != nil {
		t.Fatal(err)
	}
	if got := logID(t, store); got != want {
		t.Errorf("the log is called %s, and was %s", got, want)
	}
	if events := collect(t, store.ReadAll(bounded(t), 0)); len(events) != 1 {
		t.Errorf("there are %d events", len(events))
	}
}

// TestWhatAScavengeHasRemovedDoesNotComeBack has a server on which the metadata
// was taken back too late.
func TestWhatAScavengeHasRemovedDoesNotComeBack(t *testing.T) {
	metadata := func(position uint64, json string) *streams.ReadResp {
		answer := eventAt(position)
		e := answer.GetEvent().GetEvent()
		e.StreamIdentifier.StreamName, e.Data = []byte("$$"+victimFull), []byte(json)
		return answer
	}
	survivor := eventAt(150)
	survivor.GetEvent().GetEvent().StreamIdentifier.StreamName = []byte(victimFull)
	survivor.GetEvent().GetEvent().StreamRevision = 2
	scavenged := atomic.Bool{}
	s := &script{}
	s.answer = func(to streams.Streams_ReadServer) error {
		answers := []*streams.ReadResp{metadata(200, `{"$tb":2}`), metadata(300, `{}`)}
		if s.asked.Load().GetStream() != nil {
			answers = nil
			if scavenged.Load() {
				answers = []*streams.ReadResp{survivor}
			}
		}
		for _, answer := range answers {
			if err := to.Send(answer); err != nil {
				return err
			}
		}
		return nil
	}
	store := open(t, s.serve(t), func(o *eventstoredb.Options) { o.ReadOnly = true })
	if err := endOf(store.ReadAll(bounded(t), 0)); err != nil {
		t.Error(err)
	}
	scavenged.Store(true)
	checkDamage(t, "read of the log", endOf(store.ReadAll(bounded(t), 0)), "event 2 where event 0 was")
}

// TestDamageIsFoundAtOnce makes calls that would otherwise be repeated until their
// deadline.
func TestDamageIsFoundAtOnce(t *testing.T) {
	_, store, _ := damagedLog(t, damages["tombstone"].do)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := store.Append(ctx, victim, eventstore.At(2), makeEvents(victim, "z", 1)...)
	checkDamage(t, "append", err, "tombstone")
	checkDamage(t, "read", endOf(store.Read(ctx, victim, 0)), "tombstone")
}

// Many first appends at once race for the name of the log. Its stream is empty when
// they read it, and exists a moment later: nothing has been deleted.
func TestALogThatIsBegunByManyIsNotTakenForADeletedOne(t *testing.T) {
	for range 3 {
		store := open(t, newDatabase(t).url())
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range 40 {
			group.Go(func() {
				<-start
				stream := eventstore.StreamName(fmt.Sprintf("test-%d", i))
				if _, err := store.Append(bounded(t), stream, eventstore.NoStream, makeEvents(stream, "first", 1)...); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		group.Wait()
	}
}

// A database that was restored from an older copy has shorter streams, and none of
// them is damaged.
func TestAStreamThatIsShorterIsNotTakenForADeletedOne(t *testing.T) {
	store := open(t, newDatabase(t).url())
	appendTo(t, store, victim, 3)
	if err := endOf(store.Read(bounded(t), victim, 5, eventstore.MustExist)); err != nil {
		t.Error(err)
	}
}
