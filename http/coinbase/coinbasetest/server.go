// Package coinbasetest is a Coinbase Business API to test against: checkouts and
// payment links as documented, authentication checked for real, and faults on
// request. It moves no money.
//
// Comments in brackets name the page of the documentation that a behaviour is from,
// below docs.cdp.coinbase.com. [unknown] marks what no page says.
//
//	[get-checkout]       api-reference/business-api/rest-api/checkouts/get-checkout
//	[list-checkouts]     api-reference/business-api/rest-api/checkouts/list-checkouts
//	[list-payment-links] api-reference/business-api/rest-api/payment-links/list-payment-links
//	[create-payment-link] api-reference/business-api/rest-api/payment-links/create-payment-link
//	[schema-mapping]     coinbase-business/checkout-apis/migrate/api-schema-mapping
//	[authentication]     coinbase-business/authentication-authorization/api-key-authentication
//	[get-subscription]   api-reference/payment-apis/rest-api/webhooks-under-development/get-webhook-subscription-details
//	[list-events]        api-reference/v2/rest-api/webhooks/list-webhook-subscription-events
//	[subscriptions]      api-reference/payment-apis/webhooks/subscriptions
//	[cdp-sdk]            github.com/coinbase/cdp-sdk: go/auth/jwt.go, and clients generated from its OpenAPI document
package coinbasetest

import (
	"crypto"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options configure a Server. KeyName and Key are required.
type Options struct {
	KeyName string
	Key     crypto.PublicKey // *ecdsa.PublicKey (ES256) or ed25519.PublicKey (EdDSA)
	Sandbox bool             // serve below /sandbox, and nothing else

	Now  func() time.Time // default time.Now
	Seed uint64           // of ids and of faults by share
}

// Server is an http.Handler, safe for concurrent use.
type Server struct {
	keyName string
	key     crypto.PublicKey
	now     func() time.Time
	seed    uint64
	mux     *http.ServeMux

	mu        sync.Mutex
	resources map[Kind]*shelf
	webhooks  []webhook
	made      uint64 // resources and transactions, for their numbers
	requests  int
	next      []Fault
	share     float64
	shared    []Fault
	random    *rand.Rand
}

// New returns a server without checkouts.
func New(o Options) (*Server, error) {
	if o.KeyName == "" || algorithm(o.Key) == "" {
		return nil, errors.New("coinbasetest: a key name and an ECDSA or Ed25519 public key are required")
	}
	s := &Server{
		keyName: o.KeyName, key: o.Key, now: o.Now, seed: o.Seed, mux: http.NewServeMux(),
		resources: map[Kind]*shelf{Checkouts: newShelf(), PaymentLinks: newShelf()},
		random:    rand.New(rand.NewPCG(o.Seed, 0)),
	}
	if s.now == nil {
		s.now = time.Now
	}
	prefix := "/api/v1/" // [get-checkout]
	if o.Sandbox {
		prefix = "/sandbox/api/v1/"
	}
	s.handleWebhooks()
	for _, kind := range []Kind{Checkouts, PaymentLinks} {
		s.mux.HandleFunc("GET "+prefix+string(kind), s.serve(func(r *http.Request, f Fault) (int, any) { return s.list(kind, r, f) }))
		s.mux.HandleFunc("GET "+prefix+string(kind)+"/{id}", s.serve(func(r *http.Request, f Fault) (int, any) {
			return s.one(kind, r.PathValue("id"), f)
		}))
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Requests returns how many requests have arrived, faulty answers included.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// serve authenticates, applies the fault that is due, and writes the answer.
func (s *Server) serve(answer func(*http.Request, Fault) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		fault := s.draw()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
		if err := s.authenticate(r); err != nil {
			write(w, http.StatusUnauthorized, failure("unauthorized", err.Error()), false)
			return
		}
		if !fault.wait(r.Context()) {
			panic(http.ErrAbortHandler) // the client has gone
		}
		if fault.Status != 0 {
			if fault.RetryAfter != "" {
				w.Header().Set("Retry-After", fault.RetryAfter)
			}
			write(w, fault.Status, failure(errorType(fault.Status), "fault on request"), false)
			return
		}
		if fault.Body != "" {
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte(fault.Body))
			return
		}
		status, body := answer(r, fault)
		write(w, status, body, fault.Cut)
	}
}

// problem is the shape of errors. [get-checkout]; which errorType comes with which
// status is [unknown].
type problem struct {
	ErrorType     string `json:"errorType"`
	ErrorMessage  string `json:"errorMessage"`
	CorrelationID string `json:"correlationId"`
}

func failure(kind, message string) problem {
	return problem{ErrorType: kind, ErrorMessage: message, CorrelationID: "41deb8d59a9dc9a7-IAD"}
}

func errorType(status int) string {
	return strings.ReplaceAll(strings.ToLower(http.StatusText(status)), " ", "_")
}

// write sends a body, or half of it and then closes the connection.
func write(w http.ResponseWriter, status int, body any, cut bool) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.WriteHeader(status)
	if cut {
		_, _ = w.Write(text[:len(text)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(text)
}
