package httpapi

import (
	"net/http"
	"slices"
	"strings"

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
func (s *Server) routes() *mux.Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	for path, handlers := range s.paths() {
		router.HandleFunc(path, s.serve(path, handlers.dispatch))
	}
	router.NotFoundHandler = s.serve("unknown", func(http.ResponseWriter, *http.Request) error {
		return notFound.problem("There is no such route. /openapi.yaml lists them.", nil)
	})
	return router
}

// dispatch calls the handler of the request's method. HEAD is GET, of which
// the server leaves the body out.
func (m methods) dispatch(w http.ResponseWriter, r *http.Request) error {
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
