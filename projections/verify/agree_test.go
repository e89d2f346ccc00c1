package verify

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"daybook/eventstore"
	readbalances "daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

// TestBothFoldsAgree holds the independent fold against the projectors', on
// random histories. Neither shares code with the other, so that a fault in one
// of them shows here.
func TestBothFoldsAgree(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		events := sliceLog(projectiontest.History(120).Draw(r, "log"))
		disagreement, err := disagree(t.Context(), events, events)
		if err != nil {
			r.Fatal(err)
		}
		if disagreement != "" {
			r.Fatal(disagreement)
		}
	})
}

// TestAPlantedFaultIsFound folds logs that differ in one detail, as a faulty
// fold would read them.
func TestAPlantedFaultIsFound(t *testing.T) {
	events := sliceLog(projectiontest.Sample(300))
	for name, fault := range map[string]func(*eventstore.Recorded){
		"a credit counts as pending only":        replaceType("PaymentVerified", "PaymentReceived"),
		"a refutation is overlooked":             replaceType("PaymentRefuted", "OrderExpired"),
		"a refund is overlooked":                 replaceType("PaymentRefunded", "RefundReported"),
		"a mispayment is credited at once":       replaceType("PaymentMispaid", "MispaymentCredited"),
		"a reversal is overlooked":               replaceType("DecisionReversed", "RefundWithdrawn"),
		"what is missing of a sale is forgotten": replaceType("OrderCompleted", "MispaymentCredited"),
		"a charge is overlooked":                 replaceType("RefundCharged", "RefundDecided"),
		"a deposit's release is taken as known":  replaceType("DepositReleased", "DepositDismissed"),
	} {
		faulty := events.clone()
		for i := range faulty {
			fault(&faulty[i])
		}
		disagreement, err := disagree(t.Context(), events, faulty)
		if err != nil {
			t.Fatal(err)
		}
		if disagreement == "" {
			t.Errorf("%s: nothing differs", name)
		}
	}
}

func replaceType(from, to string) func(*eventstore.Recorded) {
	return func(e *eventstore.Recorded) {
		if e.Type == from {
			e.Type = to
		}
	}
}

// disagree folds one log with the projectors and one with the fold of this
// package, and says what differs.
func disagree(ctx context.Context, projected, independent sliceLog) (string, error) {
	balances := readbalances.NewMemory()
	to := follow.Checkpoint{LogID: projectiontest.LogID, Position: projected.end()}
	if err := balances.Apply(ctx, follow.Checkpoint{}, to, projected); err != nil {
		return "", err
	}
	book := newBook(maxSlots)
	if err := newFollower(independent, readFact, book.apply).to(ctx, independent.end()); err != nil {
		return "", err
	}
	for _, user := range projectiontest.Users {
		balance, err := balances.Balance(ctx, user)
		if err != nil {
			return "", err
		}
		page, err := balances.Entries(ctx, user, 0, readbalances.MaxPage)
		if err != nil {
			return "", err
		}
		if differs := compareAccount(book.accounts[encodeName(user)], balance, page); differs != "" {
			return differs, nil
		}
	}
	return "", nil
}

func compareAccount(a *account, balance readbalances.Balance, page readbalances.Page) string {
	stored := make(map[string]string)
	for _, c := range balance.Currencies {
		stored[string(c.Currency)] = c.Available.Decimal()
		stored[string(c.Currency)+":pending"] = c.Pending.Decimal()
		stored["position"] = balance.Changed.String()
	}
	if differs := compareFields(stored, a.fields()); differs != "" {
		return balance.User + ": " + differs
	}
	var sum digest
	var scratch []byte
	for _, e := range slices.Backward(page.Entries) {
		occurred := ""
		if !e.OccurredAt.IsZero() {
			occurred = e.OccurredAt.Format(time.RFC3339Nano)
		}
		members := []string{
			e.Position.String(), e.Type, string(e.Payment), string(e.Amount.Currency()), e.Amount.Decimal(), e.Balance.Decimal(),
			string(e.Stream), occurred, e.RecordedAt.Format(time.RFC3339Nano),
		}
		if e.By != "" {
			members = append(members, e.By, e.Note)
		}
		text, _ := json.Marshal(members)
		add(&sum, text, &scratch)
	}
	if a != nil && (a.digest != sum || a.entries != uint64(len(page.Entries))) {
		return fmt.Sprintf("%s: %d entries, the independent fold has %d, or others", balance.User, len(page.Entries), a.entries)
	}
	return ""
}
