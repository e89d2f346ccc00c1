package local

import (
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// NewOf makes a model of other worklists.
var NewOf = newModel

// LookedUp and KeysOf are the fold of the lookup.
var (
	LookedUp = lookedUp
	KeysOf   = keysOf
)

// Plan returns how SQLite answers a query.
func Plan(t testing.TB, q OrderQuery) string {
	t.Helper()
	conn, err := sqlite.OpenConn(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecScript(conn, tables); err != nil {
		t.Fatal(err)
	}
	text, args := q.sql()
	var plan []string
	err = sqlitex.Execute(conn, "EXPLAIN QUERY PLAN "+text, &sqlitex.ExecOptions{
		Args:       args,
		ResultFunc: func(row *sqlite.Stmt) error { plan = append(plan, row.ColumnText(3)); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
