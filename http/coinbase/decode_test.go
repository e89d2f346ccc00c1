package coinbase_test

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase"
)

// full has every member that the client reads, and some that it does not.
const full = `{"id":"68f7a946db0529ea9b6d3a12","url":"https://payments.coinbase.com/x","amount":"100.50","currency":"USDC","network":"base",
"address":"0x742d","tokenAddress":"0x8335","status":"PARTIALLY_REFUNDED","transactionHash":"0x1234","unknown":{"a":[1.5]},
"fiatAmount":"100.00","fiatCurrency":"USD","refundedAmount":"25","settlement":{"totalAmount":"100.50","feeAmount":"1.25","netAmount":"99.25","currency":"USDC"},
"metadata":{"reference":"A-\u0031","number":5,"nothing":null},"expiresAt":"2026-03-01T14:00:00+01:00","createdAt":"2026-03-01T12:00:00Z","updatedAt":"2026-03-01T12:30:00.5Z",
"refunds":[{"id":"r1","checkoutId":"68f7a946db0529ea9b6d3a12","amount":"25.00","currency":"USDC","status":"COMPLETED","reason":"broken","transactionHash":"0x99",
"fiatAmount":"24.88","fiatCurrency":"USD","exchangeRate":"0.995","createdAt":"2026-03-01T12:20:00Z","completedAt":"2026-03-01T12:30:00Z"}]}`

const fullID = "68f7a946db0529ea9b6d3a12"

func answering(t *testing.T, body string) *coinbase.Client {
	t.Helper()
	client, err := coinbase.New(coinbase.Options{Key: ecSecret(t), BreakAfter: 1000, Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestACheckoutIsReadAsItWasSent(t *testing.T) {
	got, err := answering(t, full).Checkout(t.Context(), fullID)
	if err != nil {
		t.Fatal(err)
	}
	want := coinbase.Checkout{
		ID: fullID, Status: "PARTIALLY_REFUNDED", Amount: "100.50", Currency: "USDC", Network: "base", Address: "0x742d", TokenAddress: "0x8335",
		TransactionHash: "0x1234", FiatAmount: "100.00", FiatCurrency: "USD", RefundedAmount: "25",
		Settlement: coinbase.Settlement{Total: "100.50", Fee: "1.25", Net: "99.25", Currency: "USDC"},
		Metadata:   coinbase.Metadata{"reference": "A-1"},
		ExpiresAt:  noon.Add(time.Hour), CreatedAt: noon, UpdatedAt: noon.Add(30*time.Minute + 500*time.Millisecond),
		Refunds: []coinbase.Refund{{
			ID: "r1", CheckoutID: fullID, Amount: "25.00", Currency: "USDC", Status: "COMPLETED", Reason: "broken", TransactionHash: "0x99",
			FiatAmount: "24.88", FiatCurrency: "USD", CreatedAt: noon.Add(20 * time.Minute), CompletedAt: noon.Add(30 * time.Minute),
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMembersMayBeMissingOrNull(t *testing.T) {
	got, err := answering(t, `{"id":"a","status":"A_NEW_WORD","amount":"1","currency":"USDC","settlement":null,"refunds":null,"metadata":null,"expiresAt":null,"transactionHash":null}`).PaymentLink(t.Context(), "a")
	want := coinbase.Checkout{ID: "a", Status: "A_NEW_WORD", Amount: "1", Currency: "USDC"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWhatIsNotEvidenceIsUnreadable(t *testing.T) {
	change := func(old, with string) string {
		changed := strings.Replace(full, old, with, 1)
		if changed == full {
			t.Fatalf("%s is not in the body", old)
		}
		return changed
	}
	for name, test := range map[string]struct{ body, says string }{
		"a member twice":              {change(`"network"`, `"status":"COMPLETED","network"`), "twice"},
		"an unknown member twice":     {change(`{"a":[1.5]}`, `{"canary-of-a-body":1,"canary-of-a-body":2}`), "twice"},
		"metadata twice":              {change(`"number"`, `"reference"`), "twice"},
		"the name in another case":    {change(`"status"`, `"Status"`), "status is missing"},
		"no amount":                   {change(`"amount":"100.50",`, ``), "amount is missing"},
		"no currency":                 {change(`"currency":"USDC"`, `"currency":""`), "currency is missing"},
		"an amount as number":         {change(`"amount":"100.50"`, `"amount":100.50`), "not the JSON"},
		"an exponent":                 {change(`"amount":"100.50"`, `"amount":"1E-6176"`), "decimal text"},
		"a sign":                      {change(`"amount":"100.50"`, `"amount":"-100.50"`), "decimal text"},
		"two points":                  {change(`"amount":"100.50"`, `"amount":"1.0.0"`), "decimal text"},
		"no digit before the point":   {change(`"amount":"100.50"`, `"amount":".5"`), "decimal text"},
		"other digits":                {change(`"amount":"100.50"`, `"amount":"１"`), "decimal text"},
		"31 digits":                   {change(`"100.50"`, `"`+strings.Repeat("1", 31)+`"`), "decimal text"},
		"a fee that is no number":     {change(`"1.25"`, `"canary-of-a-body"`), "decimal text"},
		"a fiat amount as well":       {change(`"100.00"`, `"1e2"`), "decimal text"},
		"a refund as well":            {change(`"25.00"`, `"+25"`), "decimal text"},
		"a control character":         {change(`"base"`, `"ba\nse"`), "control character"},
		"a hash without end":          {change(`"0x1234"`, `"`+strings.Repeat("0", 200)+`"`), "200 bytes"},
		"a time that is none":         {change(`"2026-03-01T12:00:00Z"`, `"canary-of-a-body"`), "not the JSON"},
		"another id":                  {change(fullID, "58f7a946db0529ea9b6d3a12"), "another id"},
		"no UTF-8":                    {change(`"broken"`, "\"\xff\""), "not the JSON"},
		"two values":                  {full + full, "not the JSON"},
		"half of it":                  {full[:300], "not the JSON"},
		"nothing":                     {"", "not the JSON"},
		"a list":                      {"[" + full + "]", "not the JSON"},
		"null":                        {"null", "missing"},
		"more than 1 MiB":             {full + strings.Repeat(" ", 1<<20), "larger than 1 MiB"},
		"a bomb of nested lists":      {change(`[1.5]`, strings.Repeat("[", 100_000)), "not the JSON"},
		"a refund with a long status": {change(`"COMPLETED","reason"`, `"`+strings.Repeat("A", 129)+`","reason"`), "129 bytes"},
	} {
		got, err := answering(t, test.body).Checkout(t.Context(), fullID)
		if err == nil {
			t.Errorf("%s is read as %+v", name, got)
			continue
		}
		if u := unavailable(t, err); u.Reason != coinbase.Unreadable || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABodyOfExactlyOneMebibyteIsRead(t *testing.T) {
	if _, err := answering(t, full+strings.Repeat(" ", 1<<20-len(full))).Checkout(t.Context(), fullID); err != nil {
		t.Error(err)
	}
}
