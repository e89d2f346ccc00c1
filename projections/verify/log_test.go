package verify

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/projections/projectiontest"
)

func TestASoundLogHasNoFindings(t *testing.T) {
	log := sliceLog(projectiontest.Sample(600))
	report, err := Log(t.Context(), LogOptions{Log: log})
	if err != nil || report.Count != 0 || report.Events != 600 || report.LogID != projectiontest.LogID || report.Position != log.end() {
		t.Fatalf("%+v; error %v", report, err)
	}
}

func TestADamagedLogIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		damage func(log sliceLog) sliceLog
		text   string
		count  int
	}{
		"the first event is missing": {func(l sliceLog) sliceLog { return l[1:] }, "must be the log's id", 1},
		"an event is missing":        {func(l sliceLog) sliceLog { return slices.Delete(l, 100, 101) }, "the next one is", 1},
		"the last id comes twice":    {func(l sliceLog) sliceLog { l[599].ID = l[7].ID; return l }, "that of an earlier event", 1},
		"two events are swapped": {func(l sliceLog) sliceLog {
			l[200].Position, l[201].Position = l[201].Position, l[200].Position
			return l
		}, "the event before it stands at", 1},
		"an event of a later version": {func(l sliceLog) sliceLog { l[300].Type = "PaymentImagined"; return l }, "not in the table", 1},
		"an amount that is none": {func(l sliceLog) sliceLog {
			i := slices.IndexFunc(l, func(e eventstore.Recorded) bool { return e.Type == "PaymentReceived" })
			l[i].Data = []byte(`{"payment":"p","user":"u1","amount":{"currency":"USD","amount":"1.234"}}`)
			return l
		}, "not an amount", 1},
		"a payment is credited twice": {func(l sliceLog) sliceLog {
			i := slices.IndexFunc(l, func(e eventstore.Recorded) bool { return e.Type == "PaymentVerified" })
			last := l[599]
			l[599] = l[i]
			l[599].Stream, l[599].Revision, l[599].Position, l[599].ID = last.Stream, last.Revision, last.Position, last.ID
			return l
		}, "credited again", 1},
		"a mispayment arrives in two orders": {func(l sliceLog) sliceLog {
			i := slices.IndexFunc(l, func(e eventstore.Recorded) bool { return e.Type == "PaymentMispaid" })
			last := l[599]
			l[599] = l[i]
			l[599].Stream, l[599].Revision, l[599].Position, l[599].ID = last.Stream, last.Revision, last.Position, last.ID
			return l
		}, "put into suspense again by PaymentMispaid", 1},
	} {
		t.Run(name, func(t *testing.T) {
			log := test.damage(projectiontest.Sample(600))
			report, err := Log(t.Context(), LogOptions{Log: log})
			if err != nil || report.Count < test.count || !strings.Contains(list(Report{Differences: report.Differences}), test.text) {
				t.Fatalf("%+v; error %v", report, err)
			}
		})
	}
}

func TestTheCallersCheckIsAsked(t *testing.T) {
	log := sliceLog(projectiontest.Sample(100))
	report, err := Log(t.Context(), LogOptions{Log: log, Check: func(e eventstore.Recorded) error {
		if e.Position == log[50].Position {
			return errors.New("not understood")
		}
		return nil
	}})
	if err != nil || report.Count != 1 || report.Differences[0].Subject != "position "+log[50].Position.String() {
		t.Fatalf("%+v; error %v", report, err)
	}
}

// TestALongLogIsCheckedInPasses gives the tables room for a part of it.
func TestALongLogIsCheckedInPasses(t *testing.T) {
	log := manyOrders(t, 20_000)
	first := slices.IndexFunc(log, func(e eventstore.Recorded) bool { return e.Type == "PaymentVerified" })
	for i := range 20 {
		log[10_000+999*i].ID = log[first].ID
	}
	report, err := checkLog(t.Context(), LogOptions{Log: log, Gapless: true}, minSlots)
	if err != nil || report.Count != 20 {
		t.Fatalf("%d findings: %s; error %v", report.Count, list(Report{Differences: report.Differences}), err)
	}
}

func TestTheEndOfALogIsEstimated(t *testing.T) {
	log := sliceLog(projectiontest.Sample(700))
	for _, factor := range []eventstore.Position{1, 1000, 1_000_000} {
		long := log.clone()
		for i := range long {
			long[i].Position *= factor
		}
		about, err := Estimate(t.Context(), long)
		if err != nil || about > long.end() || factor > 1 && about < long.end()/8*7 {
			t.Errorf("%s, and it is %s; error %v", about, long.end(), err)
		}
	}
}
