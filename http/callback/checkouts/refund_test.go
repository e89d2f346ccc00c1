package checkouts_test

import (
	"fmt"
	"testing"

	"daybook/domain/payment"
	"daybook/domain/quarantine"
	"daybook/http/callback/checkouts"
)

func refunded(refunds ...any) []byte {
	return paid(members{"eventType": "checkout.refund.success", "status": "PARTIALLY_REFUNDED", "refundedAmount": "40.00", "refunds": refunds})
}

func TestARefundIsReadInFull(t *testing.T) {
	d := parse(t, refunded(oneRefund()))
	if d.Kind != checkouts.RefundSuccess || len(d.Doubts) > 0 || len(d.Refunds) != 1 || d.Refunded.String() != "40.000000 USDC" {
		t.Fatalf("got %+v", d)
	}
	r := d.Refunds[0]
	got := fmt.Sprint(r.ID, " ", r.Identity, " ", r.Amount, " ", r.Status, " ", r.TransactionHash, " ", r.CreatedAt.Format("02T15:04"), " ", r.CompletedAt.Format("02T15:04"), r.Doubt)
	if want := "re_1 checkout/" + id + "/refund/re_1 40.000000 USDC COMPLETED 0xaa" + id + " 21T10:00 21T10:01"; got != want || len(r.Digest) != 64 {
		t.Errorf("got %s\nwant %s", got, want)
	}
	pending := parse(t, refunded(oneRefund(), oneRefund(members{"id": "re_2", "status": "PENDING", "completedAt": "0001-01-01T00:00:00Z"})))
	if len(pending.Refunds) != 2 || !pending.Refunds[1].CompletedAt.IsZero() || pending.Refunds[1].Doubt != "" {
		t.Errorf("got %+v", pending.Refunds)
	}
}

func TestADoubtfulRefundLeavesTheOthersAlone(t *testing.T) {
	for _, test := range []struct {
		change members
		want   payment.Reason
	}{
		{members{"currency": nil}, ""},
		{members{"checkoutId": nil}, ""},
		{members{"status": "FAILED"}, ""},
		{members{"id": nil}, payment.RefundNoID},
		{members{"id": 3}, payment.RefundNoID},
		{members{"id": "a\nb"}, payment.RefundNoID},
		{members{"checkoutId": "another"}, payment.RefundOfAnother},
		{members{"status": "completed"}, payment.UnknownStatus},
		{members{"status": nil}, payment.UnknownStatus},
		{members{"amount": nil}, payment.UnreadableAmount},
		{members{"amount": "-40.00"}, payment.UnreadableAmount},
		{members{"amount": 40}, payment.UnreadableAmount},
		{members{"currency": "XXX"}, payment.UnreadableAmount},
	} {
		d := parse(t, refunded(oneRefund(), oneRefund(members{"id": "re_2"}, test.change)))
		if len(d.Refunds) != 2 || d.Refunds[0].Doubt != "" || d.Refunds[1].Doubt != test.want || len(d.Doubts) > 0 {
			t.Errorf("%v: %+v, %v", test.change, d.Refunds, d.Doubts)
		}
	}
}

func TestARefundCountsOnceInADocument(t *testing.T) {
	withoutID := members{"id": nil}
	for _, test := range []struct {
		second members
		count  int
		doubt  payment.Reason
	}{
		{members{}, 1, ""},
		{members{"amount": "40.0"}, 1, ""}, // another notation
		{members{"amount": "41.00"}, 2, payment.RefundContradictsSelf},
		{members{"status": "FAILED"}, 2, payment.RefundContradictsSelf},
	} {
		d := parse(t, refunded(oneRefund(), oneRefund(test.second)))
		if len(d.Refunds) != test.count || d.Refunds[0].Doubt != test.doubt || d.Refunds[test.count-1].Doubt != test.doubt {
			t.Errorf("%v: %+v", test.second, d.Refunds)
		}
	}
	d := parse(t, refunded(oneRefund(withoutID), oneRefund(withoutID), oneRefund(withoutID, members{"amount": "1.00"}), 5, nil))
	if len(d.Refunds) != 4 {
		t.Errorf("%d refunds without an id", len(d.Refunds))
	}
}

func TestAnAnnouncedRefundMustBeThere(t *testing.T) {
	for _, body := range [][]byte{
		refunded(),
		refunded(oneRefund(members{"status": "PENDING"})),
		paid(members{"eventType": "checkout.refund.failed", "refunds": []members{oneRefund()}}),
	} {
		if d := parse(t, body); !doubts(d, payment.RefundMissing, "refunds") {
			t.Errorf("%s: %v", body, d.Doubts)
		}
	}
	many := make([]any, 101)
	for i := range many {
		many[i] = oneRefund(members{"id": fmt.Sprint(i)})
	}
	if d := parse(t, refunded(many[:100]...)); len(d.Refunds) != 100 {
		t.Errorf("%d of 100 refunds", len(d.Refunds))
	}
	if r := refusal(t, refunded(many...)); r.Reason != quarantine.TooMany {
		t.Errorf("101 refunds: %v", r)
	}
}
