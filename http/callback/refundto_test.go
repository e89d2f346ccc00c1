package callback

import "testing"

func TestARefundAddressIsLettersAndDigitsAlone(t *testing.T) {
	for text, want := range map[string]string{
		" 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 ":       "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5",
		"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
		"bitcoin:1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5": "",
		"a@b.example": "",
		"two words":   "",
		"":            "",
	} {
		if got := RefundAddress(text); got != want {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func TestALaterBodyNamesTheAddressThatCounts(t *testing.T) {
	var all RefundAddresses
	all.Merge(RefundAddresses{Any: "1old"})
	later := RefundAddresses{Any: "1new"}
	later.Put("coinbase/mispayment/M", "1mispaid")
	all.Merge(later)
	all.Merge(RefundAddresses{})
	if all.For("coinbase/order/A") != "1new" || all.For("coinbase/mispayment/M") != "1mispaid" {
		t.Errorf("%+v", all)
	}
}
