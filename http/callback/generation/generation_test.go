package generation_test

import (
	"errors"
	"strings"
	"testing"

	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/generation"
)

func TestABodyIsOfOneGeneration(t *testing.T) {
	for body, want := range map[string]generation.Generation{
		`{"order":{"id":"5RTQNACF","event":{"type":"completed"}},"customer":{}}`: generation.Merchant,
		`{"payout":{"id":"p1"}}`: generation.Merchant,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.5,"transaction":{"hash":"ab"}}`:                       generation.Merchant,
		`{"id":"n1","type":"wallet:orders:paid","data":{"resource":{}},"user":{},"account":{},"resource":"notification"}`: generation.Notification,
		`{"id":"n1","attempt_number":1,"event":{"type":"charge:confirmed","data":{}},"scheduled_for":"2024-01-01"}`:       generation.CommerceEvent,
		`{"id":"68f7a946db0529ea9b6d3a12","eventType":"checkout.payment.success","address":"0xac5f3"}`:                    generation.Checkout,
		`{"id":"68f7a946db0529ea9b6d3a12","eventType":"payment_link.payment.expired"}`:                                    generation.Checkout,
		`{"eventType":"onramp.transaction.updated","address":"0xac5f3"}`:                                                  "",
		`{"eventType":"checkout.payment.success","order":{}}`:                                                             "",
		`{"EventType":"checkout.payment.success"}`:                                                                        "",
		`{"eventType":"checkout.payment.success","eventType":"checkout.payment.success"}`:                                 "",
		`{"order":[],"data":"x","type":"y"}`:                                                                              "",
		`{}`:                                                                                                              "",
		`[]`:                                                                                                              "",
		`{`:                                                                                                               "",
	} {
		if got := generation.Of([]byte(body)); got != want {
			t.Errorf("%s is a %q, want %q", body, got, want)
		}
	}
}

func TestARefusalNamesTheRightRoute(t *testing.T) {
	refusal := callback.Refuse(quarantine.NotBitcoin, "an address of none")
	checkout := []byte(`{"eventType":"checkout.payment.success"}`)
	redirected := generation.Redirect(refusal, checkout, generation.Merchant)
	var elsewhere *generation.Elsewhere
	if !errors.As(redirected, &elsewhere) || redirected.Reason != quarantine.NotBitcoin ||
		!strings.Contains(redirected.Error(), "/callbacks/coinbase/checkouts") {
		t.Errorf("got %v", redirected)
	}
	if own := generation.Redirect(refusal, checkout, generation.Checkout); own != refusal {
		t.Errorf("at its own route: %v", own)
	}
	if none := generation.Redirect(refusal, []byte(`{}`), generation.Checkout); none != refusal {
		t.Errorf("a body of no generation: %v", none)
	}
	commerce := generation.Redirect(refusal, []byte(`{"event":{}}`), generation.Checkout)
	if !strings.Contains(commerce.Error(), "Commerce event") || !strings.Contains(commerce.Error(), "no route") {
		t.Errorf("got %v", commerce)
	}
}
