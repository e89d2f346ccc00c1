package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"daybook/eventstore/esdbserver"
)

const clientModule = "github.com/EventStore/EventStore-Client-Go/v4"

// TestGoClientSuiteUnmodified runs the Go client's TestStreams as it is, the
// way that it talks to a cluster: TLS, passwords, gossip, a leader and two
// followers on fixed ports. It skips what needs its populated database.
func TestGoClientSuiteUnmodified(t *testing.T) {
	skipUnlessAsked(t)
	store := newScratch(t)
	encryption, _, _ := certificate(t)
	addresses := []string{"localhost:2111", "localhost:2112", "localhost:2113"}
	for i, address := range addresses {
		leader := addresses[0]
		if i == 0 {
			leader = ""
		}
		serve(t, store, address, esdbserver.Options{
			Credentials: admin,
			TLS:         encryption,
			Leader:      func() string { return leader },
			Members: func() []esdbserver.Member {
				return []esdbserver.Member{{Address: addresses[0], Leader: true}, {Address: addresses[1]}, {Address: addresses[2]}}
			},
		})
	}
	addUsers(t, "esdb://admin:changeit@localhost:2111?tlsVerifyCert=false")
	results := runSuite(t, copyClient(t), "TestStreams$", "EVENTSTORE_INSECURE=false", "CLUSTER=true")
	results.want(t, 13, 8)
}

// TestGoClientSuitePopulated runs TestStreams and TestExpectations with one
// file exchanged: the one that starts containers. The databases are an empty
// one, and one that has the same events at the same positions as the one that
// the suite expects, as far as its own test data says what these are.
func TestGoClientSuitePopulated(t *testing.T) {
	skipUnlessAsked(t)
	client := copyClient(t)
	copyFile(t, "testdata/containers_test.go.txt", filepath.Join(client, "esdb", "containers_test.go"))
	empty := serve(t, newScratch(t), "127.0.0.1:0", esdbserver.Options{})
	addUsers(t, "esdb://"+empty+"?tls=false")
	populated := servePopulated(t, filepath.Join(client, "resources", "test"))
	results := runSuite(t, client, "TestStreams$|TestExpectations$", "SUITE_EMPTY="+empty, "SUITE_POPULATED="+populated)
	results.want(t, 25, 2)
}

// TestGoClientSuiteSecure runs TestStreams on one node with TLS and passwords,
// which adds the tests of both.
func TestGoClientSuiteSecure(t *testing.T) {
	skipUnlessAsked(t)
	client := copyClient(t)
	copyFile(t, "testdata/containers_test.go.txt", filepath.Join(client, "esdb", "containers_test.go"))
	encryption, _, own := certificate(t)
	copyFile(t, own, filepath.Join(client, "certs", "node", "node.crt"))
	_, other, _ := certificate(t)
	copyFile(t, other, filepath.Join(client, "certs", "untrusted-ca", "ca.crt"))
	address := serve(t, newScratch(t), "127.0.0.1:0", esdbserver.Options{Credentials: admin, TLS: encryption})
	address = strings.Replace(address, "127.0.0.1", "localhost", 1)
	addUsers(t, "esdb://admin:changeit@"+address+"?tlsVerifyCert=false")
	results := runSuite(t, client, "TestStreams$", "EVENTSTORE_INSECURE=false", "SUITE_EMPTY="+address)
	results.want(t, 24, 7)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// copyClient copies the client module out of the module cache, where nothing
// can be changed, with the versions that it is tested with.
func copyClient(t *testing.T) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", clientModule).Output()
	if err != nil {
		t.Fatalf("find the client module: %v", err)
	}
	directory := filepath.Join(t.TempDir(), "client")
	if err := os.CopyFS(directory, os.DirFS(strings.TrimSpace(string(output)))); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		if err == nil && !entry.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// results are the outcomes of tests without subtests, by name.
type results map[string]string

// want compares how many passed and were skipped, and that none failed.
func (r results) want(t *testing.T, passed, skipped int) {
	t.Helper()
	count := make(map[string]int)
	for _, name := range slices.Sorted(maps.Keys(r)) {
		t.Logf("%s %s", r[name], name)
		count[r[name]]++
	}
	t.Logf("%d passed, %d skipped, %d failed", count["pass"], count["skip"], count["fail"])
	if count["pass"] != passed || count["skip"] != skipped || count["fail"] != 0 {
		t.Errorf("want %d passed, %d skipped and none failed", passed, skipped)
	}
}

// runSuite runs tests of the client in a process of their own.
func runSuite(t *testing.T, client, tests string, environment ...string) results {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-json", "-run", tests, "./esdb")
	command.Dir = client
	command.Env = append(os.Environ(), append(environment, "GOFLAGS=-mod=mod", "GOWORK=off")...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	found := parseResults(t, stdout)
	err = command.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) || len(found) == 0 {
		t.Fatalf("run the client's tests: %v\n%s", err, stderr.String())
	}
	return found
}

// parseResults keeps the output of what fails, and leaves out tests that are
// made of others.
func parseResults(t *testing.T, output io.Reader) results {
	t.Helper()
	found := make(results)
	logs := make(map[string]*strings.Builder)
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		if logs[line.Test] == nil {
			logs[line.Test] = new(strings.Builder)
		}
		switch line.Action {
		case "output", "build-output":
			fmt.Fprint(logs[line.Test], line.Output)
		case "pass", "skip", "fail":
			found[line.Test] = line.Action
			if line.Action == "fail" {
				t.Logf("%s:\n%s", line.Test, logs[line.Test])
			}
		}
	}
	delete(found, "") // the package
	for name := range found {
		for parent := range found {
			if strings.HasPrefix(name, parent+"/") {
				delete(found, parent)
			}
		}
	}
	return found
}
