package eventstoredb_test

import (
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		d := newDatabase(t)
		store := open(t, d.url())
		return storetest.Opened{
			Store: store,
			Reopen: func(t *testing.T) eventstore.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				d.stop(t)
				d.start(t)
				return open(t, d.url())
			},
		}
	})
}

var _ eventstore.Store = (*eventstoredb.Store)(nil)
