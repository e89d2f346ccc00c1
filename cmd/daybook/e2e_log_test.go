package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// pipedLog is the standard error of a server, read as far as the line that says
// where it listens.
type pipedLog struct {
	*bufio.Reader
	io.Closer
}

// serveInto starts a server whose standard error is a pipe that the test reads.
func serveInto(t *testing.T) (*server, pipedLog) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	command := exec.Command(daybook(t), "serve", "--listen", "127.0.0.1:0", "--callback-from", "127.0.0.0/8", "--data", data)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), secretsSetting, tokensSetting}, eventstoreSettings(data)...)
	command.Stderr = writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	p := &process{t: t, command: command, stdout: newTranscript(), stderr: newTranscript(), exited: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.kill()
		reader.Close()
	})
	log := pipedLog{bufio.NewReader(reader), reader}
	for p.stderr.String() == "" || !strings.Contains(p.stderr.String(), "daybook is listening") {
		line, err := log.ReadString('\n')
		if err != nil {
			t.Fatalf("the server does not listen: %v\n%s", err, p.stderr)
		}
		_, _ = p.stderr.Write([]byte(line))
	}
	s := &server{process: p, client: newClient(t, p.awaitAddress()), data: data}
	s.awaitStatus("/readyz/reads", 200)
	return s, log
}

