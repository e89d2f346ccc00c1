package main_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// injection is a fault of system calls on one of the log's files.
type injection struct {
	call  string // names, separated by commas
	fault string // such as error=EIO, or error=EIO:when=3+5
	file  string // in the data directory, or several with commas between
}

func (i injection) arguments(data string) []string {
	// -P takes the calls on one file alone; the others are not even stopped.
	arguments := []string{"-f", "-o", "/dev/null", "-e", "trace=" + i.call, "-e", "inject=" + i.call + ":" + i.fault}
	for file := range strings.SplitSeq(i.file, ",") {
		arguments = append(arguments, "-P", filepath.Join(data, file))
	}
	return arguments
}

// inject lets system calls of the running server fail, from its return until
// the function that it returns is called, or the server ends.
func (s *server) inject(i injection) (stop func()) {
	s.t.Helper()
	line := append([]string{strace(s.t), "-p", fmt.Sprint(s.command.Process.Pid)}, i.arguments(s.data)...)
	tracer := execute(s.t, "", nil, line...)
	if _, ok := tracer.stderr.await(patience, "attached"); !ok {
		s.t.Fatalf("strace does not attach: %s", tracer.stderr)
	}
	return sync.OnceFunc(func() {
		s.t.Helper()
		_ = tracer.command.Process.Signal(syscall.SIGINT) // it may have ended with the server
		tracer.exitCode(patience)
	})
}

// checkFailure checks that a server ends because nobody knows what is on disk,
// and says what to do.
func (s *server) checkFailure() {
	s.t.Helper()
	if code := s.exitCode(patience); code != 1 {
		s.t.Errorf("the exit code is %d", code)
	}
	text := s.stderr.String()
	if !strings.Contains(text, "\ndaybook: ") || !strings.Contains(text, "start daybook again") || strings.Contains(text, "goroutine ") {
		s.t.Errorf("the server does not say what to do:\n%s", text)
	}
}

// TestFailedSyncIsNeverAnswered200 lets the sync of the journal fail at once
// for a callback that comes alone.
func TestFailedSyncIsNeverAnswered200(t *testing.T) {
	embedded(t)
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	for n := range 4 {
		s := start(t, options{data: data})
		for i := range n {
			s.record(completedOrder(fmt.Sprintf("F%d-%d", n, i), "ann", 100))
		}
		fault := []string{"error=EIO", "error=EIO:when=1"}[n%2] // for good, or once: the kernel forgets what it could not write
		stop := s.inject(injection{"fsync,fdatasync", fault, "daybook.journal"})
		a, err := s.attempt(context.Background(), "POST", callbackPath, "", completedOrder(fmt.Sprintf("F%d-last", n), "ann", 100))
		if err == nil && (a.status != 503 || a.header.Get("Retry-After") == "") {
			t.Errorf("the callback whose sync failed is answered %d %s", a.status, a.body)
		}
		s.checkFailure()
		stop()
	}
	s := start(t, options{data: data})
	events := replay(t, data)
	var again []outcome
	for n := range 4 {
		for i := range n {
			if verified := count(events, "PaymentVerified")[fmt.Sprintf("order-coinbase.F%d-%d", n, i)]; verified != 1 {
				t.Errorf("an acknowledged order is verified %d times", verified)
			}
		}
		again = append(again, s.record(completedOrder(fmt.Sprintf("F%d-last", n), "ann", 100)))
	}
	o := s.record(completedOrder("F0-last", "ann", 100))
	if got := s.balances("ann", last(again))["USD"]; o.Outcome != "duplicate" || got != "10.00" {
		t.Errorf("after all were posted again ann has %s, not 10.00", got)
	}
}

