package main_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type arrow struct {
	from string
	to   []string
	why  string // not others
}

// arrows say which packages of ours a package may import. A pattern ends in
// "..." to mean a folder and what is below it. The first row that matches a
// package counts; tests of a package may import what they like.
var arrows = []arrow{
	{"domain/money", nil, "amounts are the ground that everything stands on"},
	{"domain/ident", nil, "identifiers are the ground that everything stands on"},
	{"domain/codec", nil, "the codec knows no event by name"},
	{"domain/codec/codectest", []string{"domain/codec", "domain/money"}, "the suite knows no aggregate"},
	{"domain/payment", []string{"domain/money", "domain/ident"}, "orders and deposits share the decision about a payment, and it knows neither"},
	{"domain/review", []string{"domain/money", "domain/ident", "domain/codec"}, "what decisions have in common knows no aggregate"},
	{"domain/order", aggregate, "an aggregate knows its own stream, and no store"},
	{"domain/payout", aggregate, "an aggregate knows its own stream, and no store"},
	{"domain/deposit", aggregate, "an aggregate knows its own stream, and no store"},
	{"domain/claim", aggregate, "an aggregate knows its own stream, and no store"},
	{"domain/quarantine", aggregate, "an aggregate knows its own stream, and no store"},
	{"domain/ledger", []string{"domain/money", "domain/ident", "domain/codec", "domain/payment", "domain/review", "domain/order", "domain/payout", "domain/deposit", "domain/claim", "domain/quarantine", "eventstore"}, "what events mean in money knows no use case"},
	{"domain/recorder", []string{"domain/...", "eventstore"}, "the use cases know the contract of the store, and neither a store nor who calls"},
	{"eventstore", nil, "the contract of the log knows no payment"},
	{"eventstore/sqlitestore", []string{"eventstore", "eventstore/storetest", "eventstore/sqlitestore/journal"}, "a store keeps events, whatever they say"},
	{"eventstore/sqlitestore/sqlitetest", []string{"eventstore/sqlitestore"}, "logs for tests know no test"},
	{"eventstore/esdbserver/esdbtest", []string{"eventstore", "eventstore/esdbserver"}, "servers for tests know no test"},
	{"eventstore/esdbserver/conformance", []string{"eventstore", "eventstore/esdbserver"}, "upstream suites see the server alone"},
	{"eventstore/esdbserver", []string{"eventstore", "http/connlimit"}, "a protocol knows the contract of the store, and not which one it is"},
	{"eventstore/...", []string{"eventstore", "eventstore/storetest"}, "a store keeps events, whatever they say"},
	{"http/connlimit", nil, "bounds of connections know no protocol"},
	{"projections/follow", []string{"eventstore"}, "running a projection knows no read model"},
	{"projections", []string{"projections/...", "eventstore", "domain/order"}, "the list knows every read model, and how verify folds it"},
	{"projections/projectiontest", []string{"projections/...", "eventstore", "eventstore/sqlitestore/...", "domain/..."}, "the suite runs every read model on real events"},
	{"projections/verify", []string{"eventstore", "domain/money"}, "the independent fold shares no code with what it proves"},
	{"projections/rebuild", []string{"projections/...", "eventstore"}, "a rebuild runs the ordinary projectors, and proves them"},
	{"projections/redismodel", []string{"projections/follow", "eventstore"}, "what read models share in Redis knows none of them"},
	{"projections/process", []string{"projections/local", "projections/follow"}, "running a process knows no process"},
	{"projections/process/processtest", []string{"projections/...", "eventstore/...", "domain/codec", "domain/ledger"}, "the suite runs a process on a real log, and reads and verifies what it did"},
	{"projections/process/...", []string{"projections/process", "projections/local", "projections/follow", "eventstore", "domain/..."}, "a process asks and commands through interfaces of its own, and knows neither http nor another process"},
	{"projections/local", []string{"projections/follow", "projections/orders", "eventstore", "domain/..."}, "the list of orders has the status of their documents, which is folded once, and asks no read model"},
	{"projections/find", []string{"projections/local", "eventstore", "domain/..."}, "an answer is folded from the log, through the lookup"},
	{"projections/schedules", []string{"projections/...", "eventstore", "eventstore/sqlitestore"}, "random faults reach everything that keeps a read model, and leave the server to who is put through them"},
	{"projections/redistest", []string{"projections/redismodel"}, "a server for tests knows no read model"},
	{"projections/...", []string{"projections/follow", "projections/redismodel", "eventstore", "domain/..."}, "a read model folds the log, and asks no other read model"},
	{"http/coinbase", []string{"domain/money", "domain/ident"}, "an outbound client returns evidence, and knows neither the judgement nor who asks"},
	{"http/coinbase/coinbasetest", nil, "a server for tests follows the documentation, and shares no code with the client"},
	{"http/callback/...", []string{"domain/...", "http/callback/..."}, "an inbound format translates, and stores nothing"},
	{"http", []string{"domain/...", "eventstore", "projections/...", "http/callback", "http/connlimit"}, "handlers know the contract of the store, and no format of callbacks by name"},
	{"http/...", []string{"domain/...", "eventstore", "projections/...", "http/..."}, "handlers know the contract of the store, and not which one it is"},
	{"cmd/internal/serverlog", nil, "a log is written, whatever it says"},
	{"cmd/internal/coinbasecheck", []string{"http/coinbase", "http/callback/hook0"}, "a check asks Coinbase as the server does, signs as Coinbase does, and knows the server by its answers alone"},
	{"cmd/internal/simulate", []string{"http/coinbase/coinbasetest", "http/callback/hook0"}, "who acts as Coinbase answers and signs as it does, and knows the server by its answers alone"},
	{"cmd/internal/...", nil, "who acts on a server from outside knows it by its answers alone"},
	{"cmd/...", []string{"cmd/internal/...", "domain/...", "eventstore/...", "projections/...", "http/..."}, "nothing imports a command"},
}

