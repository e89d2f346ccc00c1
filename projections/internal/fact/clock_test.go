package fact

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestAClockWritesTimesAsThePackageTimeDoes(t *testing.T) {
	var c Clock
	check := func(at time.Time) {
		t.Helper()
		if got, want := string(c.Append([]byte("x"), at)), "x"+at.UTC().Format(time.RFC3339Nano); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	since := time.Date(2024, 2, 28, 23, 59, 58, 0, time.UTC)
	for _, at := range []time.Time{
		since, since.Add(1), since.Add(time.Second), since.Add(2 * time.Second), since.Add(2*time.Second - 1), since,
		since.Add(24 * time.Hour), since.Add(48 * time.Hour), since.Add(100 * time.Millisecond), since.Add(123456 * time.Microsecond),
		{}, time.Unix(0, 0), time.Unix(-1, 999_999_999), time.Date(0, 1, 1, 0, 0, 0, 10, time.UTC), time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), since,
		time.Date(2024, 5, 1, 1, 0, 0, 0, time.FixedZone("", 2*60*60)), time.Date(2024, 4, 30, 23, 0, 0, 0, time.UTC),
	} {
		check(at)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(since.Add(time.Duration(random.Int64N(int64(96 * time.Hour)))).Truncate(time.Duration(1 + random.IntN(1_000_000))))
	}
}
