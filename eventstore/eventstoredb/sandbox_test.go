package eventstoredb_test

import (
	"errors"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/eventstoredb"
)

// A database may be unreachable when the program starts, so the store itself refuses a
// log of the other kind.
func TestALogOfTheOtherKindIsNotWrittenTo(t *testing.T) {
	d := newDatabase(t)
	ctx := bounded(t)
	as := func(sandbox bool) func(*eventstoredb.Options) {
		return func(o *eventstoredb.Options) { o.Sandbox, o.Namespace = sandbox, "kind" }
	}
	made := open(t, d.url(), as(true))
	if _, err := made.Append(ctx, "test-a", eventstore.NoStream, makeEvents("test-a", "x", 1)...); err != nil {
		t.Fatal(err)
	}
	if created, err := eventstore.Created(ctx, made); err != nil || !created.Sandbox {
		t.Errorf("the log is %+v, %v", created, err)
	}
	other := open(t, d.url(), as(false))
	_, appending := other.Append(ctx, "test-b", eventstore.NoStream, makeEvents("test-b", "x", 1)...)
	_, naming := eventstore.LogID(ctx, other)
	for what, err := range map[string]error{"an append": appending, "its name": naming, "readiness": other.Ready(ctx)} {
		if !errors.Is(err, eventstore.ErrSandboxLog) {
			t.Errorf("%s: %v", what, err)
		}
	}
	live := open(t, d.url())
	if _, err := eventstore.LogID(ctx, live); err != nil {
		t.Fatal(err)
	}
	if err := open(t, d.url(), func(o *eventstoredb.Options) { o.Sandbox = true }).Ready(ctx); !errors.Is(err, eventstore.ErrLiveLog) {
		t.Errorf("a live log: %v", err)
	}
	if events := collect(t, made.ReadAll(ctx, 0)); len(events) != 2 {
		t.Errorf("the log has %d events", len(events))
	}
	// A command that reads takes either.
	if _, err := eventstore.LogID(ctx, open(t, d.url(), as(false), func(o *eventstoredb.Options) { o.ReadOnly = true })); err != nil {
		t.Error(err)
	}
}
