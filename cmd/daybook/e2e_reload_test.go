package main_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"daybook/eventstore/esdbserver/esdbtest"
)

// hangUp sends SIGHUP and waits until the log has a number of lines about it.
func (s *server) hangUp(lines int) {
	s.t.Helper()
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		s.t.Fatal(err)
	}
	s.stderr.awaitCount(s.t, "SIGHUP: ", lines)
}

// awaitCount waits until a text has been written a number of times.
func (t *transcript) awaitCount(test *testing.T, part string, n int) {
	test.Helper()
	for {
		t.mu.Lock()
		text, closed, grown := t.text.String(), t.closed, t.grown
		t.mu.Unlock()
		if strings.Count(text, part) >= n {
			return
		}
		if closed {
			test.Fatalf("%q is not written %d times:\n%s", part, n, text)
		}
		<-grown
	}
}

func replaceFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".next", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		t.Fatal(err)
	}
}

// TestHangupReadsSecretsAgain changes secrets and tokens under load, wrongly in
// between.
func TestHangupReadsSecretsAgain(t *testing.T) {
	t.Parallel()
	const newer, token = "a-newer-secret-of-callbacks", "a-newer-secret-of-website"
	secrets, tokens := secretFile(t, callbackSecret), secretFile(t, "website:shop:"+websiteSecret)
	s := start(t, options{settings: []string{"DAYBOOK_CALLBACK_SECRETS_FILE=" + secrets, "DAYBOOK_TOKENS_FILE=" + tokens}})
	check := func(moment, secret, token string, status int) {
		t.Helper()
		if a := s.request("POST", "/callbacks/coinbase?secret="+secret, "", completedOrder("HUP", "ann", 100)); a.status != status {
			t.Errorf("%s a callback is answered %d, not %d", moment, a.status, status)
		}
		if a := s.request("GET", "/balances/ann", token, ""); a.status != status {
			t.Errorf("%s a read is answered %d, not %d", moment, a.status, status)
		}
	}
	// One secret is live all the time: no callback with it may be refused.
	done := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if a := s.request("POST", callbackPath, "", completedOrder(fmt.Sprint("LOAD", i), "bob", 1)); a.status != 200 {
				t.Errorf("callback %d is answered %d", i, a.status)
			}
		}
	})
	replaceFile(t, secrets, callbackSecret+"\n"+newer+"\n")
	replaceFile(t, tokens, "website:shop:"+token)
	check("before SIGHUP", newer, token, 401)
	s.hangUp(1)
	check("after it", newer, token, 200)
	if a := s.request("GET", "/balances/ann", websiteSecret, ""); a.status != 401 {
		t.Errorf("with the old token a read is answered %d", a.status)
	}
	lines := 1
	for _, bad := range []string{"", "short", `"` + newer + `"`, newer + ",," + callbackSecret, strings.Repeat("x", 70_000), "\xff\xfea\x00"} {
		replaceFile(t, secrets, bad)
		lines++
		s.hangUp(lines)
		check("with a bad file", newer, token, 200)
	}
	if err := os.Remove(secrets); err != nil {
		t.Fatal(err)
	}
	lines++
	s.hangUp(lines)
	check("without the file", newer, token, 200)
	if err := syscall.Mkfifo(secrets, 0o600); err != nil {
		t.Fatal(err)
	}
	lines++
	s.hangUp(lines)
	check("with a pipe that nobody writes to", newer, token, 200)
	close(done)
	load.Wait()
	replaceFile(t, secrets, newer)
	lines++
	s.hangUp(lines)
	check("at the end", newer, token, 200)
	if a := s.request("POST", callbackPath, "", completedOrder("HUP", "ann", 100)); a.status != 401 {
		t.Errorf("with the old secret a callback is answered %d", a.status)
	}
	log := s.stderr.String()
	if n := strings.Count(log, "secrets and tokens stay as they were"); n != 8 || strings.Count(log, "SIGHUP: ") != lines {
		t.Errorf("%d of %d lines say that nothing has changed:\n%s", n, lines, log)
	}
	if strings.Contains(log, newer) || strings.Contains(log, token) || !strings.Contains(log, "DAYBOOK_CALLBACK_SECRETS_FILE") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestHangupEndsSubscriptionsOfATokenThatIsGone, and not those of another.
func TestHangupEndsSubscriptionsOfATokenThatIsGone(t *testing.T) {
	embedded(t)
	t.Parallel()
	const kept = "auditor:stays:a-secret-that-stays-live"
	cert, key := certificate(t)
	tokens := secretFile(t, kept+",auditor:books:"+auditorSecret)
	s := start(t, options{
		settings:  []string{secretsSetting, "DAYBOOK_TOKENS_FILE=" + tokens},
		arguments: []string{"--esdb-listen", "127.0.0.1:0", "--esdb-cert", cert, "--esdb-key", key},
	})
	address := s.awaitEsdb()
	subscribe := func(user, password string) *esdb.Subscription {
		client := esdbtest.Connect(t, fmt.Sprintf("esdb://%s:%s@%s?tlsCAFile=%s", user, password, address, cert))
		subscription, err := client.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.End{}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = subscription.Close() })
		return subscription
	}
	stays, gone := subscribe("stays", "a-secret-that-stays-live"), subscribe("books", auditorSecret)
	replaceFile(t, tokens, kept)
	s.hangUp(1)
	s.record(completedOrder("REVOKED", "ann", 100))
	for name, subscription := range map[string]*esdb.Subscription{"stays": stays, "gone": gone} {
		for {
			e := subscription.Recv()
			if e.EventAppeared == nil && e.SubscriptionDropped == nil {
				continue
			}
			if (e.EventAppeared != nil) != (name == "stays") {
				t.Errorf("the subscription of the token that %s gets %+v", name, e)
			}
			break
		}
	}
}

// TestHangupEndsNoCommand sends SIGHUP as early as the program can take it, and to
// a command that waits.
func TestHangupEndsNoCommand(t *testing.T) {
	t.Parallel()
	embedded(t)
	data := filepath.Join(t.TempDir(), "data")
	first := start(t, options{data: data})
	for i := range 3000 {
		first.record(completedOrder(fmt.Sprint("EARLY", i), "ann", 1))
	}
	first.terminate()
	early := filepath.Join(t.TempDir(), "data")
	p := launch(t, options{data: early})
	for _, err := os.Stat(early); err != nil; _, err = os.Stat(early) { // it has begun
		select {
		case <-p.exited:
			t.Fatalf("it has ended:\n%s", p.stderr)
		case <-time.After(time.Millisecond):
		}
	}
	for range 3 {
		if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	p.awaitAddress()
	p.stderr.awaitCount(t, "secrets and tokens were read again", 1)
	if code := p.terminate(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}

	// A replay that nobody reads waits; there is more of it than a pipe takes.
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	replaying := exec.Command(daybook(t), "replay", "--data", data)
	replaying.Stdout = writer
	if err := replaying.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	text := bufio.NewReader(reader)
	if _, err := text.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := replaying.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, text); err != nil {
		t.Error(err)
	}
	if err := replaying.Wait(); err != nil {
		t.Errorf("replay after SIGHUP: %v", err)
	}
}