// TestFaultsDuringLoadLoseNothing lets the disk fail in several ways while 16
// clients post. The server ends, and after a restart all that it acknowledged
// is there.
func TestFaultsDuringLoadLoseNothing(t *testing.T) {
	embedded(t)
	t.Parallel()
	const growth = "growth of the write-ahead log's index"
	for name, i := range map[string]injection{
		"sync of the journal":               {"fsync,fdatasync", "error=EIO", "daybook.journal"},
		"the second sync of a thread":       {"fsync,fdatasync", "error=EIO:when=2", "daybook.journal"},
		"write to the journal":              {"pwrite64", "error=EIO", "daybook.journal"},
		"sync of the write-ahead log":       {"fsync,fdatasync", "error=EIO", "daybook.db-wal"},
		"write to the write-ahead log":      {"pwrite64", "error=EIO", "daybook.db-wal"},
		"a write in the middle of a filing": {"pwrite64", "error=EIO:when=7", "daybook.db-wal"},
		"write of a checkpoint to the log":  {"pwrite64", "error=EIO", "daybook.db"},
		"sync of a checkpoint to the log":   {"fsync,fdatasync", "error=EIO", "daybook.db"},
		"a later write of a checkpoint":     {"pwrite64", "error=EIO:when=40", "daybook.db"},
		growth:                              {"pwrite64", "error=ENOSPC", "daybook.db-shm"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o options
			if name == growth { // it comes with the 4,063rd page, before a checkpoint is due where pages are small
				o.data = withDatabase(t, "PRAGMA page_size = 512; CREATE TABLE small (page); DROP TABLE small;")
			}
			s, r := start(t, o), random(t)
			orders := randomOrders(r, "L-")
			for i := range orders {
				orders[i].body += strings.Repeat(" ", 60_000) // 20 MB in all: a checkpoint is due
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go func() {
				<-s.exited
				cancel()
			}()
			var acknowledged atomic.Int64
			attached := make(chan func(), 1)
			deliveries := s.postAll(ctx, clients, bodies(orders), func(d delivery) {
				if d.err == nil && d.status == 200 && acknowledged.Add(1) == 20 {
					attached <- s.inject(i)
				}
			})
			s.checkFailure()
			(<-attached)()
			for _, d := range deliveries {
				if d.err == nil && d.status != 200 && d.status != 503 {
					t.Errorf("a callback is answered %d %s", d.status, d.body)
				}
			}
			again := start(t, options{data: s.data})
			known := newPromises(orders).hearAll(t, deliveries)
			known.check(t, replay(t, s.data))
			t.Logf("%d of %d callbacks were acknowledged", len(known.places), len(orders))
			again.complete(known, orders)
			again.checkPaid(known)
		})
	}
}

// TestFullDiskIsAnswered503UntilItHasSpace lets writes to the journal find no
// space for a stretch: at once, and now and then. What is in the journal meets
// the same when it is filed.
func TestFullDiskIsAnswered503UntilItHasSpace(t *testing.T) {
	embedded(t)
	t.Parallel()
	s, r := start(t, options{}), random(t)
	paid := randomOrder{"BEFORE", "user0", 100, completedOrder("BEFORE", "user0", 100)}
	before := s.record(paid.body)
	orders := randomOrders(r, "S-")[:100]

	stop := s.inject(injection{"pwrite64", "error=ENOSPC", "daybook.journal"})
	for _, o := range orders[:5] {
		s.checkRefusal(s.post(o.body))
	}
	s.awaitStatus("/readyz", 503) // a write within the last second counts as one
	if got := s.balances("user0", last([]outcome{before}))["USD"]; got != "1.00" {
		t.Errorf("with a full disk, user0 has %s", got)
	}
	if a := s.request("GET", "/healthz", "", ""); a.status != 200 {
		t.Errorf("with a full disk, /healthz is %d", a.status)
	}
	stop()
	s.awaitStatus("/readyz", 200)

	// Some are written and others are not, and some writes of a filing are.
	stop = s.inject(injection{"pwrite64", "error=ENOSPC:when=2+3", "daybook.journal,daybook.db-wal"})
	for _, d := range s.postAll(context.Background(), clients, bodies(orders), nil) {
		if d.err != nil {
			t.Fatal(d.err)
		}
		if d.status != 200 {
			s.checkRefusal(d.answer)
		}
	}
	stop()
	s.awaitStatus("/readyz", 200)
	deliveries := s.postAll(context.Background(), clients, bodies(orders), nil)
	s.kill()
	s = start(t, options{data: s.data})
	known := newPromises(append(orders, paid))
	known.hear(t, before)
	known.hearAll(t, deliveries).check(t, replay(t, s.data))
	if n := len(known.places); n != len(known.sent) {
		t.Errorf("with space again, %d of %d callbacks are acknowledged", n, len(known.sent))
	}
	s.complete(known, orders)
	s.checkPaid(known)
}

