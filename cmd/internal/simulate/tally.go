package simulate

import (
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Counts are what was sent and what became of it.
type Counts struct {
	Orders    int64 // begun, and their first callbacks acknowledged
	Callbacks int64 // acknowledged, and the acknowledgement read

	Requests  int64 // sent
	Thrown    int64 // answers of nobody's notice
	Cut       int64 // connections cut before the answer
	Unusable  int64 // answers other than 200, and connections that failed
	LastError string

	Outcomes map[string]int64 // as the acknowledgements name them
}

// outcomes are those that daybook answers. Others are a proxy's.
var outcomes = map[string]bool{"recorded": true, "duplicate": true, "held": true, "quarantined": true, "test": true}

// NoOutcome counts acknowledgements that do not name what became of the
// callback.
const NoOutcome = "unnamed"

// Latencies are how long answers took, to three digits.
type Latencies struct{ histogram *hdrhistogram.Histogram }

// NewLatencies makes an empty record of up to ten minutes.
func NewLatencies() Latencies {
	return Latencies{hdrhistogram.New(1, (10 * time.Minute).Microseconds(), 3)}
}

// Record adds one answer. It may not be called at the same time as another
// method.
func (l Latencies) Record(took time.Duration) {
	_ = l.histogram.RecordValue(min(took, 10*time.Minute).Microseconds()) // it is in the range
}

// Merge adds the answers of another record.
func (l Latencies) Merge(other Latencies) { l.histogram.Merge(other.histogram) }

// Count returns how many answers there were.
func (l Latencies) Count() int64 { return l.histogram.TotalCount() }

// Percentile returns what that share of the answers, in percent, took at most.
func (l Latencies) Percentile(percent float64) time.Duration {
	return time.Duration(l.histogram.ValueAtPercentile(percent)) * time.Microsecond
}

// tally is what all connections together have come to.
type tally struct {
	mu        sync.Mutex // guards what follows
	counts    Counts
	latencies Latencies
	position  uint64   // the last that was acknowledged
	parts     []part   // that an order needs for its user to have the money
	surprises []string // acknowledgements of contradictions that were not held
}

// maxListed bounds every list in a report.
const maxListed = 20

// part has a bit for each order whose part was sent, and acknowledged.
type part struct{ begun, acknowledged []uint64 }

// The parts. An order of Coinbase's merchant API has no registration.
const (
	payment = iota
	registration
)

func newTally(orders int, registers bool) *tally {
	words := (orders + 63) / 64
	t := &tally{counts: Counts{Outcomes: map[string]int64{}}, latencies: NewLatencies(), parts: make([]part, 1)}
	if registers {
		t.parts = make([]part, 2)
	}
	for i := range t.parts {
		t.parts[i] = part{make([]uint64, words), make([]uint64, words)}
	}
	return t
}

// part returns the part that a delivery is, or nil.
func (t *tally) part(d Delivery) *part {
	switch {
	case d.Credits:
		return &t.parts[payment]
	case d.Registers != "":
		return &t.parts[registration]
	}
	return nil
}

func (t *tally) sends(d Delivery) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Requests++
	if p := t.part(d); p != nil {
		p.begun[d.Order/64] |= 1 << (d.Order % 64)
	}
}

func (t *tally) loses(loss Loss, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if loss == Cut {
		t.counts.Cut++
		return
	}
	t.counts.Thrown++
	t.latencies.Record(took)
}

func (t *tally) fails(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.Unusable++
	t.counts.LastError = err.Error()
}

func (t *tally) acknowledges(d Delivery, a answer) {
	said := a.acknowledgement()
	if d.Registers != "" {
		said.Outcome = "registered"
	} else if !outcomes[said.Outcome] {
		said.Outcome = NoOutcome
	}
	position, _ := strconv.ParseUint(said.Position, 10, 64) // 0 asks for nothing
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latencies.Record(a.took)
	t.counts.Callbacks++
	t.counts.Outcomes[said.Outcome]++
	t.position = max(t.position, position)
	if p := t.part(d); p != nil {
		p.acknowledged[d.Order/64] |= 1 << (d.Order % 64)
	}
	if d.Held && said.Outcome == "recorded" && len(t.surprises) < maxListed {
		t.surprises = append(t.surprises, "a contradiction of order "+strconv.Itoa(d.Order)+" was answered recorded, not held")
	}
}

func (t *tally) finishes(c Chain) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.First {
		t.counts.Orders++
	}
}

// snapshot returns the counts so far.
func (t *tally) snapshot() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	counts.Outcomes = maps.Clone(counts.Outcomes)
	return counts
}

// standing says how far an order has got. It is read when nobody sends.
func (t *tally) standing(order int) Standing {
	least, bit := Acknowledged, uint64(1)<<(order%64)
	for _, p := range t.parts {
		switch {
		case p.acknowledged[order/64]&bit != 0:
		case p.begun[order/64]&bit != 0:
			least = min(least, Begun)
		default:
			least = Untouched
		}
	}
	return least
}
