package find_test

import (
	"regexp"
	"strings"
	"testing"

	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/projectiontest"
)

// item returns the id of the last item that waits in a stream.
func (s *shop) item(stream eventstore.StreamName) string {
	s.t.Helper()
	id := ""
	for _, e := range projectiontest.Events(s.t, s.log) {
		if e.Stream == stream && strings.HasSuffix(e.Type, "Held") {
			id = e.ID.String()
		}
	}
	return id
}

func (s *shop) command() recorder.Command {
	return recorder.Command{ID: eventstore.NewULID(moment), Actor: "operator:alice"}
}

// says returns what is found by a text, without positions and ids.
func (s *shop) says(text string) string {
	s.t.Helper()
	answer, err := s.finder().Find(s.t.Context(), text)
	if err != nil {
		s.t.Fatal(err)
	}
	said := strings.ReplaceAll(answer.Text, "on 2026-11-29 10:12 UTC ", "")
	said = regexp.MustCompile(`[0-9a-f-]{36}`).ReplaceAllString(said, "ID")
	return regexp.MustCompile(` ?\(position \d+\)`).ReplaceAllString(said, "")
}

// TestDecisionsAreTold finds an item by its id, whatever was decided about it.
func TestDecisionsAreTold(t *testing.T) {
	const waits = "Order coinbase.HELD: a payment of 7.00 USD is held since 2026-11-29 10:12 UTC because no payer is named (no-user): it waits in review as ID."
	s := open(t)
	s.pay("HELD", "", "7.00")
	stream := eventstore.StreamName("order-coinbase.HELD")
	item := s.item(stream)
	if got := s.says(item); got != waits {
		t.Errorf("held: %s", got)
	}
	for round, test := range []struct {
		asked  review.Asked
		decide string
	}{
		{review.Asked{Decision: review.Credit, User: "u9", Note: "n"}, "Order coinbase.HELD of user u9: 7.00 USD was credited."},
		{review.Asked{Decision: review.Dismiss, Note: "n"}, "Order coinbase.HELD: a held payment was dismissed."},
	} {
		if _, err := s.service.DecideItem(t.Context(), stream, review.Decide{Item: item, Round: round, Asked: test.asked}, false, s.command()); err != nil {
			t.Fatal(err)
		}
		if got := s.says(item); got != test.decide {
			t.Errorf("%s: %s", test.asked.Decision, got)
		}
		if _, err := s.service.ReverseItem(t.Context(), stream, review.Reverse{Item: item, Round: round, Note: "wrong"}, false, s.command()); err != nil {
			t.Fatal(err)
		}
		if got, want := s.says(item), waits+" Order coinbase.HELD: the decision about ID was undone."; got != want {
			t.Errorf("%s undone: %s, want %s", test.asked.Decision, got, want)
		}
	}
	refund := review.Decide{Item: item, Round: 2, Asked: review.Asked{Decision: review.Refund, Note: "n"}}
	if _, err := s.service.DecideItem(t.Context(), stream, refund, false, s.command()); err != nil {
		t.Fatal(err)
	}
	if got := s.says(item); got != "Order coinbase.HELD: a refund of 7.00 USD was decided and is not sent yet." {
		t.Errorf("refund: %s", got)
	}
	confirm := review.Confirm{Refund: item, Reference: "transfer 17", SentAt: moment}
	if _, err := s.service.ConfirmRefund(t.Context(), stream, confirm, s.command()); err != nil {
		t.Fatal(err)
	}
	if got := s.says("transfer 17"); got != "Order coinbase.HELD: 7.00 USD was sent back." {
		t.Errorf("sent: %s", got)
	}
}

// TestHeldRefundsAreTold folds events that the recorder writes of a provider's reports.
func TestHeldRefundsAreTold(t *testing.T) {
	s := open(t)
	amount := s.amount("USD", "5.00")
	held := order.RefundHeld{Hold: "h", Payment: "checkout/C", Report: "checkout/C/refund/R", Amount: &amount, Posted: true, Reason: "refund-above-payment"}
	decision := review.Decision{ID: "d", Item: "h", Payment: "checkout/C", By: "operator:alice", Asked: review.Asked{Note: "n"}}
	for name, test := range map[string]struct {
		events []order.Event
		want   string
	}{
		"A": {[]order.Event{held}, "Order checkout.A: a refund of 5.00 USD is held since 2026-11-29 10:12 UTC because more was sent back than had come (refund-above-payment): it waits in review as h."},
		"B": {[]order.Event{held, order.RefundCharged{Decision: decision, User: "u1", Amount: amount, Charged: &amount}}, "Order checkout.B: a refund of 5.00 USD was charged to user u1."},
		"C": {[]order.Event{held, order.RefundDismissed{Decision: decision, Amount: &amount}}, "Order checkout.C: a held refund was dismissed."},
		"D": {[]order.Event{order.OrderCompleted{Decision: decision, User: "u1", Amount: amount, Sold: amount, Short: &amount}}, "Order checkout.D of user u1: 5.00 USD was taken for the sale, 5.00 USD short of the price."},
	} {
		stream := eventstore.StreamName("order-checkout." + name)
		for i, event := range test.events {
			encoded, err := projectiontest.Encode(stream, event)
			if err != nil {
				t.Fatal(err)
			}
			encoded[0].ID = eventstore.DeriveID(stream, "x", eventstore.Revision(i))
			if _, err := s.log.Append(t.Context(), stream, eventstore.At(eventstore.Revision(i-1)), encoded[0]); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.says(name); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestDecisionsAboutDepositsAreTold(t *testing.T) {
	s := open(t)
	s.deposit("aa", "0.10000000")
	stream := eventstore.StreamName(deposit.NewID(address).Stream())
	item := s.item(stream)
	asked := review.Asked{Decision: review.Credit, User: "u1", Note: "n"}
	if _, err := s.service.DecideItem(t.Context(), stream, review.Decide{Item: item, Asked: asked}, false, s.command()); err != nil {
		t.Fatal(err)
	}
	if got, want := s.says("aa"), "Address "+address+" of user u1: 0.10000000 BTC was credited."; got != want {
		t.Errorf("by its hash: %s, want %s", got, want)
	}
}
