package checkouts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/domain/payment"
	"daybook/http/callback/checkouts"
)

func TestAPaidCheckoutIsReadInFull(t *testing.T) {
	d := parse(t, paid())
	got := fmt.Sprintln(d.ID, d.Payment, d.Event, d.Status, d.Kind, d.Doubts, d.Amount, d.Fiat,
		*d.Settlement, d.Network, d.Address, d.Token, d.TransactionHash, d.Refunds, d.Refunded.IsZero())
	want := fmt.Sprintln(id, "checkout/"+id, "checkout.payment.success", "COMPLETED", "success", "[]", "100.000000 USDC", "100.00 USD",
		"{100.000000 USDC 1.000000 USDC 99.000000 USDC}", "base", "0xAc5f31b0aE4f1fD3b5d4F2C17E50dBb3E7d01234",
		"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "0xabcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789", "[]", true)
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	for _, time := range []struct{ got, want time.Time }{
		{d.CreatedAt, time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)},
		{d.UpdatedAt, time.Date(2026, 11, 20, 10, 7, 30, 250_000_000, time.UTC)},
		{d.ExpiresAt, time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)},
	} {
		if time.got != time.want {
			t.Errorf("the time is %v, want %v", time.got, time.want)
		}
	}
	if reference, found := d.Metadata.Value("reference"); reference != "order-77" || !found {
		t.Errorf("the reference is %q", reference)
	}
}

// What the optional members say may be missing, and a link is the same payment.
func TestAPaymentLinkIsTheSamePayment(t *testing.T) {
	link := parse(t, paid(members{
		"eventType": "payment_link.payment.success", "metadata": nil, "fiatAmount": nil, "fiatCurrency": nil, "tokenAddress": nil,
		"settlement": members{"totalAmount": "100.00", "feeAmount": "1.00", "netAmount": "99.00"},
	}))
	checkout := parse(t, paid())
	if link.Payment != checkout.Payment || link.Kind != checkouts.Success || len(link.Doubts) > 0 ||
		link.Settlement == nil || *link.Settlement != *checkout.Settlement || !link.Fiat.IsZero() {
		t.Errorf("got %+v", link)
	}
	if bare := parse(t, paid(members{"settlement": nil, "transactionHash": nil})); len(bare.Doubts) > 0 || bare.Settlement != nil || bare.TransactionHash != "" {
		t.Errorf("got %+v", bare)
	}
}

func TestEventAndStatus(t *testing.T) {
	all := []string{"ACTIVE", "PROCESSING", "DEACTIVATED", "EXPIRED", "COMPLETED", "FAILED", "REFUNDED", "PARTIALLY_REFUNDED"}
	for happened, want := range map[string]struct {
		kind   checkouts.Kind
		agrees []string
	}{
		"payment.success": {checkouts.Success, []string{"COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED"}},
		"payment.failed":  {checkouts.Failed, []string{"FAILED"}},
		"payment.expired": {checkouts.Expired, []string{"EXPIRED"}},
		"refund.success":  {checkouts.RefundSuccess, []string{"REFUNDED", "PARTIALLY_REFUNDED"}},
		"refund.failed":   {checkouts.RefundFailed, []string{"COMPLETED", "REFUNDED", "PARTIALLY_REFUNDED"}},
	} {
		for _, prefix := range []string{"checkout.", "payment_link."} {
			for _, status := range all {
				doubt := payment.StatusDisagrees
				if slices.Contains(want.agrees, status) {
					doubt = ""
				}
				check(t, prefix+happened, status, want.kind, doubt)
			}
			for _, status := range []any{nil, "", "completed", "COMPLETED ", "PAID", 1, true, []string{"COMPLETED"}} {
				check(t, prefix+happened, status, want.kind, payment.UnknownStatus)
			}
		}
	}
	for _, event := range []any{nil, "", "checkout.payment.succeeded", "checkout.", "payment_link.Payment.success", "checkout.payment.success.x", 7} {
		for _, status := range all[:3] {
			check(t, event, status, checkouts.NothingYet, "")
		}
		for _, status := range append([]string{"PAID"}, all[3:]...) {
			check(t, event, status, checkouts.Unknown, payment.UnknownEvent)
		}
	}
}

// check parses a body with both refunds that events announce.
func check(t *testing.T, event, status any, kind checkouts.Kind, doubt payment.Reason) {
	t.Helper()
	refunds := []members{oneRefund(), oneRefund(members{"id": "re_2", "status": "FAILED"})}
	d := parse(t, paid(members{"eventType": event, "status": status, "refunds": refunds}))
	var first payment.Reason
	if len(d.Doubts) > 0 {
		first = d.Doubts[0].Reason
	}
	if d.Kind != kind || first != doubt || len(d.Doubts) > 1 {
		t.Errorf("%v with %v is %s, doubts %v; want %s, %q", event, status, d.Kind, d.Doubts, kind, doubt)
	}
}

func TestNothingPersonalLeaves(t *testing.T) {
	d := parse(t, paid(members{"refunds": []members{oneRefund()}}))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if printed := fmt.Sprintf(verb, d); strings.Contains(printed, "personal") || strings.Contains(printed, "order-77") {
			t.Errorf("%s prints %s", verb, printed)
		}
	}
}
