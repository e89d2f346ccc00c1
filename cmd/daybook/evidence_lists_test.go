package main_test

import (
	"log/slog"
	"testing"

	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/verify"
)

// TestBothFoldsOfTheListsAgree compares what waits after each event of a log in which
// people decide everything, as the lists have it and as verify folds it.
func TestBothFoldsOfTheListsAgree(t *testing.T) {
	embedded(t)
	w := newWalk(t)
	w.sales()
	w.merchants()
	w.deposits()
	w.payouts()
	model := local.New(t.TempDir(), w.store, slog.New(slog.DiscardHandler))
	if _, err := model.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	var from follow.Checkpoint
	for _, e := range w.log() {
		to := follow.Checkpoint{LogID: "L", Fold: model.FoldVersion(), Position: e.Position, EventID: e.ID, Stream: e.Stream, Revision: e.Revision}
		if err := model.Apply(t.Context(), from, to, keptLog{e}); err != nil {
			t.Fatal(err)
		}
		from = to
		open, err := verify.OpenItems(t.Context(), w.store, e.Position)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range local.Worklists {
			page, err := model.Items(t.Context(), local.Query{List: list.Name, Limit: local.MaxPage})
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page.Items {
				has := verify.OpenItem{
					List: list.Name, Key: i.Key, Event: i.Event, Stream: string(i.Stream), Position: i.Position,
					Reason: i.Reason, User: i.User, Payment: string(i.Payment),
				}
				if d, differs := verify.CompareOpen(open, has); differs {
					t.Errorf("after %s at position %s: %s %s", e.Type, e.Position, d.Subject, d.Text)
				}
			}
		}
		for _, missing := range open {
			t.Errorf("after %s at position %s: %s", e.Type, e.Position, missing.Missing().Text)
		}
	}
}
