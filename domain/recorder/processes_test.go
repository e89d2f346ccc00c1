package recorder_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/process"
	"daybook/projections/process/linker"
	"daybook/projections/process/processtest"
	"daybook/projections/process/verifier"
)

// lookup folds what is new in a log before it answers, as a server does all the time.
type lookup struct {
	*local.Model
	log eventstore.Store
}

func openLookup(t *testing.T, log eventstore.Store) lookup {
	t.Helper()
	model := local.New(t.TempDir(), log, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = model.Close() })
	return lookup{model, log}
}

func (l lookup) Items(ctx context.Context, q local.Query) (local.Page, error) {
	if err := processtest.CatchUp(ctx, l.Model, l.log); err != nil {
		return local.Page{}, err
	}
	return l.Model.Items(ctx, q)
}

// drive does what the processes of a server have to do, until there is nothing or the way
// to the log ends.
func (s scene) drive(ctx context.Context, lists lookup, way eventstore.Store) error {
	service := recorder.New(way, s.policy)
	for _, p := range []process.Process{
		linker.Linker{Log: lists.log, Lookup: lists, Ledger: service, Now: later}.Process(),
		verifier.Verifier{Provider: s.shown, Ledger: service, Now: time.Now}.Process(),
	} {
		page, err := lists.Items(ctx, local.Query{List: p.List, Limit: local.MaxPage})
		if err != nil {
			return err
		}
		for _, task := range page.Items {
			if err := p.Do(ctx, task); err != nil {
				return err
			}
		}
	}
	return nil
}

// later is when callbacks that raced a registration have ended.
func later() time.Time { return time.Now().Add(time.Minute) }
