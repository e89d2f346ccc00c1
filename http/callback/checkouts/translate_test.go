package checkouts_test

import (
	"testing"

	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
)

func reported(t *testing.T, body []byte) order.Report {
	t.Helper()
	report, err := checkouts.Format(callback.Sources{}, nil).Parse(body)
	if err != nil || report.Order == nil || report.Order.ID != order.NewID("checkout", id) {
		t.Fatalf("%s: %+v, %v", body, report, err)
	}
	return report.Order.Report
}

func TestASuccessIsAPaymentThatASignatureShows(t *testing.T) {
	r := reported(t, paid())
	p := r.Paid
	if r.Payment != "checkout/"+id || r.Status != "" || p == nil || p.Amount.String() != "100.00 USDC" && p.Amount.String() != "100.000000 USDC" {
		t.Fatalf("%+v", r)
	}
	if p.Custom != "" || p.Doubt != "" || p.Evidence != (payment.Evidence{Method: "signature", Status: "COMPLETED"}) || p.Details.Reference != "order-77" ||
		p.Details.TransactionHash != "0xabcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789" || p.Details.ReceiveAddress == "" {
		t.Errorf("%+v", p)
	}
}

func TestDoubtsAndWordsAreReported(t *testing.T) {
	for _, c := range []struct {
		change members
		doubt  payment.Reason
		status string
	}{
		{members{"status": "FAILED"}, payment.StatusDisagrees, ""},
		{members{"eventType": "checkout.payment.other"}, payment.UnknownEvent, ""},
		{members{"amount": 100}, payment.UnreadableAmount, ""},
		{members{"eventType": "checkout.payment.other", "status": "PROCESSING"}, "", "PROCESSING"},
		{members{"eventType": "checkout.payment.failed", "status": "FAILED"}, "", "FAILED"},
		{members{"eventType": "payment_link.payment.expired", "status": "EXPIRED"}, "", "EXPIRED"},
		{members{"eventType": "checkout.refund.success", "status": "REFUNDED"}, "", "REFUNDED"},
		{members{"eventType": "checkout.payment.failed", "status": nil}, "", "checkout.payment.failed"},
	} {
		r := reported(t, paid(c.change))
		if r.Status != c.status || (r.Paid != nil) != (c.status == "") || r.Paid != nil && r.Paid.Doubt != c.doubt {
			t.Errorf("%v: %+v %+v", c.change, r, r.Paid)
		}
	}
}

func TestAReferenceThatCannotBeAnIdentifierIsLeftOut(t *testing.T) {
	for _, metadata := range []any{members{"reference": "a\nb"}, members{"reference": 1}, members{}, nil} {
		if r := reported(t, paid(members{"metadata": metadata})); r.Paid.Details.Reference != "" {
			t.Errorf("%v is %q", metadata, r.Paid.Details.Reference)
		}
	}
}
