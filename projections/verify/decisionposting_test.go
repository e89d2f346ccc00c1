package verify

import (
	"slices"
	"strings"
	"testing"

	"daybook/eventstore"
)

// TestDecisionsArePosted has each event of decisions and refunds with the lines that it
// means, in the order in which users' entries come.
func TestDecisionsArePosted(t *testing.T) {
	const (
		takes   = `"takes":[{"account":"assets:coinbase","amount":{"currency":"USD","amount":"5.00"}},{"account":"liabilities:users:a%2Fb","amount":{"currency":"USD","amount":"-5.00"}}]`
		ten     = `"amount":{"currency":"USD","amount":"10.00"}`
		back    = `"refunded":{"amount":{"currency":"USD","amount":"2.00"},"share":{"currency":"USD","amount":"2.00"}}`
		payment = `"id":"d","item":"i","payment":"coinbase/order/A","user":"u1",`
		taken   = "assets:coinbase -5.00 USD, liabilities:users:a%2Fb 5.00 USD"
		gives   = "assets:coinbase 10.00 USD, liabilities:users:u1 -10.00 USD"
		charged = ", liabilities:users:u1 2.00 USD, assets:coinbase -2.00 USD"
		fromTwo = `"from":[{"account":"liabilities:users:u1","amount":{"currency":"USD","amount":"3.00"}},{"account":"income:sales","amount":{"currency":"USD","amount":"1.00"}}]`
		facts   = `"facts":{"subtotal":{"currency":"USD","amount":"10.00"},"total":{"currency":"USD","amount":"9.00"},"feeCoinbase":{"currency":"USD","amount":"0.60"},"feeBank":{"currency":"USD","amount":"0.40"}}`
	)
	for _, c := range []struct{ name, stream, event, want string }{
		{"a release", "order-A", `PaymentReleased:{` + payment + takes + `,` + ten + `}`, taken + ", " + gives},
		{"a release of what went back in part", "order-A", `PaymentReleased:{` + payment + ten + `,` + back + `}`, gives + charged},
		{"a mispayment", "order-A", `MispaymentCredited:{` + payment + takes + `,` + ten + `}`, taken + ", " + gives},
		{
			"a transfer that counts in another currency", "order-A",
			`PaymentReleased:{"id":"d","item":"i","payment":"checkout/c1","user":"u1","amount":{"currency":"EUR","amount":"9.00"},"transfer":{"amount":{"currency":"USDC","amount":"10.000000"},"fee":{"currency":"USDC","amount":"0.100000"}}}`,
			"expenses:fees:checkout 0.100000 USDC, assets:checkout -0.100000 USDC, assets:checkout 10.000000 USDC, equity:exchange:checkout%2Fc1 -10.000000 USDC, equity:exchange:checkout%2Fc1 9.00 EUR, liabilities:users:u1 -9.00 EUR",
		},
		{
			"a sale of more", "order-A", `OrderCompleted:{` + payment + ten + `,"sold":{"currency":"USD","amount":"8.00"},"refunded":{"amount":{"currency":"USD","amount":"3.00"},"share":{"currency":"USD","amount":"3.00"}}}`,
			"assets:coinbase 10.00 USD, income:sales -8.00 USD, liabilities:users:u1 -2.00 USD, liabilities:users:u1 2.00 USD, income:sales 1.00 USD, assets:coinbase -3.00 USD",
		},
		{
			"a sale of less", "order-A", `OrderCompleted:{` + payment + ten + `,"sold":{"currency":"USD","amount":"12.00"},"short":{"currency":"USD","amount":"2.00"}}`,
			"assets:coinbase 10.00 USD, expenses:shortfall 2.00 USD, income:sales -12.00 USD",
		},
		{"nothing came", "order-A", `PaymentDismissed:{` + payment + takes + `}`, taken},
		{"something came", "order-A", `MispaymentDismissed:{` + payment + `"arrived":{"currency":"USD","amount":"10.00"}}`, "assets:coinbase 10.00 USD, income:unclaimed -10.00 USD"},
		{"a deposit", "address-A", `DepositReleased:{` + payment + ten + `}`, gives},
		{"no deposit", "address-A", `DepositReleased:{` + payment + takes + `,"amount":{"currency":"BTC","amount":"0.00000000"}}`, taken},
		{"a deposit of nobody", "address-A", `DepositDismissed:{` + payment + `"arrived":{"currency":"USD","amount":"10.00"}}`, "assets:coinbase 10.00 USD, income:unclaimed -10.00 USD"},
		{"a reversal", "order-A", `DecisionReversed:{"item":"i","reverses":"d","lines":[{"account":"assets:coinbase","amount":{"currency":"USD","amount":"5.00"}},{"account":"liabilities:suspense:i","amount":{"currency":"USD","amount":"-5.00"}}]}`, "assets:coinbase 5.00 USD, liabilities:suspense:i -5.00 USD"},
		{"a refund that is decided", "order-A", `RefundDecided:{"refund":"r","payment":"coinbase/order/A",` + ten + `}`, ""},
		{"a refund that is withdrawn", "address-A", `RefundWithdrawn:{"refund":"r","item":"i",` + ten + `}`, ""},
		{"a refund", "order-A", `PaymentRefunded:{"payment":"coinbase/order/A","amount":{"currency":"USD","amount":"4.00"},` + fromTwo + `}`, "liabilities:users:u1 3.00 USD, income:sales 1.00 USD, assets:coinbase -4.00 USD"},
		{"a refund of nothing posted", "order-A", `PaymentRefunded:{"payment":"coinbase/order/A",` + ten + `}`, ""},
		{"a deposit that is sent back", "address-A", `DepositRefunded:{"refund":"r","item":"i","amount":{"currency":"USD","amount":"5.00"},"from":[{"account":"liabilities:suspense:i","amount":{"currency":"USD","amount":"5.00"}}]}`, "liabilities:suspense:i 5.00 USD, assets:coinbase -5.00 USD"},
		{"a refund of another currency", "order-A", `PaymentRefunded:{"payment":"checkout/c1","amount":{"currency":"USDC","amount":"4.000000"},"from":[{"account":"liabilities:users:u1","amount":{"currency":"EUR","amount":"3.44"}}]}`, "liabilities:users:u1 3.44 EUR, assets:checkout -4.000000 USDC, equity:exchange:checkout%2Fc1 -3.44 EUR, equity:exchange:checkout%2Fc1 4.000000 USDC"},
		{"more than had come", "order-A", `RefundHeld:{"hold":"i","payment":"checkout/c1","amount":{"currency":"USDC","amount":"4.000000"},"posted":true}`, "liabilities:suspense:i 4.000000 USDC, assets:checkout -4.000000 USDC"},
		{"a doubtful refund", "order-A", `RefundHeld:{"hold":"i","payment":"checkout/c1","amount":{"currency":"USDC","amount":"4.000000"},"posted":false}`, ""},
		{"a charge", "order-A", `RefundCharged:{` + payment + ten + `,"charged":{"currency":"USD","amount":"6.00"},"within":{"currency":"USD","amount":"4.00"},` + fromTwo + `}`, "liabilities:users:u1 6.00 USD, assets:coinbase -6.00 USD, liabilities:users:u1 3.00 USD, income:sales 1.00 USD, assets:coinbase -4.00 USD"},
		{"a refund that nobody explains", "order-A", `RefundDismissed:{` + payment + ten + `}`, "expenses:unexplained 10.00 USD, assets:coinbase -10.00 USD"},
		{"a payout", "payout-P", `PayoutReleased:{"id":"d","item":"i","payment":"coinbase/payout/P",` + facts + `}`, "assets:bank 9.00 USD, expenses:fees:coinbase 0.60 USD, expenses:fees:bank 0.40 USD, assets:coinbase -10.00 USD"},
		{"no payout", "payout-P", `PayoutDismissed:{"id":"d","item":"i","payment":"coinbase/payout/P"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := read(c.stream, c.event)
			if f.err != nil {
				t.Fatal(f.err)
			}
			var lines []string
			for _, l := range f.posting {
				lines = append(lines, l.account.String()+" "+decimal(l.currency, l.signed())+" "+l.currency)
			}
			is, want := slices.Sorted(slices.Values(lines)), slices.Sorted(slices.Values(strings.Split(c.want, ", ")))
			if c.want == "" {
				want = nil
			}
			if !slices.Equal(is, want) || !slices.Equal(ofUsers(lines), ofUsers(strings.Split(c.want, ", "))) {
				t.Errorf("it posts %q, want %q", strings.Join(lines, ", "), c.want)
			}
			for currency, sum := range sums(f.posting) {
				if sum.Sign() != 0 {
					t.Errorf("it is %s %s out of balance", sum, currency)
				}
			}
		})
	}
}

// ofUsers keeps the lines of users, in their order.
func ofUsers(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, "liabilities:users:") })
}

// read reads an event as "Type:data".
func read(stream, event string) *fact {
	eventType, data := cutType(event)
	f := new(fact)
	f.read(eventstore.Recorded{Stream: eventstore.StreamName(stream), Event: eventstore.Event{Type: eventType, Schema: 1, Data: []byte(data)}})
	return f
}

// TestAPostingThatCannotBeIsNone has lines of no account, and amounts that do not add up.
func TestAPostingThatCannotBeIsNone(t *testing.T) {
	for name, event := range map[string]string{
		"no account":                       `DecisionReversed:{"lines":[{"account":"liabilities:users","amount":{"currency":"USD","amount":"1.00"}}]}`,
		"an account of another name":       `DecisionReversed:{"lines":[{"account":"liabilities:users:a/b","amount":{"currency":"USD","amount":"1.00"}}]}`,
		"an account of an unknown kind":    `DecisionReversed:{"lines":[{"account":"liabilities:friends:a","amount":{"currency":"USD","amount":"1.00"}}]}`,
		"no amount of its currency":        `DecisionReversed:{"lines":[{"account":"income:sales","amount":{"currency":"USD","amount":"1.000"}}]}`,
		"more sent back than given":        `PaymentRefunded:{"payment":"p","amount":{"currency":"USD","amount":"2.00"},"from":[{"account":"income:sales","amount":{"currency":"USD","amount":"1.00"}}]}`,
		"more sent back than came":         `PaymentReleased:{"id":"d","item":"i","payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.00"},"refunded":{"amount":{"currency":"USD","amount":"2.00"},"share":{"currency":"USD","amount":"2.00"}}}`,
		"sold for more than there is":      `OrderCompleted:{"id":"d","item":"i","payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.00"},"sold":{"currency":"USD","amount":"2.00"}}`,
		"missing of another currency":      `OrderCompleted:{"id":"d","item":"i","payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.00"},"sold":{"currency":"USD","amount":"2.00"},"short":{"currency":"EUR","amount":"1.00"}}`,
		"a release without an amount":      `PaymentReleased:{"id":"d","item":"i","payment":"p","user":"u1"}`,
		"a completion without a price":     `OrderCompleted:{"id":"d","item":"i","payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.00"}}`,
		"a refund without an amount":       `PaymentRefunded:{"payment":"p","from":[{"account":"income:sales","amount":{"currency":"USD","amount":"1.00"}}]}`,
		"received otherwise than credited": `PaymentReleased:{"id":"d","item":"i","payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.00"},"transfer":{"amount":{"currency":"USD","amount":"2.00"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if f := read("order-A", event); f.err == nil {
				t.Errorf("it posts %v", f.posting)
			}
		})
	}
}
