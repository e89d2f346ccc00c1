package verify

import (
	"math/big"
	"testing"
)

func TestUnitsAreWrittenAsDecimalText(t *testing.T) {
	for _, c := range []struct {
		units string
		scale int
		want  string
	}{
		{"0", 2, "0.00"}, {"7", 2, "0.07"}, {"-7", 2, "-0.07"}, {"-1253", 2, "-12.53"}, {"5", 0, "5"}, {"-5", 0, "-5"},
		{"1", 8, "0.00000001"}, {"9223372036854775807", 2, "92233720368547758.07"}, {"-9223372036854775808", 2, "-92233720368547758.08"},
		{"9223372036854775808", 2, "92233720368547758.08"}, {"-123456789012345678901234567890", 8, "-1234567890123456789012.34567890"},
	} {
		n, _ := new(big.Int).SetString(c.units, 10)
		if got := string(appendDecimal([]byte("x"), n, c.scale)); got != "x"+c.want {
			t.Errorf("%s units at scale %d are written as %s, not x%s", c.units, c.scale, got, c.want)
		}
	}
}
