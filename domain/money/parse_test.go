package money_test

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/domain/money"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name     string
		currency money.Currency
		text     string
		want     string // decimal; empty if it is unreadable
	}{
		{"dollars and cents", "USD", "12.53", "12.53"},
		{"missing decimals are zeros", "USD", "12", "12.00"},
		{"zeros behind the scale are nothing", "USD", "12.5300", "12.53"},
		{"an exponent is a way of writing", "USD", "1.253e1", "12.53"},
		{"an upper-case exponent with a plus", "USD", "1.253E+1", "12.53"},
		{"a negative exponent", "USD", "1253e-2", "12.53"},
		{"a negative amount", "USD", "-0.01", "-0.01"},
		{"minus zero is zero", "USD", "-0", "0.00"},
		{"minus zero with decimals is zero", "USD", "-0.00", "0.00"},
		{"zero", "USD", "0.0", "0.00"},
		{"yen have no decimals", "JPY", "1253", "1253"},
		{"yen with a fraction of zeros", "JPY", "1253.0", "1253"},
		{"a fraction of a yen", "JPY", "0.5", ""},
		{"dinars have three decimals", "KWD", "1.234", "1.234"},
		{"a tenth of a fils", "KWD", "1.2345", ""},
		{"bitcoin has eight decimals", "BTC", "1.23456", "1.23456000"},
		{"one satoshi", "BTC", "1e-8", "0.00000001"},
		{"a tenth of a satoshi", "BTC", "1e-9", ""},
		{"one wei", "ETH", "0.000000000000000001", "0.000000000000000001"},
		{"a tenth of a wei", "ETH", "0.0000000000000000001", ""},
		{"too many decimals", "USD", "12.531", ""},
		{"too many decimals by exponent", "USD", "1e-3", ""},
		{"30 digits", "USD", strings.Repeat("9", 28) + ".99", strings.Repeat("9", 28) + ".99"},
		{"31 digits", "USD", "1" + strings.Repeat("0", 28) + ".00", ""},
		{"31 digits by exponent", "USD", "1e28", ""},
		{"30 digits by exponent", "USD", "1e27", "1" + strings.Repeat("0", 27) + ".00"},
		{"a text of 64 bytes", "USD", "1." + strings.Repeat("0", 62), "1.00"},
		{"a text of 65 bytes", "USD", "1." + strings.Repeat("0", 63), ""},
		{"an exponent bomb", "USD", "1e999999999", ""},
		{"an exponent beyond 64 bits", "USD", "1e99999999999999999999", ""},
		{"a bomb of decimals", "USD", "1e-1000000", ""},
		{"zero with an exponent bomb", "USD", "0E-6176", ""},
		{"zero with a huge exponent", "USD", "0e999999999", ""},
		{"leading zeros", "USD", "012.53", ""},
		{"two zeros", "USD", "00", ""},
		{"a plus sign", "USD", "+1", ""},
		{"two signs", "USD", "--1", ""},
		{"only a sign", "USD", "-", ""},
		{"no digit before the point", "USD", ".5", ""},
		{"no digit behind the point", "USD", "5.", ""},
		{"two points", "USD", "1.2.3", ""},
		{"an exponent without digits", "USD", "1e", ""},
		{"an exponent with a sign alone", "USD", "1e+", ""},
		{"a fractional exponent", "USD", "1e1.5", ""},
		{"arabic digits", "USD", "١٢", ""},
		{"full-width digits", "USD", "１２", ""},
		{"not a number", "USD", "NaN", ""},
		{"infinity", "USD", "Infinity", ""},
		{"minus infinity", "USD", "-Inf", ""},
		{"hexadecimal", "USD", "0x10", ""},
		{"a leading space", "USD", " 1", ""},
		{"a trailing newline", "USD", "1\n", ""},
		{"an underscore", "USD", "1_000", ""},
		{"a thousands separator", "USD", "1,000", ""},
		{"a currency sign", "USD", "$1", ""},
		{"nothing", "USD", "", ""},
		{"an unknown currency", "XXX", "1", ""},
		{"a currency in lower case", "usd", "1", ""},
		{"no currency", "", "1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, test.currency, test.want)(money.Parse(test.currency, test.text))
		})
	}
}

