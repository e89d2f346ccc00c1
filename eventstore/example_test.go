package eventstore_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// A counter that never counts beyond two.
func ExampleExecute() {
	directory, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(directory)
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: directory})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	const stream eventstore.StreamName = "counter-visits"
	fold := func(count int, event eventstore.Recorded) (int, error) {
		if event.Type != "Counted" {
			return 0, fmt.Errorf("unknown event %s", event.Type) // a decision needs every event
		}
		return count + 1, nil
	}
	for _, command := range []string{"first", "second", "third"} {
		// decide is pure: Execute calls it again if another writer was faster.
		decide := func(count int, next eventstore.Revision) ([]eventstore.Event, error) {
			if count == 2 {
				return nil, nil
			}
			return []eventstore.Event{{
				ID:   eventstore.DeriveID(stream, command, next),
				Type: "Counted", Schema: 1, Data: []byte(`{}`), Metadata: []byte(`{}`),
			}}, nil
		}
		executed, err := eventstore.Execute(ctx, store, stream, fold, decide)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: the count was %d, %d events were appended, the last has revision %d\n",
			command, executed.State, len(executed.Events), executed.Appended.Revision)
	}
	// Output:
	// first: the count was 0, 1 events were appended, the last has revision 0
	// second: the count was 1, 1 events were appended, the last has revision 1
	// third: the count was 2, 0 events were appended, the last has revision 1
}
