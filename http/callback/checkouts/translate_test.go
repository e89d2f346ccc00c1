package checkouts_test

import (
	"testing"

	"daybook/domain/money"
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
	if p.Custom != "" || p.Doubt != "" || p.Evidence != (payment.Evidence{Method: "signature", Status: "COMPLETED"}) || p.Details != (order.Details{Reference: "order-77"}) {
		t.Errorf("%+v", p)
	}
	want := payment.Transfer{
		Amount: amount("USDC", "100.00"), Quoted: amount("USD", "100.00"), Fee: amount("USDC", "1.00"), Network: "base",
		Hash: "0xabcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789", Payee: "0xac5f31b0ae4f1fd3b5d4f2c17e50dbb3e7d01234",
	}
	if *p.Transfer != want {
		t.Errorf("%+v", *p.Transfer)
	}
}

// A webhook of a refund also shows that the payment came: that of its success may be lost.
func TestARefundReportsItsPaymentToo(t *testing.T) {
	r := reported(t, paid(members{"eventType": "checkout.refund.success", "status": "PARTIALLY_REFUNDED", "refunds": []any{oneRefund()}}))
	if r.Paid == nil || r.Paid.Doubt != "" || len(r.Refunds) != 1 {
		t.Fatalf("%+v", r)
	}
	if f := r.Refunds[0]; f.Payment != "checkout/"+id+"/refund/re_1" || f.Status != "COMPLETED" || f.Amount != amount("USDC", "40.00") || f.Doubt != "" || f.Digest != "" {
		t.Errorf("%+v", f)
	}
	r = reported(t, paid(members{"eventType": "checkout.refund.success", "status": "REFUNDED"}))
	if r.Paid == nil || r.Paid.Doubt != "" || len(r.Refunds) != 1 || r.Refunds[0].Doubt != payment.RefundMissing {
		t.Errorf("%+v %+v", r, r.Refunds)
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

func amount(currency money.Currency, decimal string) money.Amount {
	a, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return a
}
