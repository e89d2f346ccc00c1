package coinbasev1_test

import (
	"fmt"
	"testing"

	"daybook/http/callback/coinbasev1"
)

func TestOneTransactionHasOneIdentityHoweverItIsWritten(t *testing.T) {
	const address = "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5"
	want := "coinbase/address/" + address + "/ab12"
	for _, hash := range []string{"ab12", "AB12", "0xab12", "0XAB12", " ab12", "ab12 ", " 0xAb12\t"} {
		if got := depositIdentity(t, address, hash); got != want {
			t.Errorf("hash %q is %s, want %s", hash, got, want)
		}
	}
	if got := depositIdentity(t, address, "0xabc"); got != "coinbase/address/"+address+"/abc" {
		t.Errorf("an odd number of digits is %s", got)
	}
	if got := depositIdentity(t, address, "Xyz"); got != "coinbase/address/"+address+"/Xyz" {
		t.Errorf("what is not hexadecimal is %s", got)
	}
}

func TestABech32AddressHasOneStreamInEitherCase(t *testing.T) {
	lower, upper := "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"
	if a, b := depositIdentity(t, lower, "ab"), depositIdentity(t, upper, "ab"); a != b {
		t.Errorf("%s and %s", a, b)
	}
}

// depositIdentity returns the payment identity of a payment to an address.
func depositIdentity(t *testing.T, address, hash string) string {
	t.Helper()
	m, err := coinbasev1.Parse(fmt.Appendf(nil, `{"address":%q,"amount":1.2,"transaction":{"hash":%q}}`, address, hash))
	if err != nil || m.Deposit == nil {
		t.Fatalf("%q is not read as a deposit: %v", hash, err)
	}
	return string(m.Deposit.Report.Payment)
}
