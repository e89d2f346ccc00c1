package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
	"daybook/http/callback/coinbasev1"
	"daybook/http/callback/hook0"
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/projectiontest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// canary is a part of every secret and of everything personal in these tests.
// No log line and no metric may ever have it.
const canary = "canary"

// The secrets of callbacks, of which one is about to replace the other, and the
// tokens by role.
const (
	secret    = "canary-secret"
	oldSecret = "canary-secret-of-last-year"
	target    = "/callbacks/coinbase?secret=" + secret

	checkoutSecret = "canary-checkout-secret"
	sandboxSecret  = "canary-sandbox-secret"
)

var tokens = map[Role]string{
	Website:  "canary-token-of-the-website",
	Auditor:  "canary-token-of-the-auditor",
	Operator: "canary-token-of-the-operator",
}

// coinbase is an address that Coinbase sends callbacks from.
const coinbase = "54.175.255.207"

// world is a server on real parts, with a log of its own.
type world struct {
	testing.TB
	store       *sqlitestore.Store
	projections []*follow.Projection
	waiting     *local.Model
	server      *Server
	connections *Connections // nil if nothing bounds them
	secret      *callback.URLSecret
	signatures  *checkouts.Signatures
	log         *journal
	stop        context.CancelFunc // ends the projections
	stopChanges context.CancelFunc // ends the streams of orders
	written     atomic.Uint64      // the last position that was answered
}

// wiring is how a world differs from the usual one.
type wiring struct {
	store          func(eventstore.Store) eventstore.Store // stands between the server and the log
	policy         recorder.Policy
	noProjections  bool // the read models are never filled
	allowLoopback  bool // for requests over a real connection
	bounded        bool // connections are, as listen returns them
	balancesReader func(Balances) Balances
}

func newWorld(t testing.TB, wired wiring) *world {
	t.Helper()
	w := &world{TB: t, log: new(journal), secret: new(callback.URLSecret), signatures: new(checkouts.Signatures)}
	var err error
	if w.store, err = sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	var store eventstore.Store = w.store
	if wired.store != nil {
		store = wired.store(store)
	}
	logger := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	balanceModel, orderModel := balances.NewMemory(), projectiontest.NewReferenceOrders()
	w.waiting = local.New(t.TempDir(), w.store, logger)
	options := follow.Options{Logger: logger}
	w.projections = []*follow.Projection{
		follow.New(balanceModel, w.store, options),
		follow.New(orderModel, w.store, options),
		follow.New(w.waiting, w.store, options),
	}
	sources := callback.Sources{
		Allowed: []netip.Prefix{netip.MustParsePrefix("54.175.255.192/27")},
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}
	if wired.allowLoopback {
		sources.Allowed = append(sources.Allowed, netip.MustParsePrefix("127.0.0.0/8"))
	}
	w.secret.Set(mustSecrets(t, secret, oldSecret))
	w.signatures.Set(mustSign(t, checkoutSecret), mustSign(t, sandboxSecret))
	config := Config{
		Ledger:             recorder.New(store, wired.policy),
		Store:              store,
		Balances:           balanceModel,
		BalancesProjection: w.projections[0],
		Orders:             orderModel,
		OrdersProjection:   w.projections[1],
		Projections:        w.projections[:2],
		Waiting:            w.waiting,
		WaitingProjection:  w.projections[2],
		Formats:            coinbaseFormats(sources, w.secret, w.signatures),
		Tokens:             mustTokens(t),
		Logger:             logger,
	}
	if wired.bounded {
		config.Connections = NewConnections(sources)
		w.connections = config.Connections
	}
	if wired.balancesReader != nil {
		config.Balances = wired.balancesReader(balanceModel)
	}
	w.server = NewServer(config)
	w.run(!wired.noProjections)
	return w
}

// run starts the projections, and ends everything when the test does. Then it
// looks for canaries.
func (w *world) run(projecting bool) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	w.stop = cancel
	var running sync.WaitGroup
	var following context.Context
	following, w.stopChanges = context.WithCancel(ctx)
	running.Go(func() { w.server.FollowChanges(following) })
	if projecting {
		for _, p := range w.projections {
			running.Go(func() { _ = p.Run(ctx) })
		}
		for _, p := range w.projections {
			for p.Ready(time.Hour) != nil {
				runtime.Gosched()
			}
		}
	}
	t := w.TB // a subtest may have taken its place
	w.Cleanup(func() {
		w.TB = t
		metrics := w.metrics()
		cancel()
		running.Wait()
		if err := errors.Join(w.store.Close(), w.waiting.Close()); err != nil {
			w.Error(err)
		}
		w.log.checkCanaries(w)
		if strings.Contains(strings.ToLower(metrics), canary) {
			w.Errorf("a metric has something secret or personal:\n%s", metrics)
		}
	})
}

