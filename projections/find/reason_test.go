package find

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// TestEveryReasonHasWords reads the constants of reasons in the domain: one without
// words would be shown as it is.
func TestEveryReasonHasWords(t *testing.T) {
	found := 0
	for _, file := range []string{"../../domain/payment/reason.go", "../../domain/quarantine/event.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			spec, ok := node.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
				return true
			}
			for _, value := range spec.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				if found++; reasons[text] == "" {
					t.Errorf("the reason %q has no words", text)
				}
			}
			return true
		})
	}
	if found < 15 {
		t.Errorf("found %d reasons", found)
	}
}
