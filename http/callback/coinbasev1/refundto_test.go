package coinbasev1

import (
	"testing"

	"daybook/domain/ident"
)

func TestARefundGoesToThePayersAddressAndNotToTheMerchants(t *testing.T) {
	const body = `{"order": {"id": "A", "receive_address": "1merchant", "refund_address": "1payer", "mispayments": [
		{"id": "M1", "refund_address": "1mispayer"}, {"id": "M2"}, {"refund_address": "1nobody"}, 7]}}`
	to := refundTo([]byte(body))
	for payment, want := range map[ident.Payment]string{
		"coinbase/order/A": "1payer", "coinbase/mispayment/M1": "1mispayer", "coinbase/mispayment/M2": "1payer",
	} {
		if got := to.For(payment); got != want {
			t.Errorf("a refund of %s goes to %q", payment, got)
		}
	}
	for _, body := range []string{
		`{"order": {"id": "A", "receive_address": "1merchant"}}`,
		`{"address": "1merchant", "amount": 1, "transaction": {"hash": "a"}}`,
		`{"order": {"refund_address": {"a": 1}}}`,
		`{"order": {"refund_address": "somebody@shop.example"}}`,
		`{`,
	} {
		if got := refundTo([]byte(body)).For("coinbase/order/A"); got != "" {
			t.Errorf("%s: a refund goes to %q", body, got)
		}
	}
}
