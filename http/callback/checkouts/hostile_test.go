package checkouts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/domain/quarantine"
	"daybook/http/callback/checkouts"
	"daybook/http/callback/generation"
)

func TestWhatCannotBeUnderstoodIsRefused(t *testing.T) {
	twice := strings.Replace(string(paid()), `{`, `{"status":"COMPLETED",`, 1)
	for _, test := range []struct {
		name, body string
		reason     quarantine.Reason
		elsewhere  generation.Generation
	}{
		{"nothing", "", quarantine.NotJSON, ""},
		{"cut off", string(paid()[:200]), quarantine.NotJSON, ""},
		{"a member twice", twice, quarantine.NotJSON, ""},
		{"a member of metadata twice", `{"id":"a","eventType":"checkout.payment.success","metadata":{"a":"1","a":"2"}}`, quarantine.NotJSON, ""},
		{"a member of an ignored object twice", `{"id":"a","eventType":"checkout.payment.success","x":{"a":1,"a":2}}`, quarantine.NotJSON, ""},
		{"two values", string(paid()) + "{}", quarantine.NotJSON, ""},
		{"not UTF-8", "{\"id\":\"\xff\"}", quarantine.NotJSON, ""},
		{"a list", "[" + string(paid()) + "]", quarantine.UnknownDocument, ""},
		{"null", "null", quarantine.UnknownDocument, ""},
		{"names in another case", `{"ID":"a","EventType":"checkout.payment.success"}`, quarantine.UnknownDocument, ""},
		{"an onramp", `{"eventType":"onramp.transaction.updated","id":"a","status":"X","amount":"1","currency":"USDC"}`, quarantine.UnknownDocument, ""},
		{"an order", `{"order":{"id":"5RTQNACF"}}`, quarantine.UnknownDocument, generation.Merchant},
		{"a payout", `{"payout":{"id":"p"}}`, quarantine.UnknownDocument, generation.Merchant},
		{"a deposit", `{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.2,"transaction":{"hash":"ab"}}`, quarantine.UnknownDocument, generation.Merchant},
		{"a notification", `{"id":"n","type":"wallet:orders:paid","data":{"id":"x"}}`, quarantine.UnknownDocument, generation.Notification},
		{"a charge", `{"id":1,"event":{"type":"charge:confirmed"}}`, quarantine.UnknownDocument, generation.CommerceEvent},
		{"no id", string(paid(members{"id": nil})), quarantine.Incomplete, ""},
		{"an id that is a number", string(paid(members{"id": 12})), quarantine.Incomplete, ""},
		{"an id that is empty", string(paid(members{"id": ""})), quarantine.Incomplete, ""},
		{"an id that is too long", string(paid(members{"id": strings.Repeat("canary", 30)})), quarantine.Incomplete, ""},
		{"an id with a line break", string(paid(members{"id": "canary\n"})), quarantine.Incomplete, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := refusal(t, []byte(test.body))
			var elsewhere *generation.Elsewhere
			if found := errors.As(r, &elsewhere); found != (test.elsewhere != "") || found && elsewhere.Generation != test.elsewhere {
				t.Errorf("got %v, want it to belong to %q", r, test.elsewhere)
			}
			if r.Reason != test.reason || strings.Contains(r.Error(), "canary") || strings.Contains(r.Error(), "personal") {
				t.Errorf("got %v, want %s", r, test.reason)
			}
		})
	}
}

func TestAnIDCannotBecomeAnotherPayment(t *testing.T) {
	const odd = "a/refund/b"
	d := parse(t, paid(members{"id": odd, "refunds": []members{oneRefund(members{"id": odd, "checkoutId": odd})}}))
	if d.Payment != "checkout/a%2Frefund%2Fb" || d.Refunds[0].Identity != "checkout/a%2Frefund%2Fb/refund/a%2Frefund%2Fb" {
		t.Errorf("got %s, %s", d.Payment, d.Refunds[0].Identity)
	}
}

func TestMetadataIsText(t *testing.T) {
	full, more := members{}, members{}
	for i := range 21 {
		if i < 20 {
			full[fmt.Sprint("k", i)] = "v"
		}
		more[fmt.Sprint("k", i)] = "v"
	}
	for _, test := range []struct {
		metadata any
		count    int
	}{
		{members{"reference": "a", "n": 1, "b": true, "o": members{"reference": "x"}, "l": []string{"x"}, "z": nil, "e": ""}, 2},
		{full, 20}, {more, 0}, {members{}, 0}, {nil, 0}, {"text", 0}, {[]string{"a"}, 0}, {5, 0},
	} {
		d := parse(t, paid(members{"metadata": test.metadata}))
		if d.Metadata.Len() != test.count || len(d.Doubts) > 0 || d.Kind != checkouts.Success {
			t.Errorf("%v has %d members, %v", test.metadata, d.Metadata.Len(), d.Doubts)
		}
		if _, found := d.Metadata.Value("n"); found {
			t.Error("a number is read as text")
		}
	}
}

func TestATransactionHasOneHash(t *testing.T) {
	lower := strings.Repeat("ab", 32)
	for came, want := range map[any]string{
		"0x" + strings.ToUpper(lower): "0x" + lower, "0X" + lower: "0x" + lower, lower: "0x" + lower, " 0x" + lower + "\n": "0x" + lower,
		"0xABC": "0xabc", "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb": "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb",
		"": "", "  ": "", 12: "", strings.Repeat("a", 200): "",
	} {
		if got := parse(t, paid(members{"transactionHash": came})).TransactionHash; got != want {
			t.Errorf("%v is %q, want %q", came, got, want)
		}
	}
}
