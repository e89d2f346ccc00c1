package checkouts_test

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"

	"daybook/http/callback"
	"daybook/http/callback/checkouts"
)

const id = "68f7a946db0529ea9b6d3a12"

type members map[string]any

// paid is the body of a checkout that was paid, of the documented shape.
func paid(changes ...members) []byte {
	all := members{
		"id": id, "url": "https://payments.coinbase.com/payment-links/pl_" + id,
		"amount": "100.00", "currency": "USDC", "network": "base",
		"address": "0xAc5f31b0aE4f1fD3b5d4F2C17E50dBb3E7d01234", "tokenAddress": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
		"description": "personal: two tickets for Ada", "eventType": "checkout.payment.success", "status": "COMPLETED",
		"expiresAt": "2026-11-20T11:00:00Z", "createdAt": "2026-11-20T10:00:00Z", "updatedAt": "2026-11-20T10:07:30.25Z",
		"metadata":        members{"reference": "order-77", "email": "personal@example.com"},
		"settlement":      members{"totalAmount": "100.00", "feeAmount": "1.00", "netAmount": "99.00", "currency": "USDC"},
		"transactionHash": "0xABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
		"fiatAmount":      "100.00", "fiatCurrency": "USD",
		"successRedirectUrl": "https://shop.example/personal", "failRedirectUrl": "https://shop.example/f",
	}
	return encode(all, changes...)
}

// encode applies changes, a nil being a member that is left out.
func encode(all members, changes ...members) []byte {
	for _, change := range changes {
		maps.Copy(all, change)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return text
}

func oneRefund(changes ...members) members {
	r := members{
		"id": "re_1", "checkoutId": id, "amount": "40.00", "currency": "USDC", "status": "COMPLETED",
		"reason": "personal: Ada is ill", "transactionHash": "0xAA" + id, "createdAt": "2026-11-21T10:00:00Z", "completedAt": "2026-11-21T10:01:00Z",
	}
	for _, change := range changes {
		maps.Copy(r, change)
	}
	return r
}

func parse(t *testing.T, body []byte) checkouts.Document {
	t.Helper()
	d, err := checkouts.Parse(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return d
}

func refusal(t *testing.T, body []byte) *callback.Refusal {
	t.Helper()
	_, err := checkouts.Parse(body)
	var r *callback.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("%.200s: %v", body, err)
	}
	return r
}
