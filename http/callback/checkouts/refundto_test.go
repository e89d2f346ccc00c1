package checkouts

import "testing"

func TestARefundNeverGoesToTheAddressThatIsPaidTo(t *testing.T) {
	for body, want := range map[string]string{
		`{"id": "a", "address": "0xmerchant"}`:                              "",
		`{"id": "a", "address": "0xmerchant", "payerAddress": "0xpayer"}`:   "0xpayer",
		`{"id": "a", "fromAddress": "0xpayer", "payerAddress": {"a": "b"}}`: "0xpayer",
		`{"id": "a", "metadata": {"payerAddress": "0xsomebody"}}`:           "",
		`[`: "",
	} {
		if got := refundTo([]byte(body)).Any; got != want {
			t.Errorf("%s: a refund goes to %q", body, got)
		}
	}
}
