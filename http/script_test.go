package httpapi

import (
	"daybook/domain/recorder"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	stdjson "encoding/json"
)

// TestScripts plays testdata/scripts/*.txt, each on a log of its own. A script
// is a sequence of exchanges:
//
//	=== what is shown, as a sentence
//	METHOD /path [as role] [from address]
//	Header: value
//
//	body
//	---
//	status
//	Header: value
//
//	body
//
// Lines with # between exchanges are remarks. In what is expected, * stands for
// any header, any JSON value or any body; "problem name" for a problem of that
// type; a header with the value - must be missing. A JSON text "$name" stands for any
// text the first time, and for the same text from then on, in requests too. A script
// whose name begins with hold- runs with --unregistered hold.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, wiring{policy: recorder.Policy{HoldUnregistered: strings.HasPrefix(name, "hold-")}})
			known := make(names)
			for _, section := range strings.Split("\n"+string(text), "\n=== ")[1:] {
				e := parseExchange(t, known.expand(section))
				t.Run(e.name, func(t *testing.T) {
					w.TB = t
					e.play(w, known)
				})
			}
		})
	}
}

// exchange is one request and what is expected.
type exchange struct {
	name     string
	request  []string // words of the request line
	header   [][2]string
	body     string
	status   int
	expected [][2]string // headers
	answer   string
}

func parseExchange(t *testing.T, section string) exchange {
	t.Helper()
	name, rest, _ := strings.Cut(section, "\n")
	var kept []string
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "#") {
			kept = append(kept, line)
		}
	}
	sent, expected, found := strings.Cut(strings.Join(kept, ""), "---\n")
	if !found {
		t.Fatalf("%q has no ---", name)
	}
	e := exchange{name: name}
	first, fields, body := parseMessage(sent)
	e.request, e.header, e.body = strings.Fields(first), fields, body
	first, e.expected, e.answer = parseMessage(expected)
	var err error
	if e.status, err = strconv.Atoi(first); err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return e
}

func parseMessage(text string) (first string, fields [][2]string, body string) {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		fields = append(fields, [2]string{name, value})
	}
	return lines[0], fields, strings.TrimSpace(body)
}

// names are the texts that $names stand for.
type names map[string]string

func (n names) expand(text string) string {
	for name, value := range n {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

func (e exchange) play(w *world, known names) {
	w.Helper()
	r := httptest.NewRequest(e.request[0], e.request[1], strings.NewReader(e.body))
	r.RemoteAddr = coinbase + ":4711"
	for i := 2; i+1 < len(e.request); i += 2 {
		switch e.request[i] {
		case "as":
			r.Header.Set("Authorization", "Bearer "+tokens[Role(e.request[i+1])])
		case "from":
			r.RemoteAddr = e.request[i+1]
		}
	}
	for _, field := range e.header {
		r.Header.Add(field[0], field[1])
	}
	if e.request[0] == http.MethodGet {
		w.settle()
	}
	a := w.do(r)
	if a.Status != e.status {
		w.Errorf("status %d, expected %d", a.Status, e.status)
	}
	for _, field := range e.expected {
		value := a.Header.Get(field[0])
		if value != field[1] && (field[1] != "*" || value == "") && (field[1] != "-" || value != "") {
			w.Errorf("header %s is %q, expected %q", field[0], value, field[1])
		}
	}
	if err := known.matchBody(e.answer, string(a.Body)); err != nil {
		w.Errorf("%v\n%s", err, a.Body)
	}
}

func (n names) matchBody(expected, body string) error {
	if expected == "*" {
		return nil
	}
	if kind, ok := strings.CutPrefix(expected, "problem "); ok {
		expected = `{"type":"/problems/` + kind + `","title":"*","status":"*","detail":"*","request_id":"*"}`
	}
	if !strings.HasPrefix(expected, "{") {
		if strings.TrimSpace(body) != expected {
			return fmt.Errorf("the body is not %q", expected)
		}
		return nil
	}
	var want, got any
	if err := stdjson.Unmarshal([]byte(expected), &want); err != nil {
		return fmt.Errorf("the script: %w", err)
	}
	if err := stdjson.Unmarshal([]byte(body), &got); err != nil {
		return err
	}
	return n.matchJSON("", want, got)
}

func (n names) matchJSON(path string, want, got any) error {
	if want == "*" {
		return nil
	}
	if name, isText := want.(string); isText && strings.HasPrefix(name, "$") {
		text, isText := got.(string)
		if !isText {
			return fmt.Errorf("%s is no text", path)
		}
		n[name] = text
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is no object", path)
		}
		for name := range g {
			if _, listed := w[name]; !listed {
				return fmt.Errorf("%s.%s is not expected", path, name)
			}
		}
		for name := range w {
			if _, there := g[name]; !there {
				return fmt.Errorf("%s.%s is missing", path, name)
			}
			if err := n.matchJSON(path+"."+name, w[name], g[name]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Errorf("%s is not a list of %d", path, len(w))
		}
		for i := range w {
			if err := n.matchJSON(fmt.Sprintf("%s[%d]", path, i), w[i], g[i]); err != nil {
				return err
			}
		}
		return nil
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("%s is %v, expected %v", path, got, want)
	}
	return nil
}
