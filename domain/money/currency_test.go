package money

import (
	"errors"
	"testing"
)

func TestScale(t *testing.T) {
	for currency, want := range map[Currency]int{
		"USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "HUF": 2, "MGA": 2, "CAD": 2,
		"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "XOF": 0, "VND": 0,
		"KWD": 3, "BHD": 3, "TND": 3, "JOD": 3, "OMR": 3, "LYD": 3, "IQD": 3,
		"CLF": 4, "UYW": 4,
		"BTC": 8, "LTC": 8, "ETH": 18, "USDC": 6,
	} {
		if got, err := currency.Scale(); err != nil || got != want {
			t.Errorf("%s has the scale %d, %v, want %d", currency, got, err, want)
		}
	}
	for _, currency := range []Currency{"", "XXX", "usd", "USD ", "US"} {
		if got, err := currency.Scale(); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%q has the scale %d, %v, want ErrUnreadable", currency, got, err)
		}
	}
}

func TestTheTableIsSound(t *testing.T) {
	for currency, unit := range units {
		if len(currency) < 3 || len(currency) > 5 {
			t.Errorf("%q is not a code", currency)
		}
		if unit.national && (len(currency) != 3 || unit.scale > 4) {
			t.Errorf("%q is not one of ISO 4217", currency)
		}
		if unit.scale < 0 || unit.scale > 18 {
			t.Errorf("%q has the scale %d", currency, unit.scale)
		}
		if zero := Zero(currency); !isCanonical(currency, zero.Decimal()) {
			t.Errorf("zero %s is %q", currency, zero.Decimal())
		}
	}
}
