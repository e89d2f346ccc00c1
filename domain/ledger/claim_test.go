package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/domain/claim"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
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
func wantOneArrival(t *testing.T, store eventstore.Store) {
	t.Helper()
	suspended := money.Zero("USD")
	for account, sum := range accounts(t, store) {
		if strings.HasPrefix(string(account), suspense) {
			var err error
			if suspended, err = suspended.Sub(sum); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := amount("USD", "3.00"); suspended != want {
		t.Errorf("%v is in suspense, want %v", suspended, want)
	}
	claims := read(t, store, eventstore.StreamName(claim.NewID(mispaid).Stream()))
	if len(claims) != 1 {
		t.Fatalf("the claims are %s", types(claims))
	}
	owner := decoded[claim.PaymentClaimed](t, claims[0]).Owner
	for e, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == "PaymentMispaid" && string(e.Stream) != owner {
			t.Errorf("%s owns the mispayment, and %s has posted it", owner, e.Stream)
		}
	}
}

func TestOneMispaymentInTwoOrdersIsInSuspenseOnce(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	a, b := order.ID("coinbase.A"), order.ID("coinbase.B")
	result, err := service.ReportOrder(t.Context(), a, mispaidReport(a, "3.00"), delivery("D1", "{1}"))
	want(t, result, err, ledger.Recorded)
	result, err = service.ReportOrder(t.Context(), b, mispaidReport(b, "3.00"), delivery("D2", "{2}"))
	want(t, result, err, ledger.Held)
	for i, id := range []order.ID{a, b, b, a} {
		result, err = service.ReportOrder(t.Context(), id, mispaidReport(id, "3.00"), delivery(fmt.Sprint("E", i), fmt.Sprint("{", i, "}")))
		want(t, result, err, ledger.Duplicate)
	}
	held := decoded[order.PaymentHeld](t, read(t, store, "order-coinbase.B")[0])
	if held.Reason != payment.ClaimedElsewhere || held.Arrived || held.Payment != mispaid || held.Amount.Decimal() != "3.00" {
		t.Errorf("got %+v", held)
	}
	wantOneArrival(t, store)
}

func TestAnAnnouncementClaimsNothing(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	a, b := order.ID("coinbase.A"), order.ID("coinbase.B")
	result, err := service.ReportOrder(t.Context(), b, mispaidReport(b, ""), delivery("D1", "{1}"))
	want(t, result, err, ledger.Held)
	result, err = service.ReportOrder(t.Context(), a, mispaidReport(a, "3.00"), delivery("D2", "{2}"))
	want(t, result, err, ledger.Recorded)
	wantOneArrival(t, store)
}

func TestRacingOrdersClaimAMispaymentOnce(t *testing.T) {
	for range 10 {
		store := open(t)
		service := ledger.NewService(store, ledger.Policy{})
		race(t, func(i int) (ledger.Result, error) {
			id := order.ID(fmt.Sprint("coinbase.", i%4))
			return service.ReportOrder(t.Context(), id, mispaidReport(id, "3.00"), delivery(fmt.Sprint("D", i), fmt.Sprint(i%4)))
		})
		wantOneArrival(t, store)
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
	store := open(t)
	a, b := order.ID("coinbase.A"), order.ID("coinbase.B")
	broken := ledger.NewService(&breaking{store, 1}, ledger.Policy{})
	if _, err := broken.ReportOrder(t.Context(), a, mispaidReport(a, "3.00"), delivery("D1", "{1}")); !errors.Is(err, eventstore.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	service := ledger.NewService(store, ledger.Policy{})
	result, err := service.ReportOrder(t.Context(), b, mispaidReport(b, "3.00"), delivery("D2", "{2}"))
	want(t, result, err, ledger.Held)
	result, err = service.ReportOrder(t.Context(), a, mispaidReport(a, "3.00"), delivery("D3", "{1}"))
	want(t, result, err, ledger.Recorded)
	wantOneArrival(t, store)
}

func TestMoreMispaymentsThanAnOrderKeepsClaimNothing(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	report := mispaidReport(orderA, "3.00")
	for i := range payment.Max {
		report.Mispayments = append(report.Mispayments, order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", fmt.Sprint(i)), Amount: amount("USD", "1.00")})
	}
	result, err := service.ReportOrder(t.Context(), orderA, report, delivery("D1", "{1}"))
	want(t, result, err, ledger.Quarantined)
	if events := read(t, store, eventstore.StreamName(claim.NewID(mispaid).Stream())); len(events) > 0 {
		t.Errorf("got %s", types(events))
	}
}

func TestAMispaymentThatIsListedOftenIsClaimedAllTheSame(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	for _, id := range []order.ID{"coinbase.A", "coinbase.B"} {
		report := mispaidReport(id, "3.00")
		for range payment.Max {
			report.Mispayments = append(report.Mispayments, report.Mispayments[0])
		}
		if _, err := service.ReportOrder(t.Context(), id, report, delivery("D"+string(id), string(id))); err != nil {
			t.Fatal(err)
		}
	}
	wantOneArrival(t, store)
}
