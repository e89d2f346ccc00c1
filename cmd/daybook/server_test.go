package main_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	daybookmain "daybook/cmd/daybook"
)

// TestServerAnswersBecomeErrorsThatSayWhatToDo asks servers that answer badly.
func TestServerAnswersBecomeErrorsThatSayWhatToDo(t *testing.T) {
	const problem = `{"title":"Not here","detail":"Because.","request_id":"R1"}`
	for name, c := range map[string]struct {
		status       int
		header, body string
		says         []string // none: no error
	}{
		"an answer":           {200, "", `{"ok":true}`, nil},
		"a wrong token":       {401, "", problem, []string{"401: Not here: Because.", "DAYBOOK_TOKEN is the secret of none of the server's tokens"}},
		"a token of another":  {403, "", problem, []string{"403: Not here: Because.", "DAYBOOK_TOKEN", "another role"}},
		"nothing there":       {404, "", problem, []string{"404: Not here: Because."}},
		"later":               {503, "Retry-After: 7", problem, []string{"503: Not here: Because.", "try again in 7 s"}},
		"a fault":             {500, "", problem, []string{"500: Not here", "the request is R1"}},
		"another address":     {308, "Location: /elsewhere", "", []string{"sends on to /elsewhere", "--server or DAYBOOK_SERVER"}},
		"another program":     {200, "", "<html>", []string{"is no daybook", "200 OK", "--server or DAYBOOK_SERVER"}},
		"an error of a proxy": {502, "", "Bad Gateway", []string{"is no daybook", "502 Bad Gateway"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DAYBOOK_TOKEN", "operator:alice:"+operatorSecret)
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.Header.Get("Authorization") != "Bearer "+operatorSecret || r.URL.EscapedPath() != "/prefix/find/a%2Fb" || r.URL.RawQuery != "q=x+y" {
					t.Errorf("asked for %s with %v", r.URL, r.Header)
				}
				if name, value, ok := strings.Cut(c.header, ": "); ok {
					w.Header().Set(name, value)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			var answer struct {
				OK bool `json:"ok"`
			}
			err := daybookmain.Get(t.Context(), server.URL+"/prefix", "/find/a%2Fb", map[string][]string{"q": {"x y"}}, &answer)
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if c.says == nil && (err != nil || !answer.OK) {
				t.Errorf("got %+v and error %v", answer, err)
			}
			for _, part := range c.says {
				if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), operatorSecret) {
					t.Errorf("got error %v without %q", err, part)
				}
			}
		})
	}
	get := func(url string) error {
		return daybookmain.Get(t.Context(), url, "/", nil, new(struct{}))
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	t.Setenv("DAYBOOK_TOKEN", operatorSecret)
	if err := get(closed.URL); err == nil || !strings.Contains(err.Error(), "daybook serve") || !strings.Contains(err.Error(), "--server or DAYBOOK_SERVER") {
		t.Errorf("without a server: %v", err)
	}
	t.Setenv("DAYBOOK_TOKEN", "")
	t.Setenv("DAYBOOK_TOKEN_FILE", secretFile(t, operatorSecret+"\n"))
	if err := get(closed.URL); err == nil || !strings.Contains(err.Error(), "daybook serve") {
		t.Errorf("with a token in a file: %v", err)
	}
	t.Setenv("DAYBOOK_TOKEN_FILE", "")
	t.Setenv("DAYBOOK_TOKEN", "a,b")
	if err := get(closed.URL); err == nil || !strings.Contains(err.Error(), "several tokens") {
		t.Errorf("with two tokens: %v", err)
	}
	t.Setenv("DAYBOOK_TOKEN", "")
	if err := get(closed.URL); err == nil || !strings.Contains(err.Error(), "DAYBOOK_TOKEN_FILE") {
		t.Errorf("without a token: %v", err)
	}
}

// TestSimulateTakesTheTokenOfOtherCommands reads balances with it.
func TestSimulateTakesTheTokenOfOtherCommands(t *testing.T) {
	anyLog(t)
	t.Parallel()
	s := start(t, options{})
	code, p := simulate(t, []string{secretsSetting, "DAYBOOK_TOKEN=" + auditorSecret}, "--server", "http://"+s.address, "--orders", "50")
	if code != 0 || !strings.Contains(p.line("balances"), "exact") {
		t.Errorf("simulate ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
}
