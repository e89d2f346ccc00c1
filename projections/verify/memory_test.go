package verify

import (
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"daybook/projections/redistest"
)

// liveHeap is what the last collection has found to be in use, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestAComparisonKeepsDigestsAlone bounds what a comparison has in memory at
// any time: of an order it is 16 bytes in a table, and the rest is buffers that
// do not grow with the log. The states or texts of these orders would be 35 MB
// more.
func TestAComparisonKeepsDigestsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("counts bytes, of which the race detector takes its own")
	}
	const orders, bound = 60_000, 32 << 20
	server := redistest.Start(t)
	log := manyOrders(t, orders)
	s := fill(t, server, "{memory}", log, 5000)
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	debug.FreeOSMemory()
	before, most := liveHeap(), uint64(0)
	options := s.options(log)
	options.Told = func(Step) { most = max(most, liveHeap()) }
	report, err := Run(t.Context(), options)
	if err != nil || report.Count != 0 || report.Models[1].Subjects != orders {
		t.Fatalf("%d orders: %s; error %v", report.Models[1].Subjects, list(report), err)
	}
	t.Logf("%d KiB", (most-before)>>10)
	if most > before+bound {
		t.Errorf("%d orders take %d KiB, more than %d", orders, (most-before)>>10, bound>>10)
	}
}
