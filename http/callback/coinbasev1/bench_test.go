package coinbasev1_test

import (
	"os"
	"testing"

	"daybook/http/callback/coinbasev1"
)

// BenchmarkParse reads a paid order with the members and the size of a real
// one.
func BenchmarkParse(b *testing.B) {
	body, err := os.ReadFile("../../testdata/order.json")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := coinbasev1.Parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
