package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ledger"
	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
)

// maxCallbackBytes bounds the body of a callback. Real ones have one or two
// thousand bytes.
const maxCallbackBytes = 256 << 10

// recordTimeout bounds the wait for the store.
const recordTimeout = 5 * time.Second

// outcomeTest answers the button "Test Now": nothing happened, nothing is
// stored.
const outcomeTest = "test"

// callbackAnswer is what a callback is answered with. A test has no stream.
type callbackAnswer struct {
	Outcome  string `json:"outcome"`
	Stream   string `json:"stream,omitzero"`
	Revision *int64 `json:"revision,omitzero"`
	Position string `json:"position,omitzero"`
}

// AppendJSON implements codec.Appender.
func (a callbackAnswer) AppendJSON(dst []byte) ([]byte, error) {
	o := codec.Begin(dst)
	o.Text("outcome", a.Outcome)
	o.OptionalText("stream", a.Stream)
	if a.Revision != nil {
		o.Number("revision", *a.Revision)
	}
	o.OptionalText("position", a.Position)
	return o.End()
}

// maxReceiving bounds how many callbacks are received at once, and with them the
// memory that their bodies take.
const maxReceiving = 1024

// callbacks receives callbacks.
type callbacks struct {
	ledger      *ledger.Service
	sources     callback.Sources
	secrets     atomic.Pointer[coinbasev1.Secrets]
	connections *Connections
	metrics     *metrics
	receiving   slots
	now         func() time.Time
}

func newCallbacks(c Config, m *metrics) *callbacks {
	return &callbacks{
		ledger: c.Ledger, sources: c.Sources, connections: c.Connections,
		metrics: m, receiving: make(slots, maxReceiving), now: time.Now,
	}
}

// post receives the callbacks of Coinbase's merchant API. The
// order of the checks matters: nobody learns anything about the body's fate,
// and nothing is stored, before source and secret are good.
//
// Coinbase repeats a callback until the answer is exactly 200, for 16 days.
// So whatever cannot become better by repetition is answered 200, or kept
// where it is refused.
func (s *callbacks) post(w *call, r *http.Request) error {
	client, err := s.sources.Client(r)
	if err != nil || !s.sources.Allows(client) {
		s.came(w, outcomeRefused)
		w.source = client
		if err != nil { // nothing is known but who is connected
			peer, _ := netip.ParseAddrPort(r.RemoteAddr)
			w.source = peer.Addr().Unmap()
		}
		return forbidden.problem("Callbacks are taken from the addresses in --callback-from alone. Behind a proxy, name it in --trusted-proxy.", err)
	}
	if !s.secrets.Load().Authenticate(r) {
		s.came(w, outcomeRefused)
		return unauthorized.problem("Set the callback URL to end in ?secret= and one of DAYBOOK_CALLBACK_SECRETS.", nil)
	}
	if err := s.receiving.take(); err != nil {
		return err
	}
	defer s.receiving.release()
	delivery, err := s.receive(r, w.id, client)
	if err != nil {
		return err
	}
	s.connections.received(r.RemoteAddr)
	ctx, cancel := recording(r)
	defer cancel()
	if delivery.Length != int64(len(delivery.Body)) {
		return s.quarantineTooLarge(ctx, w, delivery)
	}
	message, err := coinbasev1.Parse(delivery.Body)
	if err != nil {
		return s.quarantine(ctx, w, err, delivery)
	}
	if message.Test {
		s.came(w, outcomeTest)
		return writeJSON(w, http.StatusOK, callbackAnswer{Outcome: outcomeTest})
	}
	result, err := s.record(ctx, message, delivery)
	if err != nil {
		return err
	}
	return s.answerCallback(w, result)
}

