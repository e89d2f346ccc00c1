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

	"daybook/domain/claim"
	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
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
		"OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentVerified", "PaymentRefuted", "PaymentMispaid",
		"PaymentReleased", "MispaymentCredited", "OrderCompleted", "PaymentDismissed", "MispaymentDismissed", "DecisionReversed",
		"RefundDecided", "RefundWithdrawn", "PaymentRefunded", "RefundCharged", "RefundDismissed",
		"AddressRegistered", "DepositReceived", "DepositVerified", "DepositReleased", "DepositDismissed", "DepositRefunded",
		"PayoutPending", "PayoutCompleted", "PayoutReleased", "PayoutDismissed", "claim", "quarantine", "daybook",
	},
	"projections/orders.put": {"address", "payout", "claim", "quarantine", "daybook"},
	"projections/local.foldVerification": { // a payment that waits for its provider cannot be decided
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentReleased", "MispaymentCredited", "OrderCompleted", "PaymentDismissed", "MispaymentDismissed", "DecisionReversed",
		"RefundDecided", "RefundWithdrawn", "PaymentRefunded", "RefundHeld", "RefundCharged", "RefundDismissed",
		"address", "payout", "claim", "quarantine", "daybook",
	},
	"projections/local.foldLinking": {
		"OrderLinked", "OrderSettled", "FeeReported", "RefundReported",
		"OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentVerified", "PaymentRefuted", "PaymentHeld", "PaymentMispaid",
		"PaymentReleased", "MispaymentCredited", "OrderCompleted", "PaymentDismissed", "MispaymentDismissed", "DecisionReversed",
		"RefundDecided", "RefundWithdrawn", "PaymentRefunded", "RefundHeld", "RefundCharged", "RefundDismissed",
		"address", "payout", "claim", "quarantine", "daybook",
	},
	"projections/local.foldReview": {
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported", "OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentRefuted",
		"AddressRegistered", "DepositReceived", "DepositRefunded", "PayoutPending", "PayoutCompleted", "claim", "quarantine", "daybook",
	},
	"projections/local.foldRefunds": {
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported", "OrderStatusReported", "OrderExpired",
		"PaymentReceived", "PaymentVerified", "PaymentRefuted", "PaymentHeld", "PaymentMispaid",
		"PaymentReleased", "MispaymentCredited", "OrderCompleted", "PaymentDismissed", "MispaymentDismissed", "DecisionReversed", "RefundCharged", "RefundDismissed",
		"AddressRegistered", "DepositReceived", "DepositVerified", "DepositHeld", "DepositSeenAgain", "DepositReleased", "DepositDismissed",
		"payout", "claim", "quarantine", "daybook",
	},
	"projections/local.foldQuarantine": {"order", "address", "payout", "claim", "daybook"},
	"projections/local.keysOf": {
		"OrderSettled", "PaymentsSought", "FeeReported", "OrderStatusReported", "OrderExpired", "PaymentRefuted",
		"PaymentDismissed", "MispaymentDismissed", "DecisionReversed", "RefundWithdrawn", "RefundDismissed",
		"DepositVerified", "DepositSeenAgain", "DepositDismissed",
		"PayoutPending", "PayoutCompleted", "PayoutReleased", "PayoutDismissed", "claim", "quarantine", "daybook",
	},
	"projections/find.put": { // the worklists say what waits
		"PaymentsSought", "FeeReported", "RefundReported",
		"PaymentHeld", "PaymentMispaid", "RefundHeld", "DepositHeld", "DepositSeenAgain", "PayoutHeld", "CallbackQuarantined", "claim", "daybook",
	},
	"projections/verify.rules": nil,
	"projections/verify.take": { // takeDecision takes what people decide
		"PaymentsSought", "RefundReported", "OrderStatusReported", "OrderExpired",
		"PaymentReleased", "MispaymentCredited", "OrderCompleted", "PaymentDismissed", "MispaymentDismissed", "DecisionReversed",
		"RefundDecided", "RefundWithdrawn", "PaymentRefunded", "RefundHeld", "RefundCharged", "RefundDismissed",
		"DepositSeenAgain", "DepositReleased", "DepositDismissed", "DepositRefunded",
		"PayoutReleased", "PayoutDismissed", "claim", "quarantine", "daybook",
	},
	"projections/verify.takeDecision": { // those that change what is known of a payment
		"OrderRegistered", "OrderLinked", "OrderSettled", "PaymentsSought", "FeeReported", "RefundReported", "OrderStatusReported", "OrderExpired",
		"PaymentReceived", "PaymentVerified", "PaymentRefuted", "PaymentHeld", "PaymentMispaid",
		"MispaymentDismissed", "PaymentRefunded", "RefundHeld", "RefundCharged", "RefundDismissed",
		"AddressRegistered", "DepositReceived", "DepositVerified", "DepositHeld", "DepositSeenAgain", "DepositRefunded",
		"PayoutPending", "PayoutCompleted", "PayoutHeld", "PayoutDismissed", "claim", "quarantine", "daybook",
	},
	"projections/verify.put": { // their defaults take every decision, and close what an event names
		"OrderLinked", "OrderSettled", "OrderStatusReported", "OrderExpired", "PaymentRefuted",
		"PaymentReleased", "MispaymentCredited", "OrderCompleted", "PaymentDismissed", "MispaymentDismissed", "RefundCharged", "RefundDismissed",
		"AddressRegistered", "DepositReceived", "DepositReleased", "DepositDismissed",
		"PayoutPending", "PayoutCompleted", "PayoutReleased", "PayoutDismissed", "claim", "quarantine", "daybook",
	},
}