// checkRefusal checks the answer to a callback that found no space.
func (s *server) checkRefusal(a answer) {
	s.t.Helper()
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "/problems/store-unavailable") {
		s.t.Errorf("without space, a callback is answered %d %s %s", a.status, a.header, a.body)
	}
}

// TestUnreadableLogIsNotTakenForAnEmptyOne lets reads of the log's files fail:
// nothing is decided on a stream that could not be read.
func TestUnreadableLogIsNotTakenForAnEmptyOne(t *testing.T) {
	embedded(t)
	t.Parallel()
	s := start(t, options{})
	s.record(completedOrder("SAME", "ann", 100))
	stop := s.inject(injection{"pread64", "error=EIO", "daybook.db-wal"})
	answers := map[int]int{}
	for range 20 {
		a := s.post(completedOrder("SAME", "bob", 200))
		answers[a.status]++
		if a.status == 200 && s.outcome(a).Outcome == "recorded" {
			t.Fatalf("a contradiction is recorded: %s", a.body)
		}
	}
	t.Logf("answers by status: %v", answers)
	stop()
	if o := s.record(completedOrder("SAME", "cid", 300)); o.Outcome != "held" {
		t.Errorf("a contradiction is %s", o.Outcome)
	}
	if n := count(replay(t, s.data), "PaymentVerified")["order-coinbase.SAME"]; n != 1 {
		t.Errorf("the order is verified %d times", n)
	}
}

// TestServerThatCannotSyncDoesNotStart lets the syncs of one file or directory
// fail, while a log is made and when it is opened again.
func TestServerThatCannotSyncDoesNotStart(t *testing.T) {
	embedded(t)
	t.Parallel()
	for _, file := range []string{"..", ".", "daybook.db-journal", "daybook.db", "daybook.db-wal"} {
		data := filepath.Join(t.TempDir(), "data")
		fault := injection{"fsync,fdatasync", "error=EIO", file}
		p := launch(t, options{data: data, within: append([]string{strace(t), "-D"}, fault.arguments(data)...)})
		if code := p.exitCode(patience); code != 1 || !strings.HasPrefix(p.stderr.String(), "daybook: ") {
			t.Errorf("when the sync of %s fails, the exit code is %d:\n%s", file, code, p.stderr)
		}
		s := start(t, options{data: data})
		s.record(completedOrder("AFTER", "ann", 100))
		s.kill()
		if file == "daybook.db-journal" {
			continue // it is of use to a new log alone
		}
		p = launch(t, options{data: data, within: append([]string{strace(t), "-D"}, fault.arguments(data)...)})
		if code := p.exitCode(patience); code != 1 || !strings.HasPrefix(p.stderr.String(), "daybook: ") {
			t.Errorf("when the sync of %s fails, the exit code is %d:\n%s", file, code, p.stderr)
		}
		s = start(t, options{data: data})
		if o := s.record(completedOrder("AFTER", "ann", 100)); o.Outcome != "duplicate" {
			t.Errorf("after failed starts, an acknowledged callback is %s", o.Outcome)
		}
	}
}
