package money

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

func TestJSON(t *testing.T) {
	a, err := Parse("USD", "12.53")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"currency":"USD","amount":"12.53"}`; string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
	var decoded Amount
	if err := json.Unmarshal(encoded, &decoded); err != nil || decoded != a {
		t.Errorf("got %v, %v, want %v", decoded, err, a)
	}
}

func TestJSONHasOneText(t *testing.T) {
	for _, test := range []struct{ name, text string }{
		{"missing decimals", `{"currency":"USD","amount":"12"}`},
		{"too few decimals", `{"currency":"USD","amount":"12.5"}`},
		{"too many decimals", `{"currency":"USD","amount":"12.530"}`},
		{"a number", `{"currency":"USD","amount":12.53}`},
		{"an exponent", `{"currency":"USD","amount":"1.253e1"}`},
		{"minus zero", `{"currency":"USD","amount":"-0.00"}`},
		{"leading zeros", `{"currency":"USD","amount":"012.53"}`},
		{"a plus sign", `{"currency":"USD","amount":"+12.53"}`},
		{"31 digits", `{"currency":"USD","amount":"1` + strings.Repeat("0", 28) + `.00"}`},
		{"an unknown currency", `{"currency":"XXX","amount":"12.53"}`},
		{"a currency in lower case", `{"currency":"usd","amount":"12.53"}`},
		{"names in another case", `{"Currency":"USD","Amount":"12.53"}`},
		{"an amount given twice", `{"currency":"USD","amount":"12.53","amount":"99.00"}`},
		{"no currency", `{"amount":"12.53"}`},
		{"no amount", `{"currency":"USD"}`},
		{"an empty object", `{}`},
		{"null", `null`},
		{"a text", `"12.53 USD"`},
		{"a point in the wrong place", `{"currency":"JPY","amount":"12.53"}`},
		{"a trailing point", `{"currency":"JPY","amount":"12."}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var a Amount
			if err := json.Unmarshal([]byte(test.text), &a); err == nil {
				t.Errorf("%s was read as %v", test.text, a)
			}
		})
	}
}

// An event with an amount that cannot be read again would stop its stream and
// every projection for ever.
func TestTheZeroValueIsNotWritten(t *testing.T) {
	if encoded, err := json.Marshal(Amount{}); err == nil {
		t.Errorf("the zero value was written as %s", encoded)
	}
}

func TestIsCanonicalAgreesWithReading(t *testing.T) {
	agree := func(t rapid.TB, currency Currency, text string) {
		parsed, err := read(currency, text, 0)
		printed := err == nil && parsed.Decimal() == text
		if got := isCanonical(currency, text); got != printed {
			t.Fatalf("isCanonical(%s, %q) is %v, reading says %v, %v", currency, text, got, parsed, err)
		}
	}
	t.Run("for texts like numbers", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			currency := rapid.SampledFrom([]Currency{"USD", "JPY", "KWD", "BTC", "ETH", "XXX"}).Draw(t, "currency")
			agree(t, currency, rapid.StringMatching(`-?0?[0-9]{0,31}\.?[0-9]{0,19}`).Draw(t, "text"))
		})
	})
	t.Run("for texts at the scale", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			agree(t, "USD", rapid.StringMatching(`-?[0-9]{1,3}\.[0-9]{2}`).Draw(t, "text"))
			agree(t, "JPY", rapid.StringMatching(`-?[0-9]{1,31}`).Draw(t, "text"))
		})
	})
	t.Run("for any text", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) { agree(t, "USD", rapid.String().Draw(t, "text")) })
	})
}
