package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"daybook/domain/ident"

	"github.com/gorilla/mux"
)

// methods are the handlers of one path.
type methods map[string]handler

// paths is the table of routes, which openapi.yaml describes.
func (s *Server) paths() map[string]methods {
	return map[string]methods{
		"/callbacks/coinbase":      {http.MethodPost: s.coinbaseCallback},
		"/balances/{user}":         {http.MethodGet: s.require(s.getBalances, Website, Auditor)},
		"/balances/{user}/entries": {http.MethodGet: s.require(s.getEntries, Website, Auditor)},
		"/orders/{id}":             {http.MethodGet: s.require(s.getOrder, Website, Auditor)},
		"/addresses/{address}":     {http.MethodPut: s.require(s.putAddress, Website)},
		"/streams/{stream}":        {http.MethodGet: s.require(s.getStream, Auditor)},
		"/healthz":                 {http.MethodGet: s.healthz},
		"/readyz":                  {http.MethodGet: s.readyz},
		"/readyz/reads":            {http.MethodGet: s.readyzReads},
		"/metrics":                 {http.MethodGet: s.metrics.expose()},
		"/openapi.yaml":            {http.MethodGet: getOpenAPI},
		"/problems/{name}":         {http.MethodGet: getProblem},
	}
}

// routes makes the router. It matches the path as it was sent, so that an
// encoded slash stays a part of its segment, and never redirects: to the
// sender of a callback a redirect is a failure.
//
// It fills in s.fixed too, where a path without variables is found at once: the
// router tries one regular expression after the other, in the order of the
// paths.
func (s *Server) routes() *mux.Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	s.fixed = make(map[string]http.HandlerFunc)
	paths := s.paths()
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		h := s.serve(path, paths[path].dispatch)
		router.HandleFunc(path, h)
		if !strings.Contains(path, "{") {
			s.fixed[path] = h
		}
	}
	router.NotFoundHandler = s.serve("unknown", func(*call, *http.Request) error {
		return notFound.problem("There is no such route. /openapi.yaml lists them.", nil)
	})
	return router
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
