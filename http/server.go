// Package httpapi is the program's HTTP interface: callbacks come in, the
// website and auditors read. It knows the routes, who may use them, and how
// errors are answered; what a callback means is for the packages in callback,
// and what becomes of it for the ledger.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/http/callback"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/orders"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
)

// Balances is the read model of balances.
type Balances interface {
	Balance(ctx context.Context, user string) (balances.Balance, error)
	Entries(ctx context.Context, user string, before uint64, limit int) (balances.Page, error)
}

// Orders is the read model of orders.
type Orders interface {
	Order(ctx context.Context, id order.ID) (orders.Order, error)
}

// Config is what a server is made of. All of it is needed but Connections and
// Collectors.
type Config struct {
	Ledger             *recorder.Recorder
	Store              eventstore.Store
	Balances           Balances
	BalancesProjection *follow.Projection
	Orders             Orders
	OrdersProjection   *follow.Projection

	Waiting           *local.Model // worklists and lookup
	WaitingProjection *follow.Projection

	// Projections are those that reads depend on: health tells of them, and metrics of all.
	Projections []*follow.Projection

	Formats     []*callback.Format // of callbacks
	Tokens      Tokens
	Connections *Connections // whose listener serves; nil if nothing bounds them
	Logger      *slog.Logger
	Collectors  []prometheus.Collector // of others, to be exposed with the server's own
}

// Server answers requests. It is an http.Handler.
type Server struct {
	front     *front
	guard     *guard
	receiving []callback.Room // of the routes, in their order
	changes   *changes
	table     []route
	router    *mux.Router
}

// NewServer makes a server.
func NewServer(c Config) *Server {
	m := newMetrics(append(slices.Clone(c.Projections), c.WaitingProjection), c.Collectors...)
	s := &Server{
		front:   &front{metrics: m, logger: c.Logger, now: time.Now},
		guard:   newGuard(c.Connections),
		changes: newChanges(c.Store, c.BalancesProjection, c.Logger),
	}
	s.SetTokens(c.Tokens)
	s.table = s.routes(c)
	s.router = newRouter(s.front, s.table)
	return s
}

// SetTokens replaces the tokens of the configuration. Requests that have been let in go
// on.
func (s *Server) SetTokens(tokens Tokens) { s.guard.tokens.Store(&tokens) }

// FollowChanges tells the streams of orders what happens in the log, until ctx ends.
// Then they end. It is called once.
func (s *Server) FollowChanges(ctx context.Context) { s.changes.run(ctx) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.router.ServeHTTP(w, withEncodedPath(r))
}
