// The files e2e_*_test.go prove the program's promises on the program itself:
// the binary is built, started, cut off and killed like one in use, and what
// it promised is compared with what its own commands and a small independent
// fold find afterwards.
package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// storeSettings are added to the environment of every program that the suite
// starts, separated by blanks, so that it can be run again on another read
// model. {log} is a word that differs from one log to the next:
//
//	DAYBOOK_E2E_SETTINGS="DAYBOOK_REDIS=redis://127.0.0.1 DAYBOOK_REDIS_PREFIX={{log}}" go test ./cmd/daybook
var storeSettings = os.Getenv("DAYBOOK_E2E_SETTINGS")

// eventstoreURL is the EventStoreDB that keeps the logs of the suite, if it is
// set: the connection string, or "scratch" for a server of the suite's own.
// Each log has a namespace that no other log has ever had, and stays.
var eventstoreURL = os.Getenv("DAYBOOK_TEST_EVENTSTORE")

// Who may do what with the servers of the suite. No output of a server may
// have one of the secrets in it; see process.checkSecrets.
const (
	callbackSecret = "e2e-secret-of-callbacks"
	checkoutSecret = "e2e-secret-of-checkouts"
	websiteSecret  = "e2e-secret-of-website"
	auditorSecret  = "e2e-secret-of-auditor"
	operatorSecret = "e2e-secret-of-operator"

	secretsSetting = "DAYBOOK_CALLBACK_SECRETS=" + callbackSecret
	tokensSetting  = "DAYBOOK_TOKENS=website:shop:" + websiteSecret + ",auditor:books:" + auditorSecret + ",operator:alice:" + operatorSecret
)

const (
	// patience bounds everything that takes a moment on an idle machine.
	patience = 30 * time.Second

	// stopWithin bounds a shutdown. The program cuts requests off after 15 s.
	stopWithin = 20 * time.Second
)

// buildDirectory has the binary. TestMain makes and removes it.
var buildDirectory string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	if isProgram() {
		return program()
	}
	directory, err := os.MkdirTemp("", "daybook-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	buildDirectory = directory
	stop, err := serveScratch(directory)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	return m.Run()
}

var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDirectory, "daybook")
	if isCarried() {
		return path, impersonate(path)
	}
	return build(path)
})

// daybook returns the path of the program.
func daybook(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func build(path string, flags ...string) (string, error) {
	command := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), ".")...)
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build daybook: %w\n%s", err, out)
	}
	return path, nil
}

// options are what a server is started with. The zero value is a server of its
// own on an empty data directory.
type options struct {
	data      string   // directory; one for the test if empty
	from      string   // where callbacks are taken from; this machine if empty
	arguments []string // of serve
	settings  []string // environment; the suite's secrets if nil
	program   string   // path of another build
	within    []string // a command that becomes the program given behind it, keeping the process id
	directory string   // where it is started
}

// process is a started program.
type process struct {
	t       *testing.T
	command *exec.Cmd
	stdout  *transcript
	stderr  *transcript
	exited  chan struct{}
	err     error // of Wait; read after exited
}

// server is a process that listens.
type server struct {
	*process
	client
	data string
}

// start starts a server and waits until it takes callbacks and reads. It is
// killed at the end of the test if it is still running.
func start(t *testing.T, o options) *server {
	t.Helper()
	s := listen(t, o)
	s.awaitStatus("/readyz", 200)
	s.awaitStatus("/readyz/reads", 200)
	return s
}

// listen starts a server and waits until it listens.
func listen(t *testing.T, o options) *server {
	t.Helper()
	if o.data == "" {
		o.data = filepath.Join(t.TempDir(), "data")
	}
	p := launch(t, o)
	address := p.awaitAddress()
	return &server{process: p, client: newClient(t, address), data: o.data}
}

// launch starts the program's command serve and waits for nothing.
func launch(t *testing.T, o options) *process {
	t.Helper()
	program, from := o.program, o.from
	if program == "" {
		program = daybook(t)
	}
	if from == "" {
		from = "127.0.0.0/8"
	}
	line := append(o.within[:len(o.within):len(o.within)], program, "serve", "--listen", "127.0.0.1:0", "--callback-from", from, "--data", o.data)
	line = append(line, o.arguments...)
	settings := o.settings
	if settings == nil {
		settings = []string{secretsSetting, tokensSetting}
	}
	return execute(t, o.directory, settings, line...)
}

