package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"daybook/eventstore"
)

// passes are the event types, or the whole categories, that a fold ignores. A new
// event type is a case of each fold, or stands here: ignoring one by mistake loses
// money in silence.
//
// A fold is found by its type switch. Those that switch on the names of types are
// found because they stand here.
var passes = map[string][]string{
	"domain/recorder.outcomeOf": {
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentVerified", "PaymentRefuted",
		"PaymentReleased", "PaymentMispaid", "MispaymentCredited", "MispaymentRefunded", "MispaymentDismissed", "PaymentRefunded",
		"AddressRegistered", "DepositReceived", "DepositVerified", "DepositReleased", "DepositDismissed",
		"PayoutPending", "PayoutCompleted", "claim", "quarantine", "daybook",
	},
	"projections/orders.put": {"address", "payout", "claim", "quarantine", "daybook"},
	"projections/local.foldVerification": {
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentReleased", "MispaymentCredited", "MispaymentRefunded", "MispaymentDismissed", "PaymentRefunded",
		"address", "payout", "claim", "quarantine", "daybook",
	},
	"projections/local.foldLinking": {
		"OrderLinked", "OrderSettled", "FeeReported", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentVerified", "PaymentRefuted", "PaymentHeld", "PaymentReleased",
		"PaymentMispaid", "MispaymentCredited", "MispaymentRefunded", "MispaymentDismissed", "PaymentRefunded",
		"address", "payout", "claim", "quarantine", "daybook",
	},
	"projections/local.foldReview": {
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported", "OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentRefuted", "PaymentRefunded",
		"AddressRegistered", "DepositReceived", "PayoutPending", "PayoutCompleted", "claim", "quarantine", "daybook",
	},
	"projections/local.foldQuarantine": {"order", "address", "payout", "claim", "daybook"},
	"projections/local.keysOf": {
		"OrderSettled", "PaymentsSought", "FeeReported",
		"OrderStatusReported", "OrderExpired", "PaymentRefuted", "MispaymentRefunded", "MispaymentDismissed", "PaymentRefunded",
		"DepositVerified", "DepositSeenAgain", "DepositDismissed", "payout", "claim", "quarantine", "daybook",
	},
	"projections/find.put": { // the worklists say what waits
		"PaymentsSought", "FeeReported", "RefundReported",
		"PaymentHeld", "PaymentMispaid", "DepositHeld", "DepositSeenAgain", "PayoutHeld", "CallbackQuarantined", "claim", "daybook",
	},
	"projections/verify.rules": nil,
	"projections/verify.take": {
		"PaymentsSought", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentRefunded", "DepositSeenAgain", "claim", "quarantine", "daybook",
	},
	"projections/verify.put": { // its default closes what an event names
		"OrderLinked", "OrderSettled", "FeeReported", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentVerified", "PaymentRefuted",
		"PaymentReleased", "MispaymentCredited", "MispaymentRefunded", "MispaymentDismissed", "PaymentRefunded",
		"AddressRegistered", "DepositReceived", "DepositVerified", "DepositReleased", "DepositDismissed",
		"PayoutPending", "PayoutCompleted", "claim", "quarantine", "daybook",
	},
}

func TestEveryFoldNamesEveryEvent(t *testing.T) {
	categories := make(map[string]string) // by event type
	for category, c := range codecs {
		for _, eventType := range c.Types() {
			categories[eventType] = category
		}
	}
	found := folds(t, categories)
	evolved := []string{eventstore.LogStream.Category()}
	for fold, names := range found {
		isEvolve := strings.HasSuffix(fold, ".Evolve")
		if isEvolve {
			evolved = append(evolved, categories[names[0]])
		}
		for eventType, category := range categories {
			isPassed := slices.Contains(passes[fold], eventType) || slices.Contains(passes[fold], category) || isEvolve && category != categories[names[0]]
			switch isNamed := slices.Contains(names, eventType); {
			case !isNamed && !isPassed:
				t.Errorf("%s neither names %s nor passes over it", fold, eventType)
			case isNamed && isPassed:
				t.Errorf("%s names %s, and passes over it", fold, eventType)
			}
		}
	}
	for category := range codecs {
		if !slices.Contains(evolved, category) {
			t.Errorf("no Evolve is of category %s", category)
		}
	}
	for fold := range passes {
		if found[fold] == nil {
			t.Errorf("there is no fold %s", fold)
		}
	}
}

// folds returns the event types that each fold of the tree names.
func folds(t *testing.T, categories map[string]string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	add := func(fold string, declaration ast.Node) {
		_, byText := passes[fold]
		for _, name := range named(declaration, byText) {
			if categories[name] != "" {
				found[fold] = append(found[fold], name)
			}
		}
	}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "projectiontest/") {
			return err
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, content, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				add(path.Dir(name)+"."+n.Name.Name, n)
			case *ast.ValueSpec:
				add(path.Dir(name)+"."+n.Names[0].Name, n)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// named returns the types that the type switches of a declaration name. With texts it
// returns those of all cases and keys.
func named(declaration ast.Node, texts bool) (names []string) {
	add := func(expressions ...ast.Expr) {
		for _, e := range expressions {
			switch e := e.(type) {
			case *ast.Ident:
				names = append(names, e.Name)
			case *ast.SelectorExpr:
				names = append(names, e.Sel.Name)
			case *ast.BasicLit:
				if text, err := strconv.Unquote(e.Value); err == nil && texts {
					names = append(names, text)
				}
			}
		}
	}
	ast.Inspect(declaration, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSwitchStmt:
			for _, clause := range n.Body.List {
				add(clause.(*ast.CaseClause).List...)
			}
		case *ast.CaseClause:
			if texts {
				add(n.List...)
			}
		case *ast.KeyValueExpr:
			if texts {
				add(n.Key)
			}
		}
		return true
	})
	return names
}
