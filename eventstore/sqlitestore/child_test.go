package sqlitestore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

const (
	roleVariable      = "SQLITESTORE_TEST_ROLE"
	directoryVariable = "SQLITESTORE_TEST_DIRECTORY"

	// patience bounds every wait for another process.
	patience = time.Minute
)

// roles are what the test binary does when a test starts it as another
// process. They write lines to standard output for the test to read.
var roles = map[string]func(directory string) error{
	"open":  openOnce,
	"write": func(directory string) error { return write(directory, 8) },
	"step":  func(directory string) error { return write(directory, 1) },
	"fill":  fillDisk,
	"page":  holdPage,

	"pages-writing": keepPagesWriting,
	"pages-reading": keepPagesReading,
}

func TestMain(m *testing.M) {
	if name := os.Getenv(roleVariable); name != "" {
		if err := roles[name](os.Getenv(directoryVariable)); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// openOnce opens the log for writing and closes it.
func openOnce(directory string) error {
	store, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: directory})
	if errors.Is(err, eventstore.ErrLocked) {
		fmt.Println("locked", err)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Println("opened")
	return store.Close()
}

// holdPage keeps a transaction that reads open, as in the middle of a page, until it
// is killed.
func holdPage(directory string) error {
	conn, err := sqlite.OpenConn(filepath.Join(directory, "daybook.db"), sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	for _, statement := range []string{"BEGIN", "SELECT count(*) FROM events"} {
		if err := sqlitex.ExecuteTransient(conn, statement, nil); err != nil {
			return err
		}
	}
	fmt.Println("reading")
	select {}
}

// write appends single events from several goroutines, each waiting for a
// line on standard input if there is only one, and prints "stored" and the
// stream of each that was acknowledged. After a refusal it reports whether the
// store has failed, and returns.
func write(directory string, writers int) error {
	smallBlocks()
	store, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: directory})
	if err != nil {
		return err
	}
	fmt.Println("opened")
	input := bufio.NewScanner(os.Stdin)
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for i := 0; ; i++ {
				if writers == 1 && !input.Scan() {
					return
				}
				stream := eventstore.StreamName(fmt.Sprintf("order-%d.%d", writer, i))
				if err := appendTo(store, stream); err != nil {
					fmt.Println("refused", stream, err)
					return
				}
				fmt.Println("stored", stream)
			}
		})
	}
	group.Wait()
	select {
	case <-store.Failed():
		fmt.Println("failed", store.Err())
	default:
		fmt.Println("sound")
	}
	err = appendTo(store, "order-after")
	fmt.Println("after", errors.Is(err, eventstore.ErrUnavailable))
	store.Close() // may meet the injected error again
	return nil
}

// smallBlocks is called by a process that is killed and by the one that goes on.
func smallBlocks() (undo func()) { return sqlitestore.SetBlocks(64, 8) }

func appendTo(store *sqlitestore.Store, stream eventstore.StreamName) error {
	_, err := store.Append(context.Background(), stream, eventstore.NoStream, event(stream, 500))
	return err
}

// event returns an event with so many bytes of data.
func event(stream eventstore.StreamName, size int) eventstore.Event {
	return eventstore.Event{
		ID:       eventstore.DeriveID(stream, "cause", 0),
		Type:     "ThingHappened",
		Schema:   1,
		Data:     fmt.Appendf(nil, `{"text":"%s"}`, strings.Repeat("x", size)),
		Metadata: []byte(`{"actor":"test"}`),
	}
}

// child is another process.
type child struct {
	*exec.Cmd

	lines *bufio.Scanner
	input io.WriteCloser
}

// start runs the test binary in a role, behind the words of a command such as
// strace. It is killed when the test ends.
func start(t *testing.T, role, directory string, behind ...string) *child {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	words := append(behind, os.Args[0])
	c := &child{Cmd: exec.CommandContext(ctx, words[0], words[1:]...)}
	c.Env = append(os.Environ(), roleVariable+"="+role, directoryVariable+"="+directory)
	c.Stderr = os.Stderr
	output, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(output)
	if c.input, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		c.Wait()
	})
	return c
}

// next returns the words of the next line, none at the end of the output.
func (c *child) next(t *testing.T) (first, rest string) {
	t.Helper()
	if !c.lines.Scan() {
		return "", ""
	}
	first, rest, _ = strings.Cut(c.lines.Text(), " ")
	return first, rest
}

// expect reads one line and returns what is behind its first word.
func (c *child) expect(t *testing.T, word string) string {
	t.Helper()
	first, rest := c.next(t)
	if first != word {
		t.Fatalf("the other process said %q %q, want %q", first, rest, word)
	}
	return rest
}

// step lets a process in the role "step" append once.
func (c *child) step(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(c.input, "\n"); err != nil {
		t.Fatal(err)
	}
}

// tool fails the test with the line to type if a program is missing.
func tool(t *testing.T, name, install string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing: %s", name, install)
	}
}

// contains checks that every stream named has its event.
func contains(t *testing.T, log eventstore.Reader, streams []string) {
	t.Helper()
	stored := make(map[string]bool)
	for event, err := range log.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		stored[string(event.Stream)] = true
	}
	for _, stream := range streams {
		if !stored[stream] {
			t.Errorf("%s was acknowledged and is not in the log", stream)
		}
	}
}
