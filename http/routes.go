package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/http/callback"
	"daybook/projections/find"
	"daybook/projections/local"

	"github.com/gorilla/mux"
)

// route is a row of the table of routes.
type route struct {
	path    string
	methods methods
}

// methods are the handlers of one path.
type methods map[string]handler

// routes is the table of routes, which openapi.yaml describes. The router tries
// them in this order, so the busiest come first. Callbacks, health and metrics
// ignore their query: merchants put parameters of their own into callback URLs, and
// a callback that is refused is lost in the end.
func (s *Server) routes(c Config) []route {
	g := s.guard
	balance := balanceRoutes{c.Balances, c.BalancesProjection}
	order := orderRoutes{c.Orders, c.OrdersProjection, s.changes, heartbeat}
	list := orderListRoutes{c.Waiting, c.WaitingProjection, s.changes.ended}
	listOrders := query(list.get, "user", "status", "reference", "before", "changed_after", "wait", "limit", "min_position")
	registration := registrationRoutes{c.Ledger}
	address := addressRoutes{c.Ledger}
	stream := streamRoutes{c.Store}
	loss := lossRoutes{c.Store, s.front.now}
	health := healthRoutes{c.Store, c.Projections, patience}
	finder := findRoutes{find.Finder{Log: c.Store, Lookup: c.Waiting}, c.WaitingProjection}
	return slices.Concat(s.callbackRoutes(c), []route{
		{"/balances/{user}", methods{http.MethodGet: g.require(query(balance.get, "min_position"), Website, Auditor)}},
		{"/orders/{id}", methods{
			http.MethodGet: g.require(query(order.get, "min_position"), Website, Auditor),
			http.MethodPut: g.require(query(registration.put, "dry_run"), Website),
		}},
		{"/orders/{id}/changes", methods{http.MethodGet: g.stream(query(order.changes), Website, Auditor)}},
		{"/balances/{user}/entries", methods{http.MethodGet: g.require(query(balance.entries, "limit", "cursor", "min_position"), Website, Auditor)}},
		{"/orders", methods{http.MethodGet: waits(g.stream(listOrders, Website, Auditor), g.require(listOrders, Website, Auditor))}},
		{"/addresses/{address}", methods{http.MethodPut: g.require(query(address.put), Website)}},
		{"/streams/{stream}", methods{http.MethodGet: g.require(query(stream.get, "from", "limit"), Auditor)}},
		{"/find", methods{http.MethodGet: g.require(query(finder.get, "q", "min_position"), Website, Auditor)}},
		{"/healthz", methods{http.MethodGet: health.alive}},
		{"/readyz", methods{http.MethodGet: health.ready}},
		{"/readyz/reads", methods{http.MethodGet: health.readyReads}},
		{"/metrics", methods{http.MethodGet: s.front.metrics.expose()}},
		{"/", methods{http.MethodGet: query(getRoot)}},
		{"/openapi.yaml", methods{http.MethodGet: query(getOpenAPI)}},
		{"/problems/{name}", methods{http.MethodGet: query(getProblem)}},
		{"/log/loss-acceptance", methods{http.MethodPost: g.require(query(loss.accept))}},
	}, s.reviewTable(c), worklistTable(g, c))
}

// reviewTable has the routes by which people decide. An operator alone may.
func (s *Server) reviewTable(c Config) []route {
	g := s.guard
	list := worklistRoutes{local.Review.Name, c.Waiting, c.WaitingProjection}
	review := reviewRoutes{list, c.Waiting, c.WaitingProjection, c.Ledger, newStoryReader(c.Store, c.Formats)}
	refund := refundRoutes{c.Ledger}
	const refundPath = "/orders/{id}/refunds/{refund}"
	return []route{
		{"/review", methods{http.MethodGet: g.require(query(review.page, "reason", "limit", "cursor", "min_position"), Auditor)}},
		{"/review/{item}", methods{http.MethodGet: g.require(query(review.one, "min_position"), Auditor)}},
		{"/review/{item}/decision", methods{http.MethodPut: g.require(query(review.decide, "dry_run", "min_position"))}},
		{"/review/{item}/reversal", methods{http.MethodPost: g.require(query(review.reverse, "dry_run", "min_position"))}},
		{"/review/{item}/refund", methods{http.MethodDelete: g.require(query(review.withdraw))}},
		{"/review/{item}/refund/sent", methods{http.MethodPut: g.require(query(review.sent))}},
		{refundPath, methods{
			http.MethodGet:    g.require(query(refund.get), Website, Auditor),
			http.MethodPut:    g.require(query(refund.put, "dry_run")),
			http.MethodDelete: g.require(query(refund.remove)),
		}},
		{refundPath + "/sent", methods{http.MethodPut: g.require(query(refund.sent))}},
	}
}

// callbackRoutes are one for each format that has a path. Each has a room of its own, so that strangers
// at a route that reads the body first keep nothing out of the others.
func (s *Server) callbackRoutes(c Config) []route {
	var table []route
	for _, format := range c.Formats {
		if format.Path == "" {
			continue
		}
		room := make(callback.Room, maxReceiving)
		s.receiving = append(s.receiving, room)
		receiver := &callback.Receiver{
			Format: format, Ledger: c.Ledger, Room: room, Now: s.front.now,
			Arrived: func(r *http.Request) { c.Connections.received(r.RemoteAddr) },
		}
		table = append(table, route{callbackPrefix + format.Path, methods{http.MethodPost: callbackRoutes{receiver, s.front.metrics}.post}})
	}
	return table
}

// newRouter makes the router. It matches the path as it was sent, so that an
// encoded slash stays a part of its segment, and never redirects: to the sender of
// a callback a redirect is a failure.
func newRouter(f *front, table []route) *mux.Router {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	for _, r := range table {
		router.HandleFunc(r.path, f.serve(r.path, r.methods.dispatch))
	}
	router.NotFoundHandler = f.serve("unknown", func(*call, *http.Request) error {
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