// coinbaseFormats are the formats of these tests. Webhooks come from anywhere.
func coinbaseFormats(sources callback.Sources, secret *callback.URLSecret, signatures *checkouts.Signatures) []*callback.Format {
	anywhere := callback.Sources{Allowed: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Trusted: sources.Trusted}
	return []*callback.Format{coinbasev1.Format(sources, secret), checkouts.Format(anywhere, signatures)}
}

// tableOfRoutes is a server without anything to answer from.
func tableOfRoutes() *Server {
	return NewServer(Config{Formats: coinbaseFormats(callback.Sources{}, nil, nil)})
}

func mustSecrets(t testing.TB, texts ...string) callback.Secrets {
	t.Helper()
	secrets, err := callback.NewSecrets(texts)
	if err != nil {
		t.Fatal(err)
	}
	return secrets
}

func mustSign(t testing.TB, texts ...string) hook0.Secrets {
	t.Helper()
	secrets, err := hook0.NewSecrets(texts)
	if err != nil {
		t.Fatal(err)
	}
	return secrets
}

func mustTokens(t testing.TB) Tokens {
	t.Helper()
	parsed, err := ParseTokens([]string{
		"website:shop:" + tokens[Website], "auditor:books:" + tokens[Auditor], "operator:alice:" + tokens[Operator],
	})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// answer is what a request was answered with.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// do sends a request within the process, and checks the answer against
// openapi.yaml.
func (w *world) do(r *http.Request) answer {
	w.Helper()
	recorder := httptest.NewRecorder()
	w.server.ServeHTTP(recorder, r)
	a := answer{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
	if r.Method == http.MethodHead {
		a.Body = nil // net/http leaves it out
	}
	w.note(r, a)
	return a
}

// note checks an answer and remembers the position in it.
func (w *world) note(r *http.Request, a answer) {
	w.Helper()
	checkAnswer(w, r, a)
	position, err := eventstore.ParsePosition(a.Header.Get("Daybook-Position"))
	if err != nil {
		return
	}
	for {
		known := w.written.Load()
		if uint64(position) <= known || w.written.CompareAndSwap(known, uint64(position)) {
			return
		}
	}
}

// post sends a callback as Coinbase does.
func (w *world) post(body string) answer {
	w.Helper()
	return w.do(newCallback(target, strings.NewReader(body)))
}

func newCallback(target string, body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, body)
	r.RemoteAddr = coinbase + ":4711"
	return r
}

// get asks as somebody of a role, after the read models have applied what was
// written.
func (w *world) get(role Role, path string) answer {
	w.Helper()
	w.settle()
	return w.do(w.request(role, http.MethodGet, path, ""))
}

func (w *world) request(role Role, method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token, known := tokens[role]; known {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// settle waits until the running projections have applied what was written.
func (w *world) settle() {
	for _, p := range w.projections {
		_ = p.Wait(w.Context(), eventstore.Position(w.written.Load())) // it may have stopped
	}
}

// metrics returns what Prometheus is told.
func (w *world) metrics() string {
	w.Helper()
	return string(w.do(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body)
}

// events returns the events of a stream.
func (w *world) events(stream string) []eventstore.Recorded {
	w.Helper()
	var events []eventstore.Recorded
	for event, err := range w.store.Read(w.Context(), eventstore.StreamName(stream), 0, eventstore.WithMetadata) {
		if err != nil {
			w.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// end returns the position of the last event of the log.
func (w *world) end() eventstore.Position {
	w.Helper()
	var last eventstore.Position
	for event, err := range w.store.ReadAll(w.Context(), 0) {
		if err != nil {
			w.Fatal(err)
		}
		last = event.Position
	}
	return last
}

func types(events []eventstore.Recorded) string {
	var names []string
	for _, e := range events {
		names = append(names, e.Type)
	}
	return strings.Join(names, ",")
}

// journal collects log lines.
type journal struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.Write(line)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines.String()
}

// checkCanaries looks through the lines and forgets them.
func (j *journal) checkCanaries(t testing.TB) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.lines.String()) {
		if strings.Contains(strings.ToLower(line), canary) {
			t.Errorf("a log line has something secret or personal: %s", line)
		}
	}
	j.lines.Reset()
}
