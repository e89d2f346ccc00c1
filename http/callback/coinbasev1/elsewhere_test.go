package coinbasev1_test

import (
	"errors"
	"testing"

	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
	"daybook/http/callback/generation"
)

func TestABodyOfAnotherRouteIsRefusedWithThatRoute(t *testing.T) {
	for _, test := range []struct {
		body   string
		reason quarantine.Reason
		want   generation.Generation
	}{
		{`{"eventType":"checkout.payment.success","id":"a","address":"0xac5f3","amount":"100.00","currency":"USDC"}`, quarantine.NotBitcoin, generation.Checkout},
		{`{"eventType":"payment_link.payment.success","id":"a","amount":"100.00"}`, quarantine.UnknownDocument, generation.Checkout},
		{`{"id":"n","type":"wallet:orders:paid","data":{},"account":{}}`, quarantine.UnknownDocument, generation.Notification},
		{`{"id":1,"event":{"type":"charge:confirmed"}}`, quarantine.UnknownDocument, generation.CommerceEvent},
		{`{"order":{"id":null}}`, quarantine.Incomplete, ""},
		{`{}`, quarantine.UnknownDocument, ""},
	} {
		_, err := coinbasev1.Parse([]byte(test.body))
		var refusal *callback.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != test.reason {
			t.Errorf("%s: %v", test.body, err)
		}
		var elsewhere *generation.Elsewhere
		if found := errors.As(err, &elsewhere); found != (test.want != "") || found && elsewhere.Generation != test.want {
			t.Errorf("%s: %v, want %q", test.body, err, test.want)
		}
	}
}
