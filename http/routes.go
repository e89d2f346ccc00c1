package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/projections/find"
	"daybook/projections/local"

	"github.com/gorilla/mux"
)

// methods are the handlers of one path.
type methods map[string]handler

// paths is the table of routes, which openapi.yaml describes. Callbacks, health
// and metrics ignore their query: merchants put parameters of their own into
// callback URLs, and a callback that is refused is lost in the end.
func (s *Server) paths() map[string]methods {
	worklist := func(list string) worklistRoutes { return worklistRoutes{s, list, s.waiting, s.waitingProjection} }
	finder := findRoutes{s, find.Finder{Log: s.store, Lookup: s.waiting}, s.waitingProjection}
	return map[string]methods{
		"/":                        {http.MethodGet: query(getRoot)},
		"/callbacks/coinbase":      {http.MethodPost: s.coinbaseCallback},
		"/balances/{user}":         {http.MethodGet: s.require(query(s.getBalances, "min_position"), Website, Auditor)},
		"/balances/{user}/entries": {http.MethodGet: s.require(query(s.getEntries, "limit", "cursor", "min_position"), Website, Auditor)},
		"/orders/{id}":             {http.MethodGet: s.require(query(s.getOrder, "min_position"), Website, Auditor)},
		"/addresses/{address}":     {http.MethodPut: s.require(query(s.putAddress), Website)},
		"/streams/{stream}":        {http.MethodGet: s.require(query(s.getStream, "from", "limit"), Auditor)},
		"/review":                  {http.MethodGet: s.require(query(worklist(local.Review.Name).get, "reason", "limit", "cursor", "min_position"), Auditor)},
		"/quarantine":              {http.MethodGet: s.require(query(worklist(local.Quarantine.Name).get, "reason", "limit", "cursor", "min_position"), Auditor)},
		"/find":                    {http.MethodGet: s.require(query(finder.get, "q", "min_position"), Website, Auditor)},
		"/log/loss-acceptance":     {http.MethodPost: s.require(query(s.postLossAcceptance))},
		"/healthz":                 {http.MethodGet: s.healthz},
		"/readyz":                  {http.MethodGet: s.bounded(s.readyz)},
		"/readyz/reads":            {http.MethodGet: s.readyzReads},
		"/metrics":                 {http.MethodGet: s.metrics.expose()},
		"/openapi.yaml":            {http.MethodGet: query(getOpenAPI)},
		"/problems/{name}":         {http.MethodGet: query(getProblem)},
	}
}

// routed answers a request whose route is known. The segment is the part of the
// path that the route leaves open, percent-encoded as it was sent; no route has
// more than one.
type routed func(w http.ResponseWriter, r *http.Request, segment string)

// routes makes the router. It matches the path as it was sent, so that an
// encoded slash stays a part of its segment, and never redirects: to the
// sender of a callback a redirect is a failure.
func (s *Server) routes() *mux.Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	s.plain = make(plainRoutes)
	paths := s.paths()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		h := s.serve(path, paths[path].dispatch)
		before, name, behind := parts(path)
		router.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { h(w, r, mux.Vars(r)[name]) })
		s.plain[plainRoute{before, behind}] = h
	}
	unknown := s.serve("unknown", func(*call, *http.Request) error {
		return notFound.problem("There is no such route. /openapi.yaml lists them.", nil)
	})
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { unknown(w, r, "") })
	return router
}

// parts splits a route at the segment that it leaves open, if there is one.
func parts(path string) (before, name, behind string) {
	before, rest, _ := strings.Cut(path, "{")
	name, behind, _ = strings.Cut(rest, "}")
	return before, name, behind
}

// plainRoutes finds the route of a path that nothing is encoded in. The router
// tries one regular expression after the other, which takes longer than all else
// that is done before a read model is asked.
type plainRoutes map[plainRoute]routed

// plainRoute is a route around the segment that it leaves open. One that leaves
// none open is all before it.
type plainRoute struct{ before, behind string }

func (p plainRoutes) find(u *url.URL) (h routed, segment string, found bool) {
	if u.RawPath != "" {
		return nil, "", false
	}
	if h, found = p[plainRoute{before: u.Path}]; found && (u.Path == "/" || !strings.HasSuffix(u.Path, "/")) { // with one, a segment is missing
		return h, "", true
	}
	_, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	segment, _, _ = strings.Cut(rest, "/")
	if segment == "" || ident.Escape(segment) != segment {
		return nil, "", false
	}
	h, found = p[plainRoute{before: strings.TrimSuffix(u.Path, rest), behind: rest[len(segment):]}]
	return h, segment, found
}

// withEncodedPath returns a request whose path is percent-encoded throughout.
// Where a client has left out one byte that needs it, net/url no longer tells
// an encoded slash from one that separates.
func withEncodedPath(r *http.Request) *http.Request {
	raw := r.URL.RawPath
	if raw == "" || raw == r.URL.EscapedPath() {
		return r
	}
	segments := strings.Split(raw, "/")
	for i, segment := range segments {
		text, err := ident.Unescape(segment)
		if err != nil {
			return r
		}
		segments[i] = ident.Escape(text)
	}
	encoded := r.WithContext(r.Context())
	encoded.URL = new(url.URL)
	*encoded.URL = *r.URL
	encoded.URL.RawPath = strings.Join(segments, "/")
	return encoded
}

// dispatch calls the handler of the request's method. HEAD is GET, of which
// the server leaves the body out.
func (m methods) dispatch(w *call, r *http.Request) error {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h, ok := m[method]; ok {
		return h(w, r)
	}
	var allowed []string
	for method := range m {
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	p := notAllowed.problem("Use "+strings.Join(allowed, " or ")+".", nil)
	p.allow = strings.Join(allowed, ", ")
	return p
}
