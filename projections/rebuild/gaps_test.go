package rebuild

import (
	"context"
	"iter"
	"testing"

	"daybook/eventstore"
	"daybook/projections"
	"daybook/projections/redismodel"
	"daybook/projections/verify"
)

// gapped is a log whose positions have gaps. It knows no position but those of
// events.
type gapped struct {
	eventstore.Reader
	t *testing.T
}

// step is how far positions are apart, and offset where they begin.
const step, offset = 1000, 7

func (g gapped) spread(events iter.Seq2[eventstore.Recorded, error]) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for event, err := range events {
			event.Position = event.Position*step + offset
			if !yield(event, err) {
				return
			}
		}
	}
}

func (g gapped) Read(ctx context.Context, stream eventstore.StreamName, from eventstore.Revision, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return g.spread(g.Reader.Read(ctx, stream, from, include...))
}

func (g gapped) ReadAll(ctx context.Context, after eventstore.Position, include ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	if after != 0 && after%step != offset {
		g.t.Errorf("position %s is asked for, which no event has", after)
	}
	return g.spread(g.Reader.ReadAll(ctx, after/step, include...))
}

func TestPositionsMayHaveGaps(t *testing.T) {
	w := newWorld(t)
	w.Pay(1500)
	options := w.options(t)
	options.Log, options.Gapless = gapped{w.Log, t}, false
	told := uint64(0)
	options.Told = func(s Step) {
		if s.Stage == Filling {
			told = max(told, s.Done)
		}
	}
	for range 2 {
		result := w.rebuild(t, options)
		if result.Events != 3001 || told != 3001 {
			t.Errorf("%d events are told of, the result is %+v", told, result)
		}
		w.mustVerify(t, verify.Options{
			Log: options.Log, Client: w.store(t).Client(), Prefix: redismodel.DefaultPrefix,
			Models: projections.Verified(),
		})
	}
}
