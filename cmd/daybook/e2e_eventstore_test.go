package main_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	daybookmain "daybook/cmd/daybook"
	"daybook/eventstore"
	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/storetest"
)

// scratch is the value of DAYBOOK_TEST_EVENTSTORE that stands for a server of
// the suite's own.
const scratch = "scratch"

// runName tells this run of the suite from others, so that no log of an earlier
// one is met in a database that is kept.
var runName = rand.Text()

// logName returns a word for the log of a data directory, which is its
// namespace in EventStoreDB.
func logName(data string) string { return "e2e" + digest(runName + data)[:16] }

// eventstoreSettings say to a program where its log is.
func eventstoreSettings(data string) []string {
	if eventstoreURL == "" {
		return nil
	}
	return []string{"DAYBOOK_EVENTSTORE=" + eventstoreURL, "DAYBOOK_NAMESPACE=" + logName(data)}
}

// isCarried reports whether this is a test binary away from its source tree. Then
// it is the program that it tests too, and leaves out what is about the tree.
func isCarried() bool {
	_, err := os.Stat("main.go")
	return err != nil
}

// programSetting makes a test binary the program.
const programSetting = "DAYBOOK_E2E_PROGRAM"

func isProgram() bool { return os.Getenv(programSetting) != "" }

func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return daybookmain.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// impersonate writes a script that starts this test binary as the program.
func impersonate(path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", programSetting, self)
	return os.WriteFile(path, []byte(script), 0o700)
}

// inTree leaves out a test about the source tree.
func inTree(t *testing.T) {
	t.Helper()
	if isCarried() {
		t.Skip("its subject is the source tree, which is not here")
	}
}

// TestEventStoreDBIsAStore runs the suite of all stores on the database that
// the others of this package use.
func TestEventStoreDBIsAStore(t *testing.T) {
	if eventstoreURL == "" {
		t.Skip("DAYBOOK_TEST_EVENTSTORE is not set; on a server of its own the suite runs in eventstore/eventstoredb")
	}
	storetest.Run(t, func(t *testing.T) storetest.Opened {
		name := logName(t.Name())
		open := func(t *testing.T) *eventstoredb.Store {
			store, err := eventstoredb.Open(eventstoredb.Options{URL: eventstoreURL, Namespace: name})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			return store
		}
		store := open(t)
		return storetest.Opened{Store: store, Reopen: func(t *testing.T) eventstore.Store {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			return open(t)
		}}
	})
}

// embedded leaves out a test whose subject is the embedded store.
func embedded(t *testing.T) {
	t.Helper()
	if eventstoreURL != "" {
		t.Skip("its subject is the embedded store")
	}
}

// anyLog leaves out a test whose subject is the same wherever the log is: it runs
// with the embedded one.
func anyLog(t *testing.T) {
	t.Helper()
	if eventstoreURL != "" {
		t.Skip("its subject has nothing to do with where the log is")
	}
}

// serveScratch starts the server of the suite's own, if one is asked for. Its
// log ends with the suite.
func serveScratch(directory string) (stop func(), err error) {
	if eventstoreURL != scratch {
		return func() {}, nil
	}
	program, err := built()
	if err != nil {
		return nil, err
	}
	said := newTranscript()
	command := exec.Command(program, "serve", "--esdb-listen", "127.0.0.1:0", "--esdb-insecure", "--esdb-writable", "--data", filepath.Join(directory, "scratch"))
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), secretsSetting, tokensSetting}
	command.Stderr = said
	if err := command.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
	line, _ := said.await(patience, "EventStoreDB's protocol")
	var started struct {
		Address string `json:"address"`
	}
	if err := json.Unmarshal([]byte(line), &started); err != nil {
		stop()
		return nil, fmt.Errorf("the scratch server does not start: %w\n%s", err, said)
	}
	eventstoreURL = fmt.Sprintf("esdb://%s?tls=false", started.Address)
	return stop, nil
}