var aggregate = []string{"domain/money", "domain/ident", "domain/codec", "domain/payment", "domain/review"}

// pure packages decide: time, ids and everything from outside are in their
// commands.
var pure = []string{"domain/money", "domain/ident", "domain/codec", "domain/payment", "domain/review", "domain/order", "domain/payout", "domain/deposit", "domain/claim", "domain/quarantine", "domain/ledger"}

// impure are packages of the standard library that reach outside.
var impure = []string{"context", "net", "net/...", "os", "os/...", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "io/fs", "syscall"}

type listed struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func TestArrowsPointInward(t *testing.T) {
	inTree(t)
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, "daybook/")
		row := slices.IndexFunc(arrows, func(a arrow) bool { return matches(a.from, from) })
		if row < 0 {
			t.Errorf("%s is in no row of the table: say there what it may import", from)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, "daybook/")
			if ours && !slices.ContainsFunc(arrows[row].to, func(pattern string) bool { return matches(pattern, to) }) {
				t.Errorf("%s -> %s is forbidden: %s", from, to, arrows[row].why)
			}
		}
	}
}

func TestDecisionsArePure(t *testing.T) {
	inTree(t)
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, "daybook/")
		if !slices.Contains(pure, name) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.ContainsFunc(impure, func(pattern string) bool { return matches(pattern, imported) }) {
				t.Errorf("%s -> %s is forbidden: what comes from outside is in the command", name, imported)
			}
		}
		for _, file := range p.GoFiles {
			for _, position := range clocks(t, filepath.Join(p.Dir, file)) {
				t.Errorf("%s reads the clock: the time is in the command", position)
			}
		}
	}
}

// clocks returns where a file asks what time it is.
func clocks(t *testing.T, file string) []string {
	t.Helper()
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		from, ok := selector.X.(*ast.Ident)
		if ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "Tick", "Sleep", "NewTimer", "NewTicker", "AfterFunc"}, selector.Sel.Name) {
			found = append(found, files.Position(selector.Pos()).String())
		}
		return true
	})
	return found
}

func matches(pattern, path string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return path == folder || below && strings.HasPrefix(path, folder+"/")
}

// packages lists the packages of this module.
func packages(t *testing.T) []listed {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-pgo=off", "-json=ImportPath,Dir,Imports,GoFiles", "daybook/...")
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	var all []listed
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
