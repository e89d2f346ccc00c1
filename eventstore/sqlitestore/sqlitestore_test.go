package sqlitestore_test

import (
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
	"daybook/eventstore/storetest"
)

func TestStore(t *testing.T) { testStore(t) }

// TestStoreWithSmallBlocks has most of what it reads in the index.
func TestStoreWithSmallBlocks(t *testing.T) {
	t.Cleanup(sqlitestore.SetBlocks(4, 1))
	testStore(t)
}

func testStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		directory := t.TempDir()
		store := open(t, directory)
		return storetest.Opened{
			Store: store,
			Reopen: func(t *testing.T) eventstore.Store {
				shut(t, store)
				store = open(t, directory)
				return store
			},
		}
	})
}

// isLarge leaves a test out of the short run, which is that of the race
// detector: SQLite is about 13 times slower there.
func isLarge(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("writes more than a hundred megabytes")
	}
}

// open opens a log for writing and closes it with the test.
func open(tb testing.TB, directory string) *sqlitestore.Store {
	tb.Helper()
	return openWith(tb, sqlitestore.Options{Directory: directory})
}

func openWith(tb testing.TB, options sqlitestore.Options) *sqlitestore.Store {
	tb.Helper()
	return sqlitetest.Open(tb, options)
}

func shut(tb testing.TB, store *sqlitestore.Store) {
	tb.Helper()
	if err := store.Close(); err != nil {
		tb.Error(err)
	}
}
