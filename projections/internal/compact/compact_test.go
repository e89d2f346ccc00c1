package compact

import (
	"fmt"
	"testing"
	"time"
)

func TestNamesAreReadAsWritten(t *testing.T) {
	var names []string
	for i := range maxPrefixes + 50 { // more beginnings than are remembered
		names = append(names, fmt.Sprintf("coinbase/address/%d/%d", i, i), "order-coinbase.5RTQNACF", "nothing to cut")
	}
	var words Words
	var b []byte
	for _, name := range names {
		prefix, end := CutName([]byte(name))
		b = AppendName(b, &words, prefix, end)
	}
	r := Reader{Rest: b}
	for _, want := range names {
		if prefix, end := r.Name(&words); prefix+end != want {
			t.Fatalf("%q is read as %q and %q", want, prefix, end)
		}
	}
	if len(r.Rest) != 0 || len(words.list) != maxPrefixes {
		t.Errorf("%d bytes are left, %d beginnings are remembered", len(r.Rest), len(words.list))
	}
}

func TestTimesAreReadAsWritten(t *testing.T) {
	for _, want := range []time.Time{
		{},
		time.Unix(0, 0).UTC(),
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
		time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		for _, near := range []int64{0, 1714564800} {
			r := Reader{Rest: AppendTime(nil, want, near)}
			if got := r.Time(near); got != want || len(r.Rest) != 0 {
				t.Errorf("%s is read as %s near %d", want, got, near)
			}
		}
	}
}
