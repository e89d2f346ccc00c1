package follow_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
)

// transcript is what a runner has logged.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(line)
}

// take returns the lines since the last time.
func (t *transcript) take() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(t.text.String())
	t.text.Reset()
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func TestAFailureIsLoggedAtOnceAndThenCountedEveryMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		last := store.Pay(1)
		var fault atomic.Value // a text, empty for none
		fault.Store("")
		model := &faultyModel{Projector: balances.NewMemory(), before: func(call int) error {
			if text := fault.Load(); text != "" {
				return fmt.Errorf("%s from port %d", text, 40_000+call)
			}
			return nil
		}}
		said := new(transcript)
		r := projectiontest.Follow(t, store, model, follow.Options{Logger: slog.New(slog.NewTextHandler(said, nil))})
		r.Await(last)
		synctest.Wait()
		expect := func(parts ...string) {
			t.Helper()
			lines := said.take()
			if len(lines) != len(parts) {
				t.Fatalf("%d lines, want %d: %q", len(lines), len(parts), lines)
			}
			for i, part := range parts {
				if !strings.Contains(lines[i], part) {
					t.Errorf("the line is %s, without %q", lines[i], part)
				}
			}
		}
		expect("projection is live")

		fault.Store("injected fault")
		last = store.Pay(1)
		synctest.Wait()
		expect("injected fault from port ")
		time.Sleep(59 * time.Second) // of the bubble's clock
		synctest.Wait()
		expect()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if lines := said.take(); len(lines) != 1 || strings.Contains(lines[0], "failures=1 ") {
			t.Errorf("after a minute it says %q", lines)
		}
		fault.Store("something else")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		expect("something else")

		fault.Store("")
		r.Await(last)
		synctest.Wait()
		expect("projection is live")
	})
}

func TestWhyAProjectionHasStoppedIsLogged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		store := open(t, t.TempDir())
		model := built(t, store, store.Pay(3))
		said := new(transcript)
		r := projectiontest.Follow(t, store, laterFold{model}, follow.Options{Logger: slog.New(slog.NewTextHandler(said, nil))})
		time.Sleep(time.Hour) // of the bubble's clock
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		lines := said.take()
		if len(lines) < 55 || len(lines) > 61 || !strings.Contains(lines[0], "level=ERROR msg=\"projection has stopped\" projection=balances") || !strings.Contains(lines[0], "daybook rebuild") {
			t.Errorf("in an hour there are %d lines, the first is %s", len(lines), lines[0])
		}
	})
}
