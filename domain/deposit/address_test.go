package deposit_test

import (
	"errors"
	"strings"
	"testing"

	"daybook/domain/deposit"
)

// The addresses of BIP 173 and BIP 350 are those of their test vectors.
func TestParseAddress(t *testing.T) {
	for _, address := range []string{
		"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5",
		"1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My",
		"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
		"1111111111111111111114oLvT2",
		"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
		"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
		"BC1SW50QGDZ25J",
		"bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
		"bc1pfeessrawgf",
	} {
		want := address
		if strings.HasPrefix(address, "BC1") {
			want = strings.ToLower(address)
		}
		if got, err := deposit.ParseAddress(address); got != want || err != nil {
			t.Errorf("%s is %q, %v", address, got, err)
		}
	}
}

func TestParseAddressRefusesWhatIsNone(t *testing.T) {
	for name, addresses := range map[string][]string{
		"nothing, or another text":        {"", "a", "1abc", "..", "a/b", "ä", "1\x00", strings.Repeat("1", 91), "bc1", "BC1"},
		"something around it":             {" 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5\n", "bitcoin:1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5?amount=1"},
		"a wrong letter":                  {"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ6", "1AMB4BXKGVOZGCZNSSVJOM6Q56EBHZMIQ5", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLx"},
		"both cases":                      {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4", "Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqZK5JJ0"},
		"a test network":                  {"mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"},
		"another chain":                   {"0x71C7656EC7ab88b098defB751B7401B5f6d8976F", "LcHKXnpbLvhnc4ecfsEBQ8Bbd9nqWzRjzG", "DBXu2kgc3xtvCUWFcxFE3r9hEYgmuaaCyD", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"},
		"a key, not an address":           {"5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"},
		"bech32m for version 0 (BIP 350)": {"bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd"},
		"bech32 for version 1 (BIP 350)":  {"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL"},
		"no witness program (BIP 350)": {
			"bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4", "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
			"bc1pw5dgrnzv", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
			"BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf", "bc1gmk9yu",
		},
	} {
		for _, address := range addresses {
			got, err := deposit.ParseAddress(address)
			if !errors.Is(err, deposit.ErrAddress) || got != "" {
				t.Errorf("%s: %q is %q, %v", name, address, got, err)
			}
			if len(address) > 4 && err != nil && strings.Contains(err.Error(), address) {
				t.Errorf("%s: the error repeats the address: %v", name, err)
			}
		}
	}
}
