package sqlitestore_test

import (
	"bufio"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"daybook/eventstore"
)

const installStrace = "apt-get install -y strace"

func TestEverythingAcknowledgedSurvivesAKill(t *testing.T) {
	t.Cleanup(smallBlocks())
	for _, least := range []int{1, 50, 200} {
		directory := t.TempDir()
		writer := start(t, "write", directory)
		writer.expect(t, "opened")
		var stored []string
		for len(stored) < least {
			stored = append(stored, writer.expect(t, "stored"))
		}
		if err := writer.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for word, stream := writer.next(t); word == "stored"; word, stream = writer.next(t) {
			stored = append(stored, stream)
		}
		contains(t, openReader(t, directory), stored)
		store := open(t, directory)
		contains(t, store, stored)
		for _, stream := range stored {
			if err := appendTo(store, eventstore.StreamName(stream)); err != nil {
				t.Errorf("repeat: %v", err)
			}
			if n := count(t, store, eventstore.StreamName(stream)); n != 1 {
				t.Errorf("%s has %d events, want 1", stream, n)
			}
		}
	}
}

func TestAFailingSyncEndsTheStore(t *testing.T) {
	tool(t, "strace", installStrace)
	directory := t.TempDir()
	writer := start(t, "step", directory)
	writer.expect(t, "opened")
	var stored []string
	for range 3 {
		writer.step(t)
		stored = append(stored, writer.expect(t, "stored"))
	}
	inject(t, writer, "fsync,fdatasync:error=EIO")
	writer.step(t)
	writer.expect(t, "refused")
	if reason := writer.expect(t, "failed"); !strings.Contains(reason, "commit") {
		t.Errorf("the reason is %q", reason)
	}
	if refused := writer.expect(t, "after"); refused != "true" {
		t.Error("the store accepts appends after it has failed")
	}
	writer.Wait()
	contains(t, open(t, directory), stored)
}

// inject makes system calls of a running process fail from now on.
func inject(t *testing.T, victim *child, fault string) {
	t.Helper()
	calls, _, _ := strings.Cut(fault, ":")
	tracer := exec.CommandContext(t.Context(), "strace", "-f", "-o", filepath.Join(t.TempDir(), "trace"),
		"-e", "trace="+calls, "-e", "inject="+fault, "-p", fmt.Sprint(victim.Process.Pid))
	messages, err := tracer.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		victim.Process.Kill() // strace ends with it
		tracer.Wait()
	})
	lines := bufio.NewScanner(messages)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "attached") {
			go func() { // until strace ends
				for lines.Scan() {
				}
			}()
			return
		}
	}
	t.Fatal("strace did not attach")
}

// TestAnswersComeAfterTheSync traces the system calls of a writer. Built with
//
//	-ldflags "-X daybook/eventstore/sqlitestore.synchronous=OFF"
//
// it fails.
func TestAnswersComeAfterTheSync(t *testing.T) {
	tool(t, "strace", installStrace)
	trace := filepath.Join(t.TempDir(), "trace")
	directory := t.TempDir()
	writer := start(t, "step", directory, "strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,fdatasync,write")
	writer.expect(t, "opened")
	const appends = 5
	for range appends {
		writer.step(t)
		writer.expect(t, "stored")
	}
	writer.input.Close()
	for word, _ := writer.next(t); word != ""; word, _ = writer.next(t) {
	}
	writer.Wait()

	synced, answers := false, 0
	for _, call := range readLines(t, trace) {
		switch {
		case syncOfJournal.MatchString(call):
			synced = true
		case strings.Contains(call, `"stored `):
			if !synced {
				t.Errorf("an answer without a sync before it: %s", call)
			}
			synced = false
			answers++
		}
	}
	if answers != appends {
		t.Errorf("the trace has %d answers, want %d", answers, appends)
	}
}

// syncOfJournal matches a sync that has returned without an error. strace splits a
// call in two lines when another thread comes between.
var syncOfJournal = regexp.MustCompile(`(fsync|fdatasync)\(\d+<[^>]*daybook\.journal>\) += 0|<\.\.\. (fsync|fdatasync) resumed>\) += 0`)
