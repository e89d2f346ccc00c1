// Package verify proves a read model: it folds the log a second time, in a way
// of its own, and compares the result with every key that Redis keeps.
//
// It shares no code with what fills the model: it has its own table of
// postings, its own reading of event data and its own arithmetic (math/big; of
// package money it asks only how many decimals a currency has), and it reads
// Redis by the documented layout. A fault in one of the two is therefore found
// by the other.
//
// The model may be live. Keys are read together with the checkpoint that they
// are of, in one transaction; the fold goes on to exactly that checkpoint; then
// they are compared. So every key is compared at a position at which both say
// something, although both move.
package verify

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"daybook/eventstore"
)

var (
	// ErrUnreadable says that Redis could not be read.
	ErrUnreadable = errors.New("redis cannot be read")

	// ErrNoModel says that there is nothing to compare.
	ErrNoModel = errors.New("there is no read model")
)

const (
	// scanCount is how many keys Redis looks at in one step.
	scanCount = 1000

	// batchKeys is how many subjects are read in one transaction, which blocks
	// Redis for about a millisecond.
	batchKeys = 256

	// attempts bounds how often a comparison begins again because the model was
	// replaced under it.
	attempts = 5
)

// Options say what is compared with what.
type Options struct {
	Log    eventstore.Reader
	Client redis.UniversalClient
	Prefix string // of the keys

	// Beside compares the generation behind the current one, which a rebuild is
	// filling, in the place of the current one.
	Beside bool

	// Models are compared. That of balances is folded by rules of this package.
	Models []Model

	// Gapless says that the log's positions follow each other.
	Gapless bool

	// Readers, if not nil, read kept bodies again, by the names of their formats:
	// events are held against what they were made of, see Evidence.
	Readers map[string]Reader

	// Told, if not nil, hears how far the comparison has come. It must not
	// block.
	Told func(Step)
}

// Step is a moment of a comparison.
type Step struct {
	Doing       string // "folding balances", "comparing balances", "proving the rest"
	Done, Total uint64 // events, or users or orders
}

// Report is what a comparison found.
type Report struct {
	LogID       string
	Generation  uint64
	Models      []Compared
	Totals      []Total
	Evidence    Evidence
	Differences []Difference // of the models: the first ones
	Count       int          // of all of them
}

// Compared is what was compared of one read model.
type Compared struct {
	Name     string
	Position eventstore.Position // of the last comparison
	Events   uint64              // folded for it
	Subjects uint64              // users or documents
	Entries  uint64              // of users
}

// session is one comparison.
type session struct {
	options Options
	client  redis.UniversalClient // of the server that has the keys
	logID   string
	current uint64 // generation
	layout  layout // of the compared generation
	slots   int    // of tables, at most
	found   findings
	report  Report
}

// modelOf is a read model, and the checkpoint at which it was last seen.
type modelOf struct {
	name       string
	fold       int
	text       string
	checkpoint checkpoint
}

// Run compares. An error says that it could not; differences are in the report.
func Run(ctx context.Context, options Options) (Report, error) { return run(ctx, options, maxSlots) }

func run(ctx context.Context, options Options, slots int) (Report, error) {
	logID, err := eventstore.LogID(ctx, options.Log)
	if err != nil {
		return Report{}, err
	}
	for _, m := range options.Models {
		if m.Document == nil && m.Name != balancesModel {
			return Report{}, fmt.Errorf("nothing compares the model %s: give it a Document, or a fold of its own here", m.Name)
		}
	}
	for range attempts {
		s := &session{options: options, logID: logID, slots: slots}
		if err = s.run(ctx); !errors.Is(err, errReplaced) {
			s.report.Differences, s.report.Count = s.found.listed, s.found.count
			return s.report, err
		}
	}
	return Report{}, fmt.Errorf("%w, %d times: try again when no rebuild is running", err, attempts)
}

func (s *session) run(ctx context.Context) error {
	if s.options.Told == nil {
		s.options.Told = func(Step) {}
	}
	var err error
	s.layout.prefix = s.options.Prefix
	if s.client, err = nodeOf(ctx, s.options.Client, s.layout.current()); err != nil {
		return err
	}
	if s.current, err = parseCurrent(s.client.Get(ctx, s.layout.current())); err != nil {
		return err
	}
	s.layout.generation = s.current
	if s.options.Beside {
		s.layout.generation++
	}
	s.report.LogID, s.report.Generation = s.logID, s.layout.generation
	return s.compare(ctx)
}

// compare compares balances, then documents, then the users of whom only keys are
// known, and proves the events that the models have not applied.
func (s *session) compare(ctx context.Context) error {
	b := newBalances(s)
	defer b.summarize()
	if err := s.compareModels(ctx, b); err != nil {
		return err
	}
	return b.proveRest(ctx)
}

func (s *session) compareModels(ctx context.Context, b *balances) error {
	if err := b.compareKnown(ctx); errors.Is(err, errWrongCheckpoint) {
		b.isWrong = true
	} else if err != nil {
		return err
	}
	kinds := make(map[string]bool) // of documents
	for _, m := range s.options.Models {
		if m.Document == nil {
			continue
		}
		kinds[m.Document.Kind] = true
		if err := s.compareDocuments(ctx, m); err != nil && !errors.Is(err, errWrongCheckpoint) {
			return err
		}
	}
	err := s.scan(ctx, s.layout.all(), func(keys []string) error {
		for _, key := range keys {
			if kind, _ := s.layout.cut(key); kinds[kind] {
				continue
			}
			if err := b.collect(ctx, key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || b.isWrong {
		return err
	}
	return b.compareLate(ctx)
}

// tellFolding tells how far a fold has come; where positions have gaps, its
// end is not known.
func (s *session) tellFolding(doing string, events uint64, model *modelOf) {
	step := Step{Doing: doing, Done: events}
	if s.options.Gapless {
		step.Total = max(events, uint64(model.checkpoint.Position))
	}
	s.options.Told(step)
}
