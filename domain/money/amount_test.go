package money_test

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/money"
)

func amount(t testing.TB, currency money.Currency, decimal string) money.Amount {
	t.Helper()
	a, err := money.Parse(currency, decimal)
	if err != nil {
		t.Fatalf("%s %s: %v", decimal, currency, err)
	}
	return a
}

var currencies = rapid.SampledFrom([]money.Currency{"USD", "JPY", "KWD", "CLF", "BTC", "USDC", "ETH"})

// amounts generates amounts of a currency with up to 30 digits.
func amounts(currency money.Currency) *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount {
		scale, err := currency.Scale()
		if err != nil {
			t.Fatal(err)
		}
		digits := rapid.StringMatching(`[0-9]{1,30}`).Draw(t, "digits")
		for len(digits) <= scale {
			digits = "0" + digits
		}
		whole, fraction := strings.TrimLeft(digits[:len(digits)-scale], "0"), digits[len(digits)-scale:]
		if whole == "" {
			whole = "0"
		}
		text := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + whole
		if scale > 0 {
			text += "." + fraction
		}
		a, err := money.Parse(currency, text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	})
}

func sum(t *rapid.T, a, b money.Amount) money.Amount {
	c, err := a.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseReadsWhatItPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts(currencies.Draw(t, "currency")).Draw(t, "a")
		again, err := money.Parse(a.Currency(), a.Decimal())
		if err != nil || again != a {
			t.Fatalf("%v reads as %v, %v", a, again, err)
		}
	})
}

func TestAdditionIsThatOfWholeNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currency := currencies.Draw(t, "currency")
		a, b, c := amounts(currency).Draw(t, "a"), amounts(currency).Draw(t, "b"), amounts(currency).Draw(t, "c")
		if sum(t, a, b) != sum(t, b, a) {
			t.Fatal("a+b and b+a differ")
		}
		if sum(t, sum(t, a, b), c) != sum(t, a, sum(t, b, c)) {
			t.Fatal("(a+b)+c and a+(b+c) differ")
		}
		if back, err := sum(t, a, b).Sub(b); err != nil || back != a {
			t.Fatalf("a+b-b is %v, %v", back, err)
		}
		if sum(t, a, money.Zero(currency)) != a {
			t.Fatal("a+0 is not a")
		}
		if got, want := units(t, sum(t, a, b)), new(big.Int).Add(units(t, a), units(t, b)); got.Cmp(want) != 0 {
			t.Fatalf("a+b is %v units, want %v", got, want)
		}
	})
}

// units returns the amount as a number of smallest units.
func units(t *rapid.T, a money.Amount) *big.Int {
	n, ok := new(big.Int).SetString(strings.Replace(a.Decimal(), ".", "", 1), 10)
	if !ok {
		t.Fatalf("%v is not a decimal number", a)
	}
	return n
}

func TestEqualAmountsAreIdentical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currency := currencies.Draw(t, "currency")
		a, b := amounts(currency).Draw(t, "a"), amounts(currency).Draw(t, "b")
		difference, err := a.Sub(b)
		if err != nil {
			t.Fatal(err)
		}
		if (a == b) != (difference.Sign() == 0) {
			t.Fatalf("a == b is %v, a-b is %v", a == b, difference)
		}
		if (a == b) != (units(t, a).Cmp(units(t, b)) == 0) {
			t.Fatalf("%v and %v: == and the numbers disagree", a, b)
		}
	})
}

func TestSignAndNegation(t *testing.T) {
	for _, test := range []struct {
		currency money.Currency
		decimal  string
		sign     int
		negative string
	}{
		{"USD", "12.53", 1, "-12.53"},
		{"USD", "-12.53", -1, "12.53"},
		{"USD", "0.00", 0, "0.00"},
		{"USD", "0.01", 1, "-0.01"},
		{"USD", "10.00", 1, "-10.00"},
		{"JPY", "0", 0, "0"},
		{"JPY", "10", 1, "-10"},
		{"ETH", "-0.000000000000000001", -1, "0.000000000000000001"},
	} {
		a := amount(t, test.currency, test.decimal)
		if a.Sign() != test.sign {
			t.Errorf("the sign of %v is %d, want %d", a, a.Sign(), test.sign)
		}
		if got := a.Neg(); got != amount(t, test.currency, test.negative) {
			t.Errorf("minus %v is %v, want %s", a, got, test.negative)
		}
	}
}

func TestZeroIsNotNoAmount(t *testing.T) {
	zero := money.Zero("USD")
	if zero.IsZero() || zero.Decimal() != "0.00" || zero.Optional() == nil {
		t.Errorf("zero dollars are %v, IsZero %v", zero, zero.IsZero())
	}
	var none money.Amount
	if !none.IsZero() || none.Optional() != nil || none.Sign() != 0 || none.Neg() != none {
		t.Error("the zero value is an amount")
	}
}

func TestTheZeroValueAddsNothing(t *testing.T) {
	a := amount(t, "USD", "12.53")
	for _, pair := range [][2]money.Amount{{a, {}}, {{}, a}} {
		if got, err := pair[0].Add(pair[1]); err != nil || got != a {
			t.Errorf("got %v, %v, want %v", got, err, a)
		}
	}
}

func TestCurrenciesAreNotMixed(t *testing.T) {
	if got, err := amount(t, "USD", "1.00").Add(amount(t, "EUR", "1.00")); err == nil {
		t.Errorf("a dollar and a euro are %v", got)
	}
}

func TestASumMayBeLongerThanAnAmount(t *testing.T) {
	large := amount(t, "USD", strings.Repeat("9", 28)+".99")
	got, err := large.Add(large)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1" + strings.Repeat("9", 28) + ".98"; got.Decimal() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func BenchmarkParseAddPrint(b *testing.B) {
	total := money.Zero("USD")
	for b.Loop() {
		a, err := money.Parse("USD", "12.53")
		if err != nil {
			b.Fatal(err)
		}
		if total, err = total.Add(a); err != nil {
			b.Fatal(err)
		}
		_ = total.String()
	}
}