func TestEveryFoldNamesEveryEvent(t *testing.T) {
	found := folds(t)
	evolved := []string{eventstore.LogStream.Category()}
	for fold, names := range found {
		own := "" // category of an Evolve
		if strings.HasSuffix(fold, ".Evolve") {
			own, _, _ = strings.Cut(names[0], " ")
			evolved = append(evolved, own)
		}
		for _, event := range all() {
			category, eventType, _ := strings.Cut(event, " ")
			isPassed := slices.Contains(passes[fold], eventType) || slices.Contains(passes[fold], category) || own != "" && category != own
			switch isNamed := slices.Contains(names, event); {
			case !isNamed && !isPassed:
				t.Errorf("%s neither names %s of %s nor passes over it", fold, eventType, category)
			case isNamed && isPassed:
				t.Errorf("%s names %s of %s, and passes over it", fold, eventType, category)
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

// all returns the event types of all categories, as "order PaymentReceived".
func all() (events []string) {
	for category, c := range codecs {
		for _, eventType := range c.Types() {
			events = append(events, category+" "+eventType)
		}
	}
	return events
}

// packages are those of the events, by category.
var packages = map[string]string{
	order.Category: "order", deposit.Category: "deposit", payout.Category: "payout", claim.Category: "claim", quarantine.Category: "quarantine",
	eventstore.LogStream.Category(): "eventstore",
}

// folds returns the events that each fold of the tree names, as all does. A text is that
// of every category which has the type.
func folds(t *testing.T) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	add := func(fold, from string, declaration ast.Node) {
		_, byText := passes[fold]
		for _, name := range named(declaration, from, byText) {
			for _, event := range all() {
				category, eventType, _ := strings.Cut(event, " ")
				if (name == packages[category]+"."+eventType || name == eventType) && !slices.Contains(found[fold], event) {
					found[fold] = append(found[fold], event)
				}
			}
		}
	}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "projectiontest/") || strings.HasPrefix(name, "http/") {
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
				add(path.Dir(name)+"."+n.Name.Name, parsed.Name.Name, n)
			case *ast.ValueSpec:
				add(path.Dir(name)+"."+n.Names[0].Name, parsed.Name.Name, n)
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

// named returns the types that the type switches of a declaration name, with their package.
// With texts it returns the texts of all cases and keys too.
func named(declaration ast.Node, from string, texts bool) (names []string) {
	add := func(expressions ...ast.Expr) {
		for _, e := range expressions {
			switch e := e.(type) {
			case *ast.Ident:
				names = append(names, from+"."+e.Name)
			case *ast.SelectorExpr:
				if in, isPackage := e.X.(*ast.Ident); isPackage {
					names = append(names, in.Name+"."+e.Sel.Name)
				}
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
