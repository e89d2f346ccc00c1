package checkouts

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/http/callback/hook0"
)

// BySignature is the method of Signatures, as events name it.
const BySignature = "signature"

// Format is that of webhooks about checkouts and payment links. They are authenticated
// by a signature over the body, so it is read first.
func Format(sources callback.Sources, signatures *Signatures) *callback.Format {
	return &callback.Format{
		Name: "coinbase-checkouts", Reader: 1,
		Path: "coinbase/checkouts", Actor: "callback:coinbase", Sources: sources,
		Advice: callback.Advice{
			Secrets: "DAYBOOK_CHECKOUT_SECRETS", Sources: "--checkout-from",
			Proof: "DAYBOOK_CHECKOUT_SECRETS needs the secret of this webhook subscription, as Coinbase shows it, and this machine a right clock.",
		},
		IsOff: signatures.IsOff, Authenticate: signatures.Authenticate, ByBody: true, Methods: []string{BySignature},
		Headers: func(r *http.Request) map[string]string { return hook0.Evidence(r.Header) },
		Parse:   translate, RefundTo: refundTo,
	}
}

// Signatures authenticates webhooks by X-Hook0-Signature. The secrets may be replaced
// while it is in use. The zero value authenticates nothing.
type Signatures struct{ live atomic.Pointer[secrets] }

// secrets are those of the log, and those of tests.
type secrets struct{ log, tests hook0.Secrets }

// Set replaces the live secrets. What only a secret of tests signs is answered as a test:
// on a live log those are the sandbox's.
func (s *Signatures) Set(log, tests hook0.Secrets) { s.live.Store(&secrets{log, tests}) }

// IsOff is a Format's: it reports that there is no live secret.
func (s *Signatures) IsOff() bool {
	live := s.live.Load()
	return live == nil || live.log.IsEmpty() && live.tests.IsEmpty()
}

// Authenticate is a Format's.
func (s *Signatures) Authenticate(r *http.Request, body []byte, now time.Time) (callback.Proof, error) {
	live := s.live.Load()
	if live == nil {
		return callback.Proof{}, hook0.ErrMismatch
	}
	proof := callback.Proof{Method: BySignature}
	_, err := live.log.Verify(r.Header, body, now)
	if errors.Is(err, hook0.ErrMismatch) && !live.tests.IsEmpty() {
		proof.Test = true
		_, err = live.tests.Verify(r.Header, body, now)
	}
	if err != nil {
		return callback.Proof{}, err
	}
	return proof, nil
}

func translate(body []byte) (recorder.Report, error) {
	d, err := Parse(body)
	if err != nil {
		return recorder.Report{}, err
	}
	return report(d), nil
}