// TestServerOutlivesTheReaderOfItsLog closes the other end of standard error.
func TestServerOutlivesTheReaderOfItsLog(t *testing.T) {
	t.Parallel()
	s, log := serveInto(t)
	log.Close()
	for i := range 5 {
		if a := s.request("POST", "/callbacks/coinbase?secret=wrong", "", "x"); a.status != 401 {
			t.Fatalf("refused request %d is answered %d", i, a.status)
		}
		if o := s.record(completedOrder(fmt.Sprintf("GONE%d", i), "zoe", 100)); o.Outcome != "recorded" {
			t.Fatalf("callback %d is %s", i, o.Outcome)
		}
	}
	s.await(`daybook_log_lines_dropped_total [1-9]`)
	if code := s.terminate(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// await waits for a line of the metrics.
func (s *server) await(line string) {
	s.t.Helper()
	wanted := regexp.MustCompile("(?m)^" + line)
	deadline := time.Now().Add(patience)
	for !wanted.MatchString(s.request("GET", "/metrics", "", "").body) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the metrics never have %s", line)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestFullPipeOfTheLogStopsNobody fills standard error, which nobody reads, then
// reads it: lines are whole, and one says how many are missing.
func TestFullPipeOfTheLogStopsNobody(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s, log := serveInto(t)
	const refused = 12_000
	for i := range refused {
		if a := s.request("POST", "/callbacks/coinbase?secret=wrong", "", "x"); a.status != 401 {
			t.Fatalf("refused request %d is answered %d", i, a.status)
		}
	}
	if o := s.record(completedOrder("FULL", "zoe", 100)); o.Outcome != "recorded" {
		t.Fatalf("with a full pipe a callback is %s", o.Outcome)
	}
	s.await(`daybook_log_lines_dropped_total [1-9]`)
	read := make(chan string)
	go func() {
		text, _ := io.ReadAll(log)
		read <- string(text)
	}()
	s.record(completedOrder("AGAIN", "zoe", 100))
	if code := s.terminate(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	lines, missing := 0, 0
	for line := range strings.Lines(<-read) {
		var said struct {
			Message string `json:"msg"`
			Lines   int    `json:"lines"`
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Fatalf("not a whole line: %q", line)
		}
		if strings.HasPrefix(said.Message, "lines of the log were dropped") {
			missing += said.Lines
		} else if said.Message == "callback" {
			lines++
		}
	}
	if missing == 0 || lines+missing != refused+2 {
		t.Errorf("of %d callbacks %d have a line, and %d are said to be missing", refused+2, lines, missing)
	}
}

// TestServerStopsWhileItsLogIsFull terminates a server that nobody reads from.
func TestServerStopsWhileItsLogIsFull(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s, _ := serveInto(t)
	for range 400 {
		s.request("POST", "/callbacks/coinbase?secret=wrong", "", "x")
	}
	if code := s.terminate(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// TestReaderOfACommandMayHaveEnough reads one line of replay and goes away.
func TestReaderOfACommandMayHaveEnough(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	for i := range 2000 {
		s.record(completedOrder(fmt.Sprintf("HEAD%d", i), "zoe", 100))
	}
	settings := append(eventstoreSettings(s.data), "PATH="+os.Getenv("PATH"))
	command := exec.Command("bash", "-c", `"$1" replay --data "$2" | head -1 >/dev/null; exit ${PIPESTATUS[0]}`, "bash", daybook(t), s.data)
	command.Env = settings
	if out, err := command.CombinedOutput(); err != nil || len(out) != 0 {
		t.Errorf("replay | head: %v\n%s", err, out)
	}
}

// TestEachCallbackHasALine posts one of each outcome.
func TestEachCallbackHasALine(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	paid := completedOrder("LINE", "zoe", 100)
	for _, c := range []struct{ body, outcome, category string }{
		{paid, "recorded", "order"}, {paid, "duplicate", "order"}, {completedOrder("LINE", "bobby", 100), "held", "order"},
		{`{"customer":{}}`, "quarantined", "quarantine"}, {deposit(markedAddress, "ab", "0.5"), "held", "address"},
	} {
		a := s.request("POST", callbackPath, "", c.body)
		s.checkLine(a.header.Get("X-Request-Id"), map[string]any{"level": "INFO", "msg": "callback", "outcome": c.outcome, "category": c.category, "status": 200.0})
	}
	a := s.request("POST", "/callbacks/coinbase?secret=wrong", "", paid)
	s.checkLine(a.header.Get("X-Request-Id"), map[string]any{"level": "WARN", "msg": "callback", "outcome": "refused", "status": 401.0})
	strict := start(t, options{from: "54.243.226.26"})
	a = strict.request("POST", callbackPath, "", paid)
	strict.checkLine(a.header.Get("X-Request-Id"), map[string]any{"level": "WARN", "msg": "callback", "outcome": "refused", "status": 403.0, "source": "127.0.0.1"})
	for _, log := range []string{s.stderr.String(), strict.stderr.String()} {
		if regexp.MustCompile(`LINE|zoe|bobby|` + markedAddress).MatchString(log) {
			t.Errorf("an id is in the log:\n%s", log)
		}
	}
}

// checkLine waits for the line of a request.
func (s *server) checkLine(request string, want map[string]any) {
	s.t.Helper()
	line, ok := s.stderr.await(patience, request)
	var got map[string]any
	if !ok || json.Unmarshal([]byte(line), &got) != nil {
		s.t.Fatalf("request %s has no line:\n%s", request, s.stderr)
	}
	for key, value := range want {
		if got[key] != value {
			s.t.Errorf("%s is %v, not %v: %s", key, got[key], value, line)
		}
	}
	if text, _ := got["duration"].(string); text == "" {
		s.t.Errorf("no duration as text: %s", line)
	} else if took, err := time.ParseDuration(text); err != nil || took <= 0 {
		s.t.Errorf("duration %q: %v", text, err)
	}
}

// TestErrorsAreLoggedAsErrors keeps errors from being logged as texts under keys
// that the log's handler does not look at.
func TestErrorsAreLoggedAsErrors(t *testing.T) {
	inTree(t)
	levels := map[string]bool{"Debug": true, "Info": true, "Warn": true, "Error": true, "Log": true, "LogAttrs": true, "With": true}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		parsed, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !levels[method.Sel.Name] || !isLogger(method.X) {
				return true
			}
			for _, argument := range call.Args {
				ast.Inspect(argument, func(n ast.Node) bool {
					if text, ok := n.(*ast.CallExpr); ok && len(text.Args) == 0 {
						if of, ok := text.Fun.(*ast.SelectorExpr); ok && of.Sel.Name == "Error" {
							t.Errorf("%s logs the text of an error: log the error", files.Position(text.Pos()))
						}
					}
					return true
				})
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func isLogger(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "logger"
	case *ast.SelectorExpr:
		return x.Sel.Name == "logger"
	}
	return false
}
