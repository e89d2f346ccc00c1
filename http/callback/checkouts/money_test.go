package checkouts_test

import (
	"strings"
	"testing"

	"daybook/domain/payment"
	"daybook/http/callback/checkouts"
)

func TestAmountsAreExactOrDoubtful(t *testing.T) {
	for _, test := range []struct {
		amount   any
		currency any
		want     string // empty if it cannot be read
	}{
		{"0.01", "USDC", "0.010000 USDC"},
		{"0.29", "USDC", "0.290000 USDC"},
		{"100000000", "USDC", "100000000.000000 USDC"},
		{"1.000001", "USDC", "1.000001 USDC"},
		{"1.0000010", "USDC", "1.000001 USDC"},
		{"1.0000001", "USDC", ""},
		{"1.00", "USD", "1.00 USD"},
		{"1.001", "USD", ""},
		{"1.00", "EURC", ""},
		{"1.00", "usdc", ""},
		{"1.00", nil, ""},
		{"1.00", 840, ""},
		{nil, "USDC", ""},
		{"", "USDC", ""},
		{100, "USDC", ""},
		{100.5, "USDC", ""},
		{"-1.00", "USDC", ""},
		{"-0", "USDC", ""},
		{"+1.00", "USDC", ""},
		{"1e2", "USDC", ""},
		{"1E-6176", "USDC", ""},
		{"1,00", "USDC", ""},
		{" 1.00", "USDC", ""},
		{"NaN", "USDC", ""},
		{strings.Repeat("9", 100_000), "USDC", ""},
		{members{"value": "1.00"}, "USDC", ""},
	} {
		d := parse(t, paid(members{"amount": test.amount, "currency": test.currency, "settlement": nil}))
		if test.want != "" && (d.Amount.String() != test.want || len(d.Doubts) > 0) {
			t.Errorf("%v %v is %v, %v", test.amount, test.currency, d.Amount, d.Doubts)
		}
		if test.want == "" && (!d.Amount.IsZero() || !doubts(d, payment.UnreadableAmount, "amount")) {
			t.Errorf("%.50v %v is %v, %v", test.amount, test.currency, d.Amount, d.Doubts)
		}
	}
}

// doubts reports whether this is the one doubt.
func doubts(d checkouts.Document, reason payment.Reason, member string) bool {
	return len(d.Doubts) == 1 && d.Doubts[0] == checkouts.Doubt{Reason: reason, Member: member}
}

func TestANationalAmountIsReadableOrMissing(t *testing.T) {
	for _, change := range []members{
		{"fiatCurrency": nil}, {"fiatAmount": nil}, {"fiatCurrency": "XXX"}, {"fiatAmount": "1.001"}, {"fiatAmount": 100}, {"fiatCurrency": 1},
	} {
		if d := parse(t, paid(change)); !d.Fiat.IsZero() || !doubts(d, payment.UnreadableAmount, "fiatAmount") {
			t.Errorf("%v is %v, %v", change, d.Fiat, d.Doubts)
		}
	}
	if d := parse(t, paid(members{"fiatAmount": "15000", "fiatCurrency": "JPY"})); d.Fiat.String() != "15000 JPY" || len(d.Doubts) > 0 {
		t.Errorf("yen are %v, %v", d.Fiat, d.Doubts)
	}
}

func TestASettlementAddsUpToTheAmount(t *testing.T) {
	settled := func(total, fee, net, currency any) members {
		return members{"settlement": members{"totalAmount": total, "feeAmount": fee, "netAmount": net, "currency": currency}}
	}
	for _, test := range []struct {
		change members
		want   payment.Reason
	}{
		{settled("100.00", "0.00", "100.00", "USDC"), ""},
		{settled("100", "0.123456", "99.876544", "USDC"), ""},
		{settled("100.00", "1.00", "98.00", "USDC"), payment.SettlementDisagrees},
		{settled("99.00", "1.00", "98.00", "USDC"), payment.SettlementDisagrees},
		{settled("100.00", "1.00", "99.00", "USD"), payment.SettlementDisagrees},
		{settled("100.00", "-1.00", "101.00", "USDC"), payment.UnreadableSettlement},
		{settled("100.00", nil, "99.00", "USDC"), payment.UnreadableSettlement},
		{settled(nil, "1.00", "99.00", "USDC"), payment.UnreadableSettlement},
		{settled("100.00", "1.00", 99, "USDC"), payment.UnreadableSettlement},
		{settled("100.00", "1.00", "99.00", "XXX"), payment.UnreadableSettlement},
		{members{"settlement": members{}}, payment.UnreadableSettlement},
		{members{"settlement": "100.00"}, payment.UnreadableSettlement},
	} {
		d := parse(t, paid(test.change))
		if test.want == "" && (len(d.Doubts) > 0 || d.Settlement == nil) || test.want != "" && !doubts(d, test.want, "settlement") {
			t.Errorf("%v: %v", test.change, d.Doubts)
		}
		if test.want == payment.UnreadableSettlement && d.Settlement != nil {
			t.Errorf("%v is %v", test.change, *d.Settlement)
		}
	}
}
