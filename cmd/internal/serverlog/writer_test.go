package serverlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"daybook/cmd/internal/serverlog"
)

const patience = 10 * time.Second

func lost(lines uint64) []byte { return fmt.Appendf(nil, "lost %d\n", lines) }

// TestWriterDropsAndCountsWhatAFullPipeHasNoRoomFor writes far more than a pipe and
// the buffer take, then reads everything.
func TestWriterDropsAndCountsWhatAFullPipeHasNoRoomFor(t *testing.T) {
	t.Parallel()
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	w := serverlog.NewWriter(pipe, 64<<10, lost)
	const goroutines, each = 4, 5000
	var writing sync.WaitGroup
	for g := range goroutines {
		writing.Go(func() {
			for i := range each {
				fmt.Fprintf(w, "line %d of %d: %s\n", i, g, strings.Repeat("x", 80))
			}
		})
	}
	writing.Wait() // a writer that waited for the reader would never end
	dropped := w.Dropped()
	if dropped == 0 {
		t.Fatal("a full pipe drops nothing")
	}
	read := make(chan string)
	go func() {
		var text bytes.Buffer
		_, _ = text.ReadFrom(reader)
		read <- text.String()
	}()
	w.Close(patience)
	pipe.Close()
	whole, said := 0, uint64(0)
	for line := range strings.Lines(<-read) {
		var n uint64
		switch {
		case strings.HasPrefix(line, "line ") && strings.HasSuffix(line, "x\n"):
			whole++
		case strings.HasPrefix(line, "lost "):
			fmt.Sscanf(line, "lost %d", &n)
			said += n
		default:
			t.Errorf("not a whole line: %q", line)
		}
	}
	if uint64(whole)+dropped != goroutines*each || said != dropped {
		t.Errorf("of %d lines %d came and %d were dropped; %d are said to be", goroutines*each, whole, dropped, said)
	}
}

// TestWriterEndsThoughNothingIsRead closes a writer whose pipe is full.
func TestWriterEndsThoughNothingIsRead(t *testing.T) {
	t.Parallel()
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w := serverlog.NewWriter(pipe, 1<<20, lost)
	_, _ = w.Write(bytes.Repeat([]byte("line\n"), 100_000))
	closed := make(chan struct{})
	go func() {
		w.Close(50 * time.Millisecond)
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Error("Close waits for the reader")
	}
	reader.Close()
	w.Close(patience)
}

// faulty fails on demand, in the middle of a line.
type faulty struct {
	mu     sync.Mutex
	left   int // bytes that it takes
	text   bytes.Buffer
	failed chan struct{}
}

func (f *faulty) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := min(len(b), f.left)
	f.text.Write(b[:n])
	f.left -= n
	if n < len(b) {
		select {
		case f.failed <- struct{}{}:
		default:
		}
		return n, errors.New("no space left")
	}
	return n, nil
}

// TestWriterEndsATornLine lets the disk of the log be full in the middle of a line.
func TestWriterEndsATornLine(t *testing.T) {
	t.Parallel()
	to := &faulty{left: 12, failed: make(chan struct{}, 1)}
	w := serverlog.NewWriter(to, 1<<10, lost)
	fmt.Fprint(w, "first line\nsecond line\nthird line\n")
	<-to.failed
	to.mu.Lock()
	to.left = 1 << 10
	to.mu.Unlock()
	fmt.Fprint(w, "fourth line\n")
	w.Close(patience)
	if got, want := to.text.String(), "first line\ns\nfourth line\nlost 2\n"; got != want {
		t.Errorf("written is %q, not %q", got, want)
	}
	if w.Dropped() != 2 {
		t.Errorf("%d lines are dropped, not 2", w.Dropped())
	}
	fmt.Fprint(w, "after the end\n")
	if w.Dropped() != 3 {
		t.Errorf("a line after the end is not counted")
	}
}
