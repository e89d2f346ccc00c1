package sqlitestore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"daybook/eventstore"
)

// TestStreamsOfAnEarlierProcessAreFound reads streams while the filter is
// still learning them, and after it has.
func TestStreamsOfAnEarlierProcessAreFound(t *testing.T) {
	directory := t.TempDir()
	store := open(t, directory)
	var names []eventstore.StreamName
	for i := range 300 {
		names = append(names, eventstore.StreamName(fmt.Sprintf("order-%d", i)))
		if err := appendTo(store, names[i]); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, store)
	store = open(t, directory)
	for range 2 {
		for _, name := range names {
			if n := count(t, store, name); n != 1 {
				t.Fatalf("%s has %d events, want 1", name, n)
			}
			if n := count(t, store, name+"x"); n != 0 {
				t.Fatalf("%sx has %d events, want none", name, n)
			}
		}
	}
}

// TestASequenceLooksWhenItIsRead takes a sequence of a stream that does not
// exist, and reads it when it does.
func TestASequenceLooksWhenItIsRead(t *testing.T) {
	store := open(t, t.TempDir())
	later := store.Read(t.Context(), "order-later", 0)
	if err := appendTo(store, "order-later"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err := range later {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("got %d events, want 1", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	never := store.Read(ctx, "order-never", 0)
	cancel()
	n = 0
	for _, err := range never {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
	}
	if n != 1 {
		t.Errorf("a cancelled sequence has %d elements, want its error", n)
	}
}

func count(t *testing.T, log eventstore.Reader, stream eventstore.StreamName) int {
	t.Helper()
	n := 0
	for _, err := range log.Read(t.Context(), stream, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
