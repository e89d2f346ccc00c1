package checkouts_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
)

// FuzzParse reads anything without a panic, refuses with a Refusal, and lets pass
// without a doubt only what another reader reads alike.
func FuzzParse(f *testing.F) {
	f.Add(paid())
	f.Add(paid(members{"eventType": "payment_link.payment.expired", "status": "EXPIRED"}))
	f.Add(refunded(oneRefund(), oneRefund(members{"amount": "1.00"})))
	f.Add([]byte(`{"id":"a","status":"ACTIVE","amount":"1","currency":"USDC","metadata":{"a":1}}`))
	f.Add([]byte(`{"order":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := checkouts.Parse(body)
		var r *callback.Refusal
		if err != nil {
			if !errors.As(err, &r) || !reflect.DeepEqual(d, checkouts.Document{}) {
				t.Fatalf("%T: %v beside %+v", err, err, d)
			}
			if r.Reason != quarantine.NotJSON && !json.Valid(body) {
				t.Fatalf("what is no JSON is %v", err)
			}
			return
		}
		again, err := checkouts.Parse(bytes.Clone(body))
		if err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("the same bytes say another thing: %v", err)
		}
		if d.Kind == checkouts.Success && len(d.Doubts) == 0 {
			agrees(t, body, d)
		}
	})
}

// agrees compares what would be credited with encoding/json's reading.
func agrees(t *testing.T, body []byte, d checkouts.Document) {
	t.Helper()
	var other map[string]any
	if err := json.Unmarshal(body, &other); err != nil {
		t.Fatal(err)
	}
	text := func(name string) string { s, _ := other[name].(string); return s }
	if text("id") != d.ID || text("currency") != string(d.Amount.Currency()) || text("status") != d.Status || text("eventType") != d.Event {
		t.Fatalf("another reader reads %v, this one %+v", other, d)
	}
	if d.Amount.Sign() < 0 || d.Payment == "" || d.Amount.IsZero() {
		t.Fatalf("no doubt about %+v", d)
	}
	if s := d.Settlement; s != nil {
		if sum, err := s.Fee.Add(s.Net); err != nil || sum != d.Amount || s.Total != d.Amount {
			t.Fatalf("no doubt about %+v", *s)
		}
	}
}
