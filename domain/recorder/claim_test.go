package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/domain/claim"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

const mispaid = ident.Payment("coinbase/mispayment/M")

func mispaidReport(id order.ID, decimal string) order.Report {
	m := order.Mispayment{Payment: mispaid, Custom: "u1"}
	if decimal != "" {
		m.Amount = amount("USD", decimal)
	} else {
		m.Missing = true
	}
	return order.Report{Payment: ident.NewPayment("coinbase", "order", string(id)), Mispayments: []order.Mispayment{m}}
}

// wantOneArrival checks that a mispayment is in suspense once, by the order that
// has claimed it.
func (w *world) wantOneArrival() {
	w.t.Helper()
	suspended := money.Zero("USD")
	for account, sum := range w.accounts() {
		if strings.HasPrefix(string(account), suspense) {
			var err error
			if suspended, err = suspended.Sub(sum); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if want := amount("USD", "3.00"); suspended != want {
		w.t.Errorf("%v is in suspense, want %v", suspended, want)
	}
	claims := w.read(eventstore.StreamName(claim.NewID(mispaid).Stream()))
	if len(claims) != 1 {
		w.t.Fatalf("the claims are %s", types(claims))
	}
	owner := decoded[claim.PaymentClaimed](w.t, claims[0]).Owner
	for _, e := range w.all() {
		if e.Type == "PaymentMispaid" && string(e.Stream) != owner {
			w.t.Errorf("%s owns the mispayment, and %s has posted it", owner, e.Stream)
		}
	}
}

func TestOneMispaymentInTwoOrdersIsInSuspenseOnce(t *testing.T) {
	w := newWorld(t)
	w.order(orderA, mispaidReport(orderA, "3.00"), delivery("D1", "{1}"), recorder.Recorded)
	w.order(orderB, mispaidReport(orderB, "3.00"), delivery("D2", "{2}"), recorder.Held)
	for i, id := range []order.ID{orderA, orderB, orderB, orderA} {
		w.order(id, mispaidReport(id, "3.00"), delivery(fmt.Sprint("E", i), fmt.Sprint("{", i, "}")), recorder.Duplicate)
	}
	held := decoded[order.PaymentHeld](t, w.read("order-coinbase.B")[0])
	if held.Reason != payment.ClaimedElsewhere || held.Arrived || held.Payment != mispaid || held.Amount.Decimal() != "3.00" {
		t.Errorf("got %+v", held)
	}
	w.wantOneArrival()
}

func TestAnAnnouncementClaimsNothing(t *testing.T) {
	w := newWorld(t)
	w.order(orderB, mispaidReport(orderB, ""), delivery("D1", "{1}"), recorder.Held)
	w.order(orderA, mispaidReport(orderA, "3.00"), delivery("D2", "{2}"), recorder.Recorded)
	w.wantOneArrival()
}

func TestRacingOrdersClaimAMispaymentOnce(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		race(t, func(i int) (recorder.Result, error) {
			id := order.ID(fmt.Sprint("coinbase.", i%4))
			return w.ReportOrder(t.Context(), id, mispaidReport(id, "3.00"), delivery(fmt.Sprint("D", i), fmt.Sprint(i%4)))
		})
		w.wantOneArrival()
	}
}

// breaking lets so many appends through, and the process ends at the next.
type breaking struct {
	eventstore.Store
	appends int
}

func (b *breaking) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if b.appends == 0 {
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	b.appends--
	return b.Store.Append(ctx, stream, expected, events...)
}

func TestAClaimWithoutItsOwnersEventsIsRepairedByTheRepetition(t *testing.T) {
	w := newWorld(t)
	broken := with(t, &breaking{w.log, 1})
	if _, err := broken.ReportOrder(t.Context(), orderA, mispaidReport(orderA, "3.00"), delivery("D1", "{1}")); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	w.order(orderB, mispaidReport(orderB, "3.00"), delivery("D2", "{2}"), recorder.Held)
	w.order(orderA, mispaidReport(orderA, "3.00"), delivery("D3", "{1}"), recorder.Recorded)
	w.wantOneArrival()
}

func TestMoreMispaymentsThanAnOrderKeepsClaimNothing(t *testing.T) {
	w := newWorld(t)
	report := mispaidReport(orderA, "3.00")
	for i := range payment.Max {
		report.Mispayments = append(report.Mispayments, order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", fmt.Sprint(i)), Amount: amount("USD", "1.00")})
	}
	w.order(orderA, report, delivery("D1", "{1}"), recorder.Quarantined)
	if events := w.read(eventstore.StreamName(claim.NewID(mispaid).Stream())); len(events) > 0 {
		t.Errorf("got %s", types(events))
	}
}

func TestAMispaymentThatIsListedOftenIsClaimedAllTheSame(t *testing.T) {
	w := newWorld(t)
	for _, id := range []order.ID{orderA, orderB} {
		report := mispaidReport(id, "3.00")
		for range payment.Max {
			report.Mispayments = append(report.Mispayments, report.Mispayments[0])
		}
		if _, err := w.ReportOrder(t.Context(), id, report, delivery("D"+string(id), string(id))); err != nil {
			t.Fatal(err)
		}
	}
	w.wantOneArrival()
}
