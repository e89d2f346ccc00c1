package httpapi

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/gorilla/mux"
)

// TestAPlainPathHasTheRouteOfTheRouter asks both for the same paths: every route
// with different segments, as it is and with one more behind it.
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
	found := make(map[string]bool)
	check := func(path string) {
		target, err := url.ParseRequestURI(path)
		if err != nil {
			return // no server gets this
		}
		h, open, ok := s.plain.find(target)
		if !ok {
			return // it is left to the router
		}
		h(nil, nil, open)
		found[route] = true
		var match mux.RouteMatch
		if !router.Match(&http.Request{Method: http.MethodGet, URL: target}, &match) || match.Route == nil {
			t.Errorf("%s is %s, but not to the router", path, route)
			return
		}
		want, _ := match.Route.GetPathTemplate()
		if _, name, _ := parts(want); route != want || segment != match.Vars[name] {
			t.Errorf("%s is %s with %q, to the router %s with %q", path, route, segment, want, match.Vars[name])
		}
	}
	segments := []string{
		"u1", "entries", "reads", "coinbase", "", ".", "..", "a%20b", "a%2Fb", "%41", "ä", "a:b", "{user}", "*", "a;b", "~._-", "%",
	}
	for path := range s.paths() {
		before, _, behind := parts(path)
		for _, open := range segments {
			check(before + open + behind)
			for _, more := range segments {
				check(before + open + behind + "/" + more)
			}
		}
	}
	if len(found) < len(s.paths()) {
		t.Errorf("of %d routes %d were found", len(s.paths()), len(found))
	}
}
