package local_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/domain/ledger"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

// open opens the model of a directory.
func open(t testing.TB, directory string) *local.Model {
	t.Helper()
	m := local.New(directory, slog.New(slog.DiscardHandler))
	if _, err := m.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// reads are all lists, each with its counts.
func reads(m *local.Model) []projectiontest.Read {
	var all []projectiontest.Read
	for _, list := range local.Worklists {
		all = append(all, func(ctx context.Context) (string, eventstore.Position, error) {
			page, err := m.Items(ctx, local.Query{List: list.Name, Limit: local.MaxPage})
			at := page.Position
			page.Position = 0
			text, encodeErr := json.Marshal(page, json.Deterministic(true))
			return string(text), at, errors.Join(err, encodeErr)
		})
	}
	return all
}

func TestModel(t *testing.T) {
	t.Parallel()
	projectiontest.Run(t, func(t *testing.T) projectiontest.Subject {
		m := open(t, t.TempDir())
		return projectiontest.Subject{Projector: m, Reads: reads(m)}
	})
}

// killed continues after every batch on what a killed process would have left.
type killed struct {
	*local.Model
	t         *testing.T
	directory string
}

func (k *killed) Apply(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) error {
	if err := k.Model.Apply(ctx, from, to, events); err != nil {
		return err
	}
	k.die()
	return nil
}

// die leaves the process, and continues on a copy of what it has written.
func (k *killed) die() {
	image := k.t.TempDir()
	for _, name := range []string{local.FileName, local.FileName + "-wal"} {
		content, err := os.ReadFile(filepath.Join(k.directory, name))
		if err != nil {
			k.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(image, name), content, 0o600); err != nil {
			k.t.Fatal(err)
		}
	}
	if err := k.Model.Close(); err != nil {
		k.t.Fatal(err)
	}
	k.directory, k.Model = image, open(k.t, image)
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	events := projectiontest.Sample(60)
	whole := open(t, t.TempDir())
	projectiontest.Apply(t, whole, events)
	directory := t.TempDir()
	k := &killed{Model: open(t, directory), t: t, directory: directory}
	for i := range events {
		projectiontest.Apply(t, k, events[i:i+1])
	}
	for i, read := range reads(whole) {
		want, _, err := read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := reads(k.Model)[i](t.Context()); got != want || err != nil {
			t.Errorf("list %d says\n%s\nwant\n%s\nerror %v", i, got, want, err)
		}
	}
}

// TestEveryEventThatOpensOrClosesIsNamed reads the golden files of all events: one
// that speaks of a hold or of a mispayment belongs to the review list.
func TestEveryEventThatOpensOrClosesIsNamed(t *testing.T) {
	named := make(map[string]bool)
	for _, list := range local.Worklists {
		for _, event := range list.Names {
			named[event.EventType()] = true
		}
	}
	files, err := filepath.Glob("../../domain/*/testdata/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		eventType, _, _ := strings.Cut(filepath.Base(file), ".")
		var says map[string]any
		if err := json.Unmarshal(content, &says); err != nil {
			continue // not an event
		}
		needs := strings.Contains(file, "/quarantine/")
		for _, member := range []string{"hold", "mispayment", "closes"} {
			_, has := says[member]
			needs = needs || has
		}
		if needs && !named[eventType] {
			t.Errorf("%s opens or closes something, and no worklist names it", eventType)
		}
	}
}

// TestEveryNamedEventIsFolded fails if a list names an event and does nothing with
// it.
func TestEveryNamedEventIsFolded(t *testing.T) {
	for _, list := range local.Worklists {
		for _, event := range list.Names {
			var recorded eventstore.Recorded
			for category, at := range map[string]string{"order": "order", "address": "deposit", "payout": "payout", "quarantine": "quarantine"} {
				files, err := filepath.Glob(fmt.Sprintf("../../domain/%s/testdata/%s.v*.json", at, event.EventType()))
				if err != nil {
					t.Fatal(err)
				}
				for _, file := range files { // the newest is the last
					recorded.Stream, recorded.Type = eventstore.StreamName(category+"-x"), event.EventType()
					recorded.Schema = ledger.Schema(category, event.EventType())
					if recorded.Data, err = os.ReadFile(file); err != nil {
						t.Fatal(err)
					}
				}
			}
			decoded, err := ledger.Decode(recorded)
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Fold(local.Event{Event: decoded, ID: "id"})) == 0 {
				t.Errorf("%s names %s and does nothing with it", list.Name, event.EventType())
			}
		}
	}
}