// execute starts a command with an environment that has nothing of the one of
// the test, so that a setting there changes nothing here.
func execute(t *testing.T, directory string, settings []string, line ...string) *process {
	t.Helper()
	p := &process{t: t, stdout: newTranscript(), stderr: newTranscript(), exited: make(chan struct{})}
	p.command = exec.Command(line[0], line[1:]...)
	p.command.Dir = directory
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, settings...)
	if i := slices.Index(line, "--data"); i > 0 {
		p.command.Env = append(p.command.Env, strings.Fields(strings.ReplaceAll(storeSettings, "{log}", logName(line[i+1])))...)
		p.command.Env = append(p.command.Env, eventstoreSettings(line[i+1])...)
	}
	p.command.Stdout, p.command.Stderr = p.stdout, p.stderr
	p.command.WaitDelay = stopWithin // a tracer may outlive it a little
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.exited)
		p.stderr.close()
	}()
	t.Cleanup(func() {
		p.kill()
		p.checkSecrets()
	})
	return p
}

// kill ends the process as a loss of power would, as far as it can tell.
func (p *process) kill() {
	p.t.Helper()
	select {
	case <-p.exited:
		return
	default:
	}
	if err := p.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("kill: %v", err)
	}
	p.exitCode(patience)
}

// terminate asks the process to stop and returns its exit code.
func (p *process) terminate() int {
	p.t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatalf("terminate: %v", err)
	}
	return p.exitCode(stopWithin)
}

// terminate closes the connections that no request uses first: Go's server
// waits for one that has not been used yet.
func (s *server) terminate() int {
	s.t.Helper()
	s.http.CloseIdleConnections()
	return s.process.terminate()
}

// exitCode waits for the end of the process. It is -1 after a signal.
func (p *process) exitCode(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.command.ProcessState.ExitCode()
	case <-time.After(within):
		p.t.Fatalf("process %d is still running after %s\n%s", p.command.Process.Pid, within, p.stderr)
		return 0
	}
}

// checkSecrets fails the test if an output has a secret of the suite in it.
func (p *process) checkSecrets() {
	p.t.Helper()
	for _, secret := range []string{callbackSecret, checkoutSecret, websiteSecret, auditorSecret, operatorSecret} {
		if strings.Contains(p.stdout.String(), secret) || strings.Contains(p.stderr.String(), secret) {
			p.t.Errorf("%s is in the output of %q", secret, p.command.Args)
		}
	}
}

// awaitAddress waits for the line that says where the server listens.
func (p *process) awaitAddress() string {
	p.t.Helper()
	line, ok := p.stderr.await(patience, `"msg":"daybook is listening"`)
	var said struct {
		Address string `json:"address"`
	}
	if !ok || json.Unmarshal([]byte(line), &said) != nil || said.Address == "" {
		p.t.Fatalf("the server does not listen:\n%s", p.stderr)
	}
	return said.Address
}

// tool returns the path of a program that the proofs cannot do without.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && isCarried() {
		t.Skipf("%s is not on this machine", name)
	}
	if err != nil {
		t.Fatalf("%s is needed: apt-get install -y %s", name, debianPackage)
	}
	return path
}

// run runs a command of the program to its end and returns its exit code.
func run(t *testing.T, settings []string, arguments ...string) (int, *process) {
	t.Helper()
	p := execute(t, "", settings, append([]string{daybook(t)}, arguments...)...)
	return p.exitCode(patience), p
}

// succeed runs a command of the program that must not fail, and returns what it
// prints.
func succeed(t *testing.T, arguments ...string) string {
	t.Helper()
	code, p := run(t, nil, arguments...)
	if code != 0 {
		t.Fatalf("daybook %q ends with %d:\n%s", arguments, code, p.stderr)
	}
	return p.stdout.String()
}

// transcript keeps what a process writes and lets others wait for a line.
type transcript struct {
	mu     sync.Mutex // guards what follows
	text   bytes.Buffer
	closed bool
	grown  chan struct{} // closed and replaced by every write
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	close(t.grown)
	t.grown = make(chan struct{})
	return t.text.Write(b)
}

// close says that nothing follows.
func (t *transcript) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	close(t.grown)
	t.grown = make(chan struct{})
}

// growth is closed by the next write.
func (t *transcript) growth() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.grown
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// await returns the first whole line that has part in it, as soon as there is
// one.
func (t *transcript) await(within time.Duration, part string) (line string, ok bool) {
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		t.mu.Lock()
		text, closed, grown := t.text.String(), t.closed, t.grown
		t.mu.Unlock()
		for line := range strings.Lines(text) {
			if strings.HasSuffix(line, "\n") && strings.Contains(line, part) {
				return strings.TrimSuffix(line, "\n"), true
			}
		}
		if closed {
			return "", false
		}
		select {
		case <-grown:
		case <-deadline.C:
			return "", false
		}
	}
}
