package local_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
	"daybook/projections/verify"
)

// put folds a log without the file, as find does.
func put(t rapid.TB, events []eventstore.Recorded) string {
	var b strings.Builder
	for _, list := range local.Worklists {
		items := make(map[string]local.Item)
		for _, e := range events {
			decoded, err := ledger.Decode(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range list.Fold(local.Event{Event: decoded, ID: e.ID.String(), Stream: e.Stream, Position: e.Position, RecordedAt: e.RecordedAt}) {
				c.Put(items, e)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(items)) {
			if item := items[key]; item.IsOpen() {
				write(&b, list.Name, item)
			}
		}
	}
	return b.String()
}

// write writes what a file and Put say of an open item. A report that came again adds to
// the details of the file alone.
func write(b *strings.Builder, list string, i local.Item) {
	fmt.Fprintf(b, "%s %s %s %s %d %s %s %s %s %d\n", list, i.Key, i.Event, i.Stream, i.Position, i.OpenedAt.Truncate(0), i.Reason, i.User, i.Payment, i.Again)
}

// listed returns what a file says of all lists.
func listed(t rapid.TB, m *local.Model) string {
	var b strings.Builder
	for _, list := range local.Worklists {
		page, err := m.Items(context.Background(), local.Query{List: list.Name, Limit: local.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(page.Items, func(a, b local.Item) int { return strings.Compare(a.Key, b.Key) })
		for _, item := range page.Items {
			write(&b, list.Name, item)
		}
	}
	return b.String()
}

// verified compares the lists with the second fold of what waits.
func verified(t rapid.TB, log projectiontest.Slice, m *local.Model) {
	open, err := verify.OpenItems(context.Background(), log, log[len(log)-1].Position)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range local.Worklists {
		page, err := m.Items(context.Background(), local.Query{List: list.Name, Limit: local.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Items {
			if d, differs := verify.CompareOpen(open, verify.OpenItem{
				List: list.Name, Key: i.Key, Event: i.Event, Stream: string(i.Stream), Position: i.Position,
				Reason: i.Reason, User: i.User, Payment: string(i.Payment),
			}); differs {
				t.Fatal(d)
			}
		}
	}
	for _, i := range open {
		t.Fatal(i.Missing())
	}
}

// TestBatchesOfAnySizeGiveTheSameLists folds decisions, reversals and refunds in batches of
// a size, and compares with a fold in memory.
func TestBatchesOfAnySizeGiveTheSameLists(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		log := projectiontest.Slice(projectiontest.History(80).Draw(r, "log"))
		m := local.New(t.TempDir(), log, slog.New(slog.DiscardHandler))
		projectiontest.ApplyBatches(t, m, log, rapid.IntRange(1, len(log)).Draw(r, "batch"))
		if got, want := listed(r, m), put(r, log); got != want {
			r.Fatalf("the lists are\n%s\nwant\n%s", got, want)
		}
		verified(r, log, m)
		if err := m.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

// TestReversalShowsTheItemAgain compares an item of each kind before its decision and after
// the reversal.
func TestReversalShowsTheItemAgain(t *testing.T) {
	const owner = ident.Payment("checkout/C")
	amount := five(t)
	decision := func(item string, closes ...string) review.Decision {
		return review.Decision{ID: "d", Item: item, Payment: owner, By: "operator:alice", Asked: review.Asked{Note: "n"}, Closes: closes}
	}
	reversal := func(item string, opens ...string) review.Reversal {
		return review.Reversal{Item: item, Reverses: "d", Payment: owner, By: "operator:bob", Note: "wrong", Opens: opens}
	}
	held := order.PaymentHeld{Hold: "h1", Payment: owner, User: "u1", Amount: &amount, Arrived: true, Reason: payment.NoUser, Transfer: &payment.Transfer{Amount: amount, Hash: "ab"}}
	other := order.PaymentHeld{Hold: "h2", Payment: owner, Reason: payment.UnreadableAmount}
	wrong := order.PaymentMispaid{Mispayment: "m", Payment: owner, Amount: amount, Reason: payment.Underpaid}
	refund := order.RefundHeld{Hold: "h3", Payment: owner, Report: "checkout/C/refund/R", Amount: &amount, Posted: true, Reason: payment.RefundAbove, Hash: "cd"}
	deposited := deposit.DepositHeld{Hold: "h4", Digest: "d", User: "u1", Amount: &amount, Arrived: true, Reason: payment.NoHash}
	paidOut := payout.PayoutHeld{Hold: "h5", Payment: "coinbase/payout/P", Digest: "d", Status: "x", Reason: payment.UnknownStatus}
	asked := review.Asked{Decision: review.Refund, Note: "n"}
	intended := review.RefundDecided{Refund: "r", Item: "h1", Asked: &asked, Payment: owner, Amount: amount, By: "operator:alice", Note: "n"}
	toDeposit := intended
	toDeposit.Item, toDeposit.Payment = "h4", ""
	withdrawn := func(item string) review.RefundWithdrawn {
		return review.RefundWithdrawn{Refund: "r", Item: item, Amount: amount, By: "operator:bob"}
	}
	for name, test := range map[string]struct {
		stream          eventstore.StreamName
		opened          []event
		decided, undone event
	}{
		"released":             {"order-checkout.C", events(held), order.PaymentReleased{Decision: decision("h1"), User: "u1", Amount: amount}, order.DecisionReversed{Reversal: reversal("h1")}},
		"released with others": {"order-checkout.C", events(held, other, wrong), order.PaymentReleased{Decision: decision("h1", "h2", "m"), User: "u1", Amount: amount}, order.DecisionReversed{Reversal: reversal("h1", "h2", "m")}},
		"completed":            {"order-checkout.C", events(wrong), order.OrderCompleted{Decision: decision("m"), User: "u1", Amount: amount, Sold: amount}, order.DecisionReversed{Reversal: reversal("m")}},
		"dismissed":            {"order-checkout.C", events(held), order.PaymentDismissed{Decision: decision("h1")}, order.DecisionReversed{Reversal: reversal("h1")}},
		"mispayment credited":  {"order-checkout.C", events(wrong), order.MispaymentCredited{Decision: decision("m"), User: "u1", Amount: amount}, order.DecisionReversed{Reversal: reversal("m")}},
		"mispayment dismissed": {"order-checkout.C", events(wrong), order.MispaymentDismissed{Decision: decision("m")}, order.DecisionReversed{Reversal: reversal("m")}},
		"charged":              {"order-checkout.C", events(refund), order.RefundCharged{Decision: decision("h3"), User: "u1", Amount: amount}, order.DecisionReversed{Reversal: reversal("h3")}},
		"refund dismissed":     {"order-checkout.C", events(refund), order.RefundDismissed{Decision: decision("h3")}, order.DecisionReversed{Reversal: reversal("h3")}},
		"refund decided":       {"order-checkout.C", events(held), order.RefundDecided(intended), order.RefundWithdrawn(withdrawn("h1"))},
		"deposit released":     {"address-A", events(deposited), deposit.DepositReleased{Decision: decision("h4"), User: "u1", Amount: amount}, deposit.DecisionReversed{Reversal: reversal("h4")}},
		"deposit dismissed":    {"address-A", events(deposited), deposit.DepositDismissed{Decision: decision("h4")}, deposit.DecisionReversed{Reversal: reversal("h4")}},
		"deposit sent back":    {"address-A", events(deposited), deposit.RefundDecided(toDeposit), deposit.RefundWithdrawn(withdrawn("h4"))},
		"payout released":      {"payout-P", events(paidOut), payout.PayoutReleased{Decision: decision("h5"), Facts: payout.Facts{Subtotal: amount, Total: amount}}, payout.DecisionReversed{Reversal: reversal("h5")}},
		"payout dismissed":     {"payout-P", events(paidOut), payout.PayoutDismissed{Decision: decision("h5")}, payout.DecisionReversed{Reversal: reversal("h5")}},
	} {
		log := stream(t, test.stream, append(test.opened, test.decided, test.undone)...)
		opened := len(test.opened)
		m := open(t, t.TempDir(), log)
		says := func(until int) string {
			projectiontest.ApplyBatches(t, m, log[:until], 1)
			page, err := m.Items(t.Context(), local.Query{List: local.Review.Name, Limit: local.MaxPage})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%+v %+v", page.Items, page.Counts)
		}
		before := says(opened)
		if got := says(opened + 1); got != "[] []" {
			t.Errorf("%s: after the decision review has %s", name, got)
		}
		if got := says(opened + 2); got != before {
			t.Errorf("%s, and undone, review has\n%s\nand had\n%s", name, got, before)
		}
	}
}

// TestADepositThatComesAgainWaitsAgain folds a report that came again after a decision, and
// after the deposit was sent back.
func TestADepositThatComesAgainWaitsAgain(t *testing.T) {
	amount := five(t)
	deposited := deposit.DepositHeld{Hold: "h4", Digest: "d", User: "u1", Amount: &amount, Arrived: true, Reason: payment.NoHash}
	again := deposit.DepositSeenAgain{Hold: "h4", Digest: "d"}
	intended := deposit.RefundDecided{Refund: "r", Item: "h4", Amount: amount, By: "operator:alice"}
	sent := deposit.DepositRefunded{Refund: "r", Item: "h4", Amount: amount, By: "operator:alice"}
	for name, decided := range map[string][]event{
		"released":  {deposit.DepositReleased{Decision: review.Decision{ID: "d", Item: "h4", By: "operator:alice", Asked: review.Asked{Note: "n"}}, User: "u1", Amount: amount}},
		"sent back": {intended, sent},
	} {
		log := stream(t, "address-A", append(append(events(deposited), decided...), again)...)
		directory := t.TempDir()
		m := open(t, directory, log)
		projectiontest.ApplyBatches(t, m, log[:len(log)-1], 1)
		if n := inSnapshot(t, directory); n != 0 {
			t.Errorf("%s: a snapshot has %d open items", name, n)
		}
		if _, isOpen, err := m.Item(t.Context(), local.Review.Name, "h4"); isOpen || err != nil {
			t.Errorf("%s: it waits, error %v", name, err)
		}
		projectiontest.ApplyBatches(t, m, log, 1)
		item, isOpen, err := m.Item(t.Context(), local.Review.Name, "h4")
		if !isOpen || err != nil || item.Again != 1 || item.User != "u1" || !strings.Contains(string(item.Details), amount.Decimal()) {
			t.Errorf("%s, and again: %+v, %v, error %v", name, item, isOpen, err)
		}
	}
}

// TestADepositThatComesAgainBeforeItIsSentBackWaits sends the first one back. The other one
// is still to be decided, for both folds of the list.
func TestADepositThatComesAgainBeforeItIsSentBackWaits(t *testing.T) {
	amount := five(t)
	log := stream(t, "address-A",
		deposit.DepositHeld{Hold: "h4", Digest: "d", User: "u1", Amount: &amount, Arrived: true, Reason: payment.NoHash},
		deposit.RefundDecided{Refund: "r", Item: "h4", Amount: amount, By: "operator:alice"},
		deposit.DepositSeenAgain{Hold: "h4", Digest: "d"},
		deposit.DepositRefunded{Refund: "r", Item: "h4", Amount: amount, By: "operator:alice"},
	)
	m := open(t, t.TempDir(), log)
	projectiontest.ApplyBatches(t, m, log, 1)
	if item, isOpen, err := m.Item(t.Context(), local.Review.Name, "h4"); !isOpen || err != nil || item.Again != 1 {
		t.Errorf("got %+v, %v, error %v", item, isOpen, err)
	}
}

// inSnapshot returns how many open items a snapshot of a file has.
func inSnapshot(t *testing.T, directory string) (n int) {
	t.Helper()
	snapshot, err := local.OpenSnapshot(t.Context(), directory)
	if err != nil {
		t.Fatal(err)
	}
	if err := snapshot.Each(func(string, local.Item) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := snapshot.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

type event = codec.Event

func events(all ...event) []event { return all }

// stream returns the log of one stream.
func stream(t *testing.T, name eventstore.StreamName, all ...event) projectiontest.Slice {
	t.Helper()
	encoded, err := projectiontest.Encode(name, all...)
	if err != nil {
		t.Fatal(err)
	}
	var log projectiontest.Slice
	for i, e := range encoded {
		log = append(log, eventstore.Recorded{Event: e, Stream: name, Revision: eventstore.Revision(i), Position: eventstore.Position(i + 1), RecordedAt: day(i)})
	}
	return log
}

func five(t *testing.T) money.Amount {
	t.Helper()
	amount, err := money.Parse("USD", "5")
	if err != nil {
		t.Fatal(err)
	}
	return amount
}
