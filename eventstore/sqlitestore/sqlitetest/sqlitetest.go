// Package sqlitetest opens embedded logs for tests. It knows no test.
package sqlitetest

import (
	"testing"

	"daybook/eventstore/sqlitestore"
)

// New opens a new log in a directory of its own.
func New(tb testing.TB) *sqlitestore.Store {
	tb.Helper()
	return Open(tb, sqlitestore.Options{Directory: tb.TempDir()})
}

// Open opens a log and closes it when the test ends. The test may close it earlier.
func Open(tb testing.TB, options sqlitestore.Options) *sqlitestore.Store {
	tb.Helper()
	store, err := sqlitestore.Open(tb.Context(), options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}
