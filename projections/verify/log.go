package verify

import (
	"context"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// LogOptions say how a log is checked without a model.
type LogOptions struct {
	Log     eventstore.Reader
	Gapless bool // the log's positions follow each other

	// Check, if not nil, is asked about every event: that it can be decoded, say,
	// and that its posting balances.
	Check func(eventstore.Recorded) error

	Readers map[string]Reader // as in Options

	Told func(Step)
}

// LogReport is what a check of a log found.
type LogReport struct {
	LogID       string
	Position    eventstore.Position // of the last event
	Events      uint64
	Users       uint64
	Totals      []Total
	Evidence    Evidence
	Differences []Difference // without those of the evidence
	Count       int
}

// Log checks what is true of every log: it begins with its id, positions and
// revisions follow each other, no id comes twice, every event is understood,
// postings balance, and no payment is credited twice.
func Log(ctx context.Context, options LogOptions) (LogReport, error) {
	return checkLog(ctx, options, maxSlots)
}

func checkLog(ctx context.Context, options LogOptions, slots int) (LogReport, error) {
	if options.Told == nil {
		options.Told = func(Step) {}
	}
	c := &logCheck{
		options: options, book: newBook(slots), seed: maphash.MakeSeed(),
		prover: newProver(options.Log, options.Readers, slots),
	}
	if options.Gapless {
		about, err := Estimate(ctx, options.Log)
		if err != nil {
			return LogReport{}, err
		}
		c.total = uint64(about)
	}
	end := eventstore.Position(math.MaxInt64) // of the log as it is during the first pass
	for part := (share{}); ; {
		c.streams, c.ids = newTable(part, slots/4, true), newTable(part, slots/2, false)
		if err := c.pass(ctx, end); err != nil {
			return LogReport{}, err
		}
		if end = c.last; !c.again {
			c.prover.finish()
		}
		rest, more := narrower(c.streams.share, c.ids.share).rest()
		if !more {
			break
		}
		part, c.again = rest, true
	}
	c.book.checkTotals(&c.found)
	c.prover.checkSuspense(c.book)
	if err := checkCredits(ctx, options.Log, c.book.credits, end, &c.found); err != nil {
		return LogReport{}, err
	}
	return LogReport{
		LogID: c.logID, Position: end, Events: c.events, Users: uint64(len(c.book.accounts)),
		Totals: c.book.list(), Evidence: c.prover.result(), Differences: c.found.listed, Count: c.found.count,
	}, nil
}

// narrower returns the share that ends first, of two that begin together.
func narrower(a, b share) share {
	if a.width != 0 && (b.width == 0 || a.width < b.width) {
		return a
	}
	return b
}

// logCheck checks a log in one or more passes: the tables of streams and ids
// have room for so many.
type logCheck struct {
	options LogOptions
	book    *book
	prover  *prover // nil: no evidence is read
	seed    maphash.Seed
	streams *table // next revision, by hash of the stream's name
	ids     *table
	last    eventstore.Position
	events  uint64
	logID   string
	total   uint64 // events, if that is known
	again   bool   // what does not need the tables is done
	found   findings
}

// checkedFact is an event, and what the caller's check says of it.
type checkedFact struct {
	provenFact
	err error
}

func (c *logCheck) pass(ctx context.Context, end eventstore.Position) error {
	c.last = 0
	f := newFollower(c.options.Log, func(f *checkedFact, event eventstore.Recorded) {
		f.err = nil
		if c.again {
			f.event = event
			return
		}
		f.read(event)
		c.prover.read(&f.proof, &event)
		if c.options.Check != nil {
			f.err = c.options.Check(event)
		}
	}, c.apply)
	if !c.again {
		f.include = c.prover.include()
	}
	f.told = func(events uint64) {
		c.options.Told(Step{Doing: "checking the log", Done: events, Total: max(events, c.total)})
	}
	err := f.to(ctx, end)
	c.events = f.events
	return err
}

func (c *logCheck) apply(ctx context.Context, f *checkedFact) error {
	e := &f.event
	if err := c.checkStream(ctx, e); err != nil {
		return err
	}
	if hash := max(1, maphash.Bytes(c.seed, e.ID[:])); c.ids.share.covers(hash) && c.ids.put(hash, 0) {
		c.note(e, "its id %s is that of an earlier event", e.ID)
	}
	if c.again {
		c.last = e.Position
		return nil
	}
	c.checkPlace(e)
	if err := c.prover.apply(ctx, e, &f.proof); err != nil {
		return err
	}
	switch {
	case f.err != nil:
		c.note(e, "%v", f.err)
	case f.fact.err != nil:
		c.note(e, "%v", f.fact.err)
	default:
		return c.book.apply(ctx, &f.fact)
	}
	return nil
}

func (c *logCheck) note(e *eventstore.Recorded, format string, arguments ...any) {
	c.found.add(Difference{Subject: "position " + e.Position.String(), Text: fmt.Sprintf(format, arguments...)})
}

// checkPlace checks where an event stands in the log.
func (c *logCheck) checkPlace(e *eventstore.Recorded) {
	if c.last == 0 {
		var created eventstore.LogCreated
		if err := json.Unmarshal(e.Data, &created); err != nil || e.Stream != eventstore.LogStream || e.Type != eventstore.LogCreatedType || created.LogID == "" {
			c.note(e, "the first event is %s in %s, and must be the log's id", e.Type, e.Stream)
		}
		c.logID = created.LogID
	}
	if e.Position <= c.last || c.options.Gapless && e.Position != c.last+1 {
		c.note(e, "the event before it stands at %s", c.last)
	}
	c.last = e.Position
}

// checkStream checks that an event is the next of its stream. It remembers a
// hash of the stream's name; what seems wrong is looked up in the stream.
func (c *logCheck) checkStream(ctx context.Context, e *eventstore.Recorded) error {
	hash := hashOf(c.seed, string(e.Stream))
	if !c.streams.share.covers(hash) {
		return nil
	}
	next, _ := c.streams.get(hash)
	if uint64(e.Revision) != next {
		wanted := eventstore.Revision(0)
		for event, err := range c.options.Log.Read(ctx, e.Stream, 0) {
			if err != nil {
				return fmt.Errorf("look up %s: %w", e.Stream, err)
			}
			if event.Position >= e.Position {
				break
			}
			wanted = event.Revision + 1
		}
		if e.Revision != wanted {
			c.note(e, "it is revision %d of %s, and the next one is %d", e.Revision, e.Stream, wanted)
		}
	}
	c.streams.put(hash, uint64(e.Revision)+1)
	return nil
}