func TestParseCents(t *testing.T) {
	for _, test := range []struct {
		name     string
		currency money.Currency
		text     string
		want     string
	}{
		{"hundredths", "USD", "1253", "12.53"},
		{"less than a unit", "EUR", "7", "0.07"},
		{"a fraction of zeros, as recorded in 2015", "USD", "5600.0", "56.00"},
		{"zero with a fraction of zeros", "USD", "0.0", "0.00"},
		{"an exponent", "USD", "1.253e3", "12.53"},
		{"satoshi", "BTC", "100000000", "1.00000000"},
		{"one satoshi", "BTC", "1", "0.00000001"},
		{"a negative number", "USD", "-1", "-0.01"},
		{"half a cent", "USD", "0.5", ""},
		{"half a satoshi", "BTC", "1.5", ""},
		{"30 digits", "USD", strings.Repeat("9", 30), strings.Repeat("9", 28) + ".99"},
		{"31 digits", "USD", strings.Repeat("9", 31), ""},
		{"yen have no cents", "JPY", "1253", ""},
		{"cents of dinars are not documented", "KWD", "1253", ""},
		{"cents of ether are not documented", "ETH", "1253", ""},
		{"cents of a two-decimal unit outside ISO 4217 are not documented", "USDC", "1253", ""},
		{"an unknown currency", "XXX", "1253", ""},
		{"an exponent bomb", "USD", "1e999999999", ""},
		{"a bomb of decimals", "USD", "1e-1000000", ""},
		{"nothing", "USD", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			check(t, test.currency, test.want)(money.ParseCents(test.currency, test.text))
		})
	}
}

// Whole cents are read without arithmetic; what an exponent says is not.
func TestCentsAreHundredthsInWhateverNotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]money.Currency{"USD", "BTC"}).Draw(t, "currency")
		exponent := map[money.Currency]string{"USD": "e-2", "BTC": "e-8"}[currency]
		digits := rapid.StringMatching(`0|00|01|[1-9][0-9]{0,31}`).Draw(t, "digits")
		got, err := money.ParseCents(currency, digits)
		want, wantErr := money.Parse(currency, digits+exponent)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("got %v, %v, want %v, %v", got, err, want, wantErr)
		}
	})
}

func check(t *testing.T, currency money.Currency, want string) func(money.Amount, error) {
	return func(got money.Amount, err error) {
		t.Helper()
		if want == "" {
			if !errors.Is(err, money.ErrUnreadable) {
				t.Fatalf("got %v, %v, want ErrUnreadable", got, err)
			}
			if !got.IsZero() {
				t.Errorf("got the amount %v beside an error", got)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if got.Decimal() != want || got.Currency() != currency {
			t.Errorf("got %v, want %s %s", got, want, currency)
		}
	}
}

func TestAnExponentBombCostsNothing(t *testing.T) {
	for _, text := range []string{"1e999999999", "1e-1000000", "0E-6176", "1e-999999999", "9e64"} {
		allocated := testing.AllocsPerRun(10, func() {
			if _, err := money.Parse("USD", text); err == nil {
				t.Errorf("%s was read", text)
			}
		})
		if allocated > 50 {
			t.Errorf("%s cost %v allocations", text, allocated)
		}
	}
}

func TestAnUnreadableAmountIsNotQuotedAtLength(t *testing.T) {
	_, err := money.Parse(money.Currency(strings.Repeat("X", 1000)), "1")
	if len(err.Error()) > 100 {
		t.Errorf("the error has %d bytes: it carries what came from outside", len(err.Error()))
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"12.53", "-0.00", "1e999999999", "0E-6176", "5600.0", "1e-1000000", "٣", "NaN", "00", "1e+27"} {
		for _, currency := range []string{"USD", "JPY", "KWD", "BTC", "ETH", "XXX"} {
			f.Add(currency, text)
		}
	}
	f.Fuzz(func(t *testing.T, code, text string) {
		currency := money.Currency(code)
		for _, read := range []func(money.Currency, string) (money.Amount, error){money.Parse, money.ParseCents} {
			amount, err := read(currency, text)
			if err != nil {
				if !errors.Is(err, money.ErrUnreadable) {
					t.Fatalf("%q of %q: %v is not ErrUnreadable", text, code, err)
				}
				continue
			}
			again, err := money.Parse(currency, amount.Decimal())
			if err != nil || again != amount {
				t.Fatalf("%q of %q is %v, which reads as %v, %v", text, code, amount, again, err)
			}
		}
	})
}
