package money

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

var errNoAmount = errors.New("no amount")

// MarshalJSONTo writes {"currency":"USD","amount":"12.53"}. The zero value is
// an error: written into a log, it could not be read again.
func (a Amount) MarshalJSONTo(enc *jsontext.Encoder) error {
	if a.IsZero() {
		return errNoAmount
	}
	for _, token := range []jsontext.Token{
		jsontext.BeginObject,
		jsontext.String("currency"), jsontext.String(string(a.currency)),
		jsontext.String("amount"), jsontext.String(a.decimal),
		jsontext.EndObject,
	} {
		if err := enc.WriteToken(token); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalJSONFrom accepts what MarshalJSONTo writes, and nothing that would
// be written otherwise: an amount has one text.
func (a *Amount) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var text struct {
		Currency Currency `json:"currency"`
		Amount   string   `json:"amount"`
	}
	if err := json.UnmarshalDecode(dec, &text); err != nil {
		return err
	}
	if isCanonical(text.Currency, text.Amount) {
		*a = Amount{text.Currency, text.Amount}
		return nil
	}
	return fmt.Errorf("%w: %.40q is not an amount of %.10q at its scale", ErrUnreadable, text.Amount, string(text.Currency))
}

// FromEvent returns the amount that is written as these two texts; ok
// is false if it would write others.
func FromEvent(currency, decimal string) (a Amount, ok bool) {
	a = Amount{Currency(currency), decimal}
	return a, isCanonical(a.currency, a.decimal)
}

// isCanonical reports whether decimal is the text that Parse would produce. It
// is what makes folding a log fast: amounts in events are canonical already.
func isCanonical(currency Currency, decimal string) bool {
	return isDecimal(currency, decimal, MaxDigits)
}

// isDecimal reports whether decimal is the text of an Amount of at most so many
// digits.
func isDecimal(currency Currency, decimal string, most int) bool {
	scale, err := currency.Scale()
	if err != nil {
		return false
	}
	unsigned, negative := strings.CutPrefix(decimal, "-")
	whole := digits(unsigned)
	if whole == 0 || whole+scale > most || whole > 1 && unsigned[0] == '0' {
		return false
	}
	rest := unsigned[whole:]
	if scale > 0 {
		if len(rest) != scale+1 || rest[0] != '.' || digits(rest[1:]) != scale {
			return false
		}
	} else if rest != "" {
		return false
	}
	return !negative || strings.Trim(unsigned, "0.") != ""
}
