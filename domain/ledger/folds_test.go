package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"testing"

	"daybook/domain/claim"
	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
)

// The folds have no default case that could refuse an event, because they
// cannot fail. An event that one of them forgets would be ignored in silence.
func TestEveryFoldNamesEveryEvent(t *testing.T) {
	for file, types := range map[string][]string{
		"../order/order.go":           order.Codec.Types(),
		"../deposit/deposit.go":       deposit.Codec.Types(),
		"../payout/payout.go":         payout.Codec.Types(),
		"../claim/claim.go":           claim.Codec.Types(),
		"../quarantine/quarantine.go": quarantine.Codec.Types(),
	} {
		named := cases(t, file, "Evolve")
		slices.Sort(types)
		if !slices.Equal(named, types) {
			t.Errorf("%s: Evolve names %v, the codec %v", file, named, types)
		}
	}
}

// cases returns the types that the type switches of a function name.
func cases(t *testing.T, file, function string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, declaration := range parsed.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || f.Name.Name != function {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			clause, ok := n.(*ast.CaseClause)
			if !ok {
				return true
			}
			for _, e := range clause.List {
				if name, ok := e.(*ast.Ident); ok {
					names[name.Name] = true
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(names))
}
