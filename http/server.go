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
	"sync/atomic"
	"time"

	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
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
	Ledger             *ledger.Service
	Store              eventstore.Store
	Balances           Balances
	BalancesProjection *follow.Projection
	Orders             Orders
	OrdersProjection   *follow.Projection

	Waiting           *local.Model // worklists and lookup
	WaitingProjection *follow.Projection

	// Projections are those that reads depend on: health tells of them, and metrics of all.
	Projections []*follow.Projection

	Secrets     coinbasev1.Secrets
	Sources     callback.Sources
	Tokens      Tokens
	Connections *Connections // whose listener serves; nil if nothing bounds them
	Logger      *slog.Logger
	Collectors  []prometheus.Collector // of others, to be exposed with the server's own
}

// The bounds of how many requests run at once, and with them of the memory that
// bodies take until an answer is made; that of answers is in memory.go. Reads that wait for a read model
// which has come to a halt must not keep callbacks out, so that each kind has its
// own.
const (
	maxReceiving    = 1024
	maxReading      = 256
	maxReadingToken = maxReading / 2 // of one token
)

// Server answers requests. It is an http.Handler.
type Server struct {
	ledger             *ledger.Service
	store              eventstore.Store
	balances           Balances
	balancesProjection *follow.Projection
	orders             Orders
	ordersProjection   *follow.Projection
	projections        []*follow.Projection
	waiting            *local.Model
	waitingProjection  *follow.Projection
	access             atomic.Pointer[access]
	sources            callback.Sources
	connections        *Connections
	memory             *memory // of answers that are not written
	logger             *slog.Logger
	now                func() time.Time
	metrics            *metrics
	receiving          slots         // of callbacks
	reading            *reading      // requests with a role
	wait               time.Duration // for min_position
	recording          deadlines     // for the log to take a callback
	patience           deadlines     // for the log and the read models to answer others
	router             *mux.Router
	plain              plainRoutes // the router's, for paths without anything encoded
}

// NewServer makes a server.
func NewServer(c Config) *Server {
	s := &Server{
		ledger:             c.Ledger,
		store:              c.Store,
		balances:           c.Balances,
		balancesProjection: c.BalancesProjection,
		orders:             c.Orders,
		ordersProjection:   c.OrdersProjection,
		projections:        c.Projections,
		waiting:            c.Waiting,
		waitingProjection:  c.WaitingProjection,
		sources:            c.Sources,
		connections:        c.Connections,
		memory:             newMemory(),
		logger:             c.Logger,
		now:                time.Now,
		metrics:            newMetrics(append(slices.Clone(c.Projections), c.WaitingProjection), c.Collectors...),
		receiving:          make(slots, maxReceiving),
		reading:            newReading(maxReading, maxReadingToken),
		wait:               maxWait,
		recording:          deadlines{after: recordTimeout},
		patience:           deadlines{after: 2 * maxWait},
	}
	s.SetAccess(c.Secrets, c.Tokens)
	s.router = s.routes()
	return s
}

// access is what a request is authenticated with.
type access struct {
	secrets coinbasev1.Secrets
	tokens  Tokens
}

// SetAccess replaces the secrets and tokens of the configuration. Requests that
// have been let in go on.
func (s *Server) SetAccess(secrets coinbasev1.Secrets, tokens Tokens) {
	s.access.Store(&access{secrets, tokens})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, segment, found := s.plain.find(r.URL); found {
		h(w, r, segment)
		return
	}
	s.router.ServeHTTP(w, withEncodedPath(r))
}