// receive reads a callback. Of a body that is too large only the beginning is
// read, and Length differs from the bytes that are there.
func (s *callbacks) receive(r *http.Request, id string, client netip.Addr) (ledger.Delivery, error) {
	body, err := readBody(r, maxCallbackBytes)
	length := int64(len(body))
	if errors.Is(err, errBodyTooLarge) {
		length = r.ContentLength // -1 if it was not announced
	} else if err != nil {
		return ledger.Delivery{}, err
	}
	return ledger.Delivery{
		ID:       id,
		Actor:    coinbasev1.Actor,
		Format:   coinbasev1.Format,
		Received: s.now().UTC(),
		Source:   client.String(),
		Headers:  coinbasev1.SignatureHeaders(r),
		Body:     body,
		Length:   length,
		Method:   coinbasev1.Method,
		Reader:   coinbasev1.Reader,
	}, nil
}

// record hands a message to the ledger.
func (s *callbacks) record(ctx context.Context, m coinbasev1.Message, d ledger.Delivery) (ledger.Result, error) {
	switch {
	case m.Order != nil:
		return s.ledger.ReportOrder(ctx, m.Order.ID, m.Order.Report, d)
	case m.Payout != nil:
		return s.ledger.ReportPayout(ctx, m.Payout.ID, m.Payout.Report, d)
	case m.Deposit != nil:
		m.Deposit.Report.ReceivedAt = d.Received
		return s.ledger.ReportDeposit(ctx, m.Deposit.ID, m.Deposit.Report, d)
	}
	return ledger.Result{}, errors.New("a message that says nothing")
}

// quarantine keeps a callback that cannot be understood. It may be understood
// one day; what is not JSON at all is refused, so that the sender's log shows
// it too.
func (s *callbacks) quarantine(ctx context.Context, w *call, err error, d ledger.Delivery) error {
	var refusal *coinbasev1.Error
	if !errors.As(err, &refusal) {
		return err
	}
	result, err := s.ledger.Quarantine(ctx, refusal.Reason, d)
	if err != nil {
		return err
	}
	if refusal.Reason == quarantine.NotJSON {
		s.recorded(w, result)
		return notJSON.problem("The body is kept as it came, in stream "+string(result.Stream)+". Repeating it changes nothing.", nil)
	}
	return s.answerCallback(w, result)
}

func (s *callbacks) quarantineTooLarge(ctx context.Context, w *call, d ledger.Delivery) error {
	result, err := s.ledger.Quarantine(ctx, quarantine.TooLarge, d)
	if err != nil {
		return err
	}
	s.recorded(w, result)
	w.Header().Set("Connection", "close") // the rest of the body stays unread
	return tooLarge.problem("A callback has at most 256 KiB. Its length and the digest of its beginning are kept, in stream "+string(result.Stream)+".", nil)
}

// came notes what a callback came to.
func (s *callbacks) came(w *call, outcome string) {
	s.metrics.callback(outcome)
	w.outcome = outcome
}

// recorded notes that a callback is in the log.
func (s *callbacks) recorded(w *call, result ledger.Result) {
	s.came(w, string(result.Outcome))
	w.category = result.Stream.Category()
	setPosition(w, result.Position)
}

func (s *callbacks) answerCallback(w *call, result ledger.Result) error {
	s.recorded(w, result)
	revision := int64(result.Revision)
	return writeJSON(w, http.StatusOK, callbackAnswer{
		Outcome:  string(result.Outcome),
		Stream:   string(result.Stream),
		Revision: &revision,
		Position: result.Position.String(),
	})
}

// errBodyTooLarge comes with the beginning of the body.
var errBodyTooLarge = errors.New("body too large")

// errBody stands for what net/http says of a body, which quotes what came.
var errBody = errors.New("the body broke off, or is not as its header says")

// readBody reads a body of at most limit bytes.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	capacity := min(max(r.ContentLength, 512), limit) + 1
	body := make([]byte, 0, capacity)
	limited := io.LimitReader(r.Body, limit+1)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > limit {
			return body[:limit], errBodyTooLarge
		}
		if err == io.EOF {
			return body, nil
		}
		if err != nil {
			return nil, timedOut.problem("The body did not arrive whole. Send the request again.", errBody)
		}
	}
}
