package local_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/domain/claim"
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

// open opens the model of a directory and of a log.
func open(t testing.TB, directory string, log eventstore.Reader) *local.Model {
	t.Helper()
	m := local.New(directory, log, slog.New(slog.DiscardHandler))
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

// sample has the events of the suite, which are the beginning of one log.
var sample = projectiontest.Slice(projectiontest.Sample(200))

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
	return append(all, orderReads(m)...)
}

func TestModel(t *testing.T) {
	t.Parallel()
	projectiontest.Run(t, func(t *testing.T) projectiontest.Subject {
		m := open(t, t.TempDir(), sample)
		return projectiontest.Subject{Projector: m, Reads: reads(m)}
	})
}

// killed continues after every batch on what a killed process would have left.
type killed struct {
	*local.Model
	t         *testing.T
	directory string
	log       eventstore.Reader
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
	k.directory, k.Model = image, open(k.t, image, k.log)
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	events := projectiontest.Sample(60)
	whole := open(t, t.TempDir(), sample)
	projectiontest.Apply(t, whole, events)
	directory := t.TempDir()
	k := &killed{Model: open(t, directory, sample), t: t, directory: directory, log: sample}
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

// golden returns what the golden files of all aggregates have, by event type.
func golden(t *testing.T) map[string][]eventstore.Recorded {
	t.Helper()
	samples := make(map[string][]eventstore.Recorded)
	for category, directory := range map[string]string{
		order.Category: "order", deposit.Category: "deposit", payout.Category: "payout", claim.Category: "claim", quarantine.Category: "quarantine",
	} {
		files, err := filepath.Glob("../../domain/" + directory + "/testdata/*.v*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("%d golden files of %s, %v", len(files), directory, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := strings.Split(filepath.Base(file), ".") // type, schema
			schema, err := strconv.Atoi(strings.TrimPrefix(parts[1], "v"))
			if err != nil {
				t.Fatal(err)
			}
			samples[parts[0]] = append(samples[parts[0]], eventstore.Recorded{
				Event: eventstore.Event{Type: parts[0], Schema: schema, Data: content}, Stream: eventstore.StreamName(category + "-x"),
			})
		}
	}
	return samples
}

// An event that names an item, a hold or a mispayment belongs to the review list.
func TestEveryEventThatOpensOrClosesIsNamed(t *testing.T) {
	for eventType, samples := range golden(t) {
		var says map[string]any
		if err := json.Unmarshal(samples[0].Data, &says); err != nil {
			t.Fatal(err)
		}
		_, hold := says["hold"]
		_, mispayment := says["mispayment"]
		_, closes := says["closes"]
		_, item := says["item"]
		needs := hold || mispayment || closes || item || samples[0].Stream.Category() == quarantine.Category
		if needs && !slices.ContainsFunc(local.Worklists, func(list local.Worklist) bool { return names(list.Names, eventType) }) {
			t.Errorf("%s opens or closes something, and no worklist names it", eventType)
		}
	}
}

// A fold is given the events that it names, and does something with each.
func TestWhatIsNamedIsFolded(t *testing.T) {
	check := func(fold string, named []codec.Event, does func(codec.Event) bool) {
		for eventType, samples := range golden(t) {
			if fold == local.Verification.Name && eventType == (order.PaymentHeld{}).EventType() { // its sample is a contradiction, which closes nothing
				continue
			}
			folded := slices.ContainsFunc(samples, func(recorded eventstore.Recorded) bool {
				event, err := ledger.Decode(recorded)
				if err != nil {
					t.Fatal(err)
				}
				return does(event)
			})
			if isNamed := names(named, eventType); isNamed != folded {
				t.Errorf("%s names %s is %v, that it folds it is %v", fold, eventType, isNamed, folded)
			}
		}
	}
	for _, list := range local.Worklists {
		check(list.Name, list.Names, func(event codec.Event) bool {
			return len(list.Fold(local.Event{Event: event, ID: "id", Stream: "order-site.x"})) > 0
		})
	}
	check("lookup", local.LookedUp, func(event codec.Event) bool { return len(local.KeysOf(event)) > 0 })
}

func names(named []codec.Event, eventType string) bool {
	return slices.ContainsFunc(named, func(event codec.Event) bool { return event.EventType() == eventType })
}
