package sqlitestore_test

import (
	"context"
	"testing"
	"time"

	"daybook/eventstore"
)

// TestTailCountsWhatIsNotFiled appends an event and watches it being filed.
func TestTailCountsWhatIsNotFiled(t *testing.T) {
	store := open(t, t.TempDir())
	before, unfiled := store.Tail()
	if unfiled != 0 {
		t.Fatalf("a log that was just opened has %d events that are not filed", unfiled)
	}
	appended, err := store.Append(context.Background(), "order-1", eventstore.NoStream, event("order-1", 10))
	if err != nil {
		t.Fatal(err)
	}
	if last, unfiled := store.Tail(); last != before+1 || last != appended.Position || unfiled > 1 {
		t.Errorf("after one event at %s the tail is %s, %d not filed", appended.Position, last, unfiled)
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if _, unfiled = store.Tail(); unfiled == 0 {
			return
		}
	}
	t.Error("the event is not filed")
}
