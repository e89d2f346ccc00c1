package local_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

// keep puts bodies into quarantine.
func keep(t testing.TB, log eventstore.Store, bodies ...string) eventstore.Position {
	t.Helper()
	service := recorder.New(log, recorder.Policy{})
	var last eventstore.Position
	for _, body := range bodies {
		result, err := service.Quarantine(context.Background(), quarantine.Incomplete, recorder.Delivery{
			ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: "coinbase-v1", Body: []byte(body), Length: int64(len(body)),
		})
		if err != nil {
			t.Fatal(err)
		}
		last = result.Position
	}
	return last
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// run follows a log until the model has reached a position, and returns what was
// logged and what waits in quarantine.
func run(t *testing.T, log eventstore.Store, directory string, position eventstore.Position, meanwhile func(*local.Model)) (lines string, digests int) {
	t.Helper()
	var logged journal
	m := local.New(directory, log, slog.New(slog.NewTextHandler(&logged, nil)))
	p := projectiontest.Follow(t, log, m, follow.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	p.Await(position)
	if meanwhile != nil {
		meanwhile(m)
		for p.Status().Retries == 0 && !strings.Contains(logged.String(), "folded again") { // it looks every second
			if ctx.Err() != nil {
				t.Fatal("it does not notice")
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	var page local.Page
	for page.Position < position || p.Ready(time.Minute) != nil {
		var err error
		if page, err = m.Items(ctx, local.Query{List: "quarantine", Limit: 10}); err != nil && ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	if err := errors.Join(p.Stop(), m.Close()); err != nil {
		t.Error(err)
	}
	return logged.String(), len(page.Items)
}

// execute changes a file from outside.
func execute(t *testing.T, file, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
		t.Fatal(err)
	}
}

func TestADoubtfulFileIsFoldedAgain(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, file string){
		"that is no database": func(t *testing.T, file string) {
			if err := os.WriteFile(file, bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"whose pages are damaged": func(t *testing.T, file string) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := 4096; i < len(content); i++ {
				content[i] ^= 0x5a
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"that was cut": func(t *testing.T, file string) {
			if err := os.Truncate(file, 5000); err != nil {
				t.Fatal(err)
			}
		},
		"of another fold version": func(t *testing.T, file string) { execute(t, file, "UPDATE checkpoint SET fold = fold + 1;") },
		"of another version":      func(t *testing.T, file string) { execute(t, file, "PRAGMA user_version = 7;") },
		"of another program":      func(t *testing.T, file string) { execute(t, file, "PRAGMA application_id = 7;") },
		"of another log":          func(t *testing.T, file string) { execute(t, file, "UPDATE checkpoint SET log_id = 'X';") },
		"that lacks a table":      func(t *testing.T, file string) { execute(t, file, "DROP TABLE keys;") },
		"of another event": func(t *testing.T, file string) {
			execute(t, file, "UPDATE checkpoint SET event = x'000102030405060708090a0b0c0d0e0f';")
		},
		"whose position is beyond": func(t *testing.T, file string) {
			execute(t, file, "UPDATE checkpoint SET revision = revision + 7, position = position + 7;")
		},
		"whose event is of no stream": func(t *testing.T, file string) { execute(t, file, "UPDATE checkpoint SET stream = 'order-none.x';") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			log := projectiontest.OpenLog(t, directory)
			position := keep(t, log, "a", "b", "c")
			if lines, waiting := run(t, log, directory, position, nil); waiting != 3 || strings.Contains(lines, "folded again") {
				t.Fatalf("%d wait, logged %s", waiting, lines)
			}
			spoil(t, filepath.Join(directory, local.FileName))
			lines, waiting := run(t, log, directory, position, nil)
			if waiting != 3 || strings.Count(lines, "folded again") != 1 {
				t.Errorf("%d wait, logged %s", waiting, lines)
			}
			if lines, waiting := run(t, log, directory, position, nil); waiting != 3 || strings.Contains(lines, "folded again") {
				t.Errorf("the next time %d wait, logged %s", waiting, lines)
			}
		})
	}
}

// TestAnOlderCopyIsCaughtUp puts an older copy of the file in its place, and then an
// older copy of the log.
func TestAnOlderCopyIsCaughtUp(t *testing.T) {
	directory, image := t.TempDir(), t.TempDir()
	log := projectiontest.OpenLog(t, directory)
	first := keep(t, log, "a")
	run(t, log, directory, first, nil)
	if err := os.CopyFS(image, os.DirFS(directory)); err != nil {
		t.Fatal(err)
	}
	last := keep(t, log, "b", "c")
	if _, waiting := run(t, log, directory, last, nil); waiting != 3 {
		t.Fatalf("%d wait", waiting)
	}
	newer, err := os.ReadFile(filepath.Join(directory, local.FileName))
	if err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile(filepath.Join(image, local.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, local.FileName), older, 0o600); err != nil {
		t.Fatal(err)
	}
	if lines, waiting := run(t, log, directory, last, nil); waiting != 3 || strings.Contains(lines, "folded again") {
		t.Errorf("an older copy of the file: %d wait, logged %s", waiting, lines)
	}
	if err := os.WriteFile(filepath.Join(image, local.FileName), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	restored := projectiontest.OpenLog(t, image)
	last = keep(t, restored, "d")
	if lines, waiting := run(t, restored, image, last, nil); waiting != 2 || strings.Count(lines, "folded again") != 1 {
		t.Errorf("an older copy of the log: %d wait, logged %s", waiting, lines)
	}
}

func TestAFileThatIsTakenAwayIsFoldedAgain(t *testing.T) {
	directory := t.TempDir()
	log := projectiontest.OpenLog(t, directory)
	position := keep(t, log, "a", "b")
	lines, waiting := run(t, log, directory, position, func(*local.Model) {
		if err := os.Remove(filepath.Join(directory, local.FileName)); err != nil {
			t.Fatal(err)
		}
	})
	if waiting != 2 || strings.Count(lines, "folded again") != 1 {
		t.Errorf("%d wait, logged %s", waiting, lines)
	}
}

func TestTwoProcessesDoNotShareTheFile(t *testing.T) {
	directory := t.TempDir()
	first := open(t, directory, projectiontest.Slice{})
	second := local.New(directory, projectiontest.Slice{}, slog.New(slog.DiscardHandler))
	if _, err := second.Load(t.Context()); err == nil || !strings.Contains(err.Error(), "another daybook") {
		t.Errorf("error is %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Load(t.Context()); err != nil {
		t.Error(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}
