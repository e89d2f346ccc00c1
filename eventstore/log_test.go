package eventstore_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"daybook/eventstore"
)

// events is a log of one stream.
type events []eventstore.Recorded

func (e events) Read(context.Context, eventstore.StreamName, eventstore.Revision, ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for _, event := range e {
			if !yield(event, nil) {
				return
			}
		}
	}
}

func (e events) ReadAll(ctx context.Context, _ eventstore.Position, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return e.Read(ctx, "", 0)
}

func TestALogWithoutAnIDIsAnError(t *testing.T) {
	for name, log := range map[string]events{
		"is empty":  {},
		"has no id": {{Event: eventstore.Event{Data: []byte(`{}`)}}},
	} {
		if _, err := eventstore.LogID(t.Context(), log); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a log that %s: got error %v", name, err)
		}
	}
	log := events{{Event: eventstore.Event{Data: []byte(`{"logId":"01JNA"}`)}}}
	if id, err := eventstore.LogID(t.Context(), log); err != nil || id != "01JNA" {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestALogIsLiveUnlessItsFirstEventSaysSandbox(t *testing.T) {
	for data, sandbox := range map[string]bool{
		`{"logId":"01JNA"}`: false, `{"logId":"01JNA","sandbox":false}`: false, `{"logId":"01JNA","sandbox":true}`: true,
	} {
		created, err := eventstore.Created(t.Context(), events{{Event: eventstore.Event{Data: []byte(data)}}})
		if err != nil || created.Sandbox != sandbox || created.CheckKind(sandbox) != nil {
			t.Errorf("%s: %+v, %v", data, created, err)
		}
		want := eventstore.ErrLiveLog
		if sandbox {
			want = eventstore.ErrSandboxLog
		}
		if err := created.CheckKind(!sandbox); err != want {
			t.Errorf("%s: %v", data, err)
		}
	}
}
