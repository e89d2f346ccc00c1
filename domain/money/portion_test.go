package money_test

import (
	"strings"
	"testing"

	"daybook/domain/money"
)

func TestPortion(t *testing.T) {
	for _, test := range []struct{ a, part, whole, want string }{
		{"10.00 EUR", "5.81 USDC", "11.62 USDC", "5.00"},
		{"10.00 EUR", "3.00 USDC", "11.62 USDC", "2.58"}, // rounded down
		{"10.00 EUR", "0.000001 USDC", "11.62 USDC", "0.00"},
		{"10.00 EUR", "11.62 USDC", "11.62 USDC", "10.00"},
		{"7 JPY", "1.00 USD", "2.00 USD", "3"},
		{"0.00 EUR", "1.00 USD", "2.00 USD", "0.00"},
	} {
		got, err := parse(t, test.a).Portion(parse(t, test.part), parse(t, test.whole))
		if err != nil || got.Decimal() != test.want {
			t.Errorf("%s of %s of %s: got %v, %v, want %s", test.part, test.whole, test.a, got, err, test.want)
		}
	}
	for _, test := range [][3]string{{"1.00 EUR", "1.00 USD", "1.00 EUR"}, {"1.00 EUR", "1.00 USD", "0.00 USD"}} {
		if got, err := parse(t, test[0]).Portion(parse(t, test[1]), parse(t, test[2])); err == nil {
			t.Errorf("%v: got %v", test, got)
		}
	}
}

func TestTimes(t *testing.T) {
	for n, want := range map[int]string{0: "0.00000000", 1: "0.10000000", 12: "1.20000000"} {
		if got, err := parse(t, "0.10000000 BTC").Times(n); err != nil || got.Decimal() != want {
			t.Errorf("%d times: got %v, %v, want %s", n, got, err, want)
		}
	}
	if got, err := parse(t, "0.10000000 BTC").Times(-1); err == nil {
		t.Errorf("got %v", got)
	}
	if got, err := parse(t, strings.Repeat("9", money.MaxDigits-8)+".00000000 BTC").Times(2); err == nil {
		t.Errorf("got %v of more digits than an event can have", got)
	}
}

func parse(t *testing.T, text string) money.Amount {
	t.Helper()
	decimal, currency, _ := strings.Cut(text, " ")
	a, err := money.Parse(money.Currency(currency), decimal)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
