package httpapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/mux"
	"pgregory.net/rapid"
)

// TestAPlainPathHasTheRouteOfTheRouter asks both for the same paths.
func TestAPlainPathHasTheRouteOfTheRouter(t *testing.T) {
	s := new(Server).withoutMetrics()
	router := s.routes()
	var route, segment string
	for path := range s.paths() {
		before, _, behind := parts(path)
		s.plain[plainRoute{before, behind}] = func(_ http.ResponseWriter, _ *http.Request, open string) {
			route, segment = path, open
		}
	}
	words := []string{
		"balances", "entries", "orders", "addresses", "streams", "healthz", "readyz", "reads", "metrics", "openapi.yaml",
		"problems", "callbacks", "coinbase", "", "u1", ".", "..", "a%20b", "a%2Fb", "%41", "ä", "a:b", "{user}", "*", "a;b",
	}
	found := make(map[string]bool)
	rapid.Check(t, func(t *rapid.T) {
		path := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(t, "segments"), "/")
		target, err := url.ParseRequestURI(path)
		if err != nil {
			t.Skip("no server gets this")
		}
		h, open, ok := s.plain.find(target)
		if !ok {
			return // it is left to the router
		}
		h(nil, nil, open)
		found[route] = true
		var match mux.RouteMatch
		if !router.Match(&http.Request{Method: http.MethodGet, URL: target}, &match) || match.Route == nil {
			t.Fatalf("%s is %s, but not to the router", path, route)
		}
		want, _ := match.Route.GetPathTemplate()
		if _, name, _ := parts(want); route != want || segment != match.Vars[name] {
			t.Errorf("%s is %s with %q, to the router %s with %q", path, route, segment, want, match.Vars[name])
		}
	})
	if len(found) < len(s.paths())/2 {
		t.Errorf("only %d routes were found", len(found))
	}
}
