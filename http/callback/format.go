// Package callback takes in what providers post: from where, proved how, and kept in
// which order of work. What a body means is for the package of its format.
package callback

import (
	"fmt"
	"net/http"
	"time"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
)

// Format is one kind of callback.
type Format struct {
	// Name is kept with each body, for ever. Reader is the number of Parse: one that
	// understands more has the next number, and reads what an older one has understood
	// as that did. Else it is another format.
	Name   string
	Reader int

	Path    string // of its route, after /callbacks/; without one it has none, and kept bodies are still read
	Actor   string // in the metadata of events: callback:coinbase
	Sources Sources
	Advice  Advice

	// IsOff reports that the route has no secret now. It answers 404 then. nil never is.
	IsOff func() bool

	// Authenticate proves that a request is its sender's, at a time. It is called before
	// the body is read, with a nil body, unless ByBody is set. The text of its error is
	// sent to a stranger: it contains neither what was expected nor anything that came.
	Authenticate func(r *http.Request, body []byte, now time.Time) (Proof, error)
	ByBody       bool
	Methods      []string // that a Proof may have

	// Headers returns what is kept of the header. nil keeps nothing.
	Headers func(*http.Request) map[string]string

	// Parse reads a body strictly and translates it. It needs no request, so that a
	// body that was kept can be read again. An error that is not a Refusal is a fault.
	Parse func(body []byte) (recorder.Report, error)

	// RefundTo returns where refunds of what a kept body reports could go. A person reads
	// it; it is never logged.
	RefundTo func(body []byte) RefundAddresses
}

// Proof is how a request was authenticated.
type Proof struct {
	Method string
	Test   bool // the sender marks it as a test: it is answered, and not kept
}

// Advice is what answers tell an operator to set.
type Advice struct {
	Secrets string // the variable of the secrets: DAYBOOK_CALLBACK_SECRETS
	Sources string // the flag of the sources: --callback-from
	Proof   string // a sentence: what to do after a failed proof
}

// Refusal says why a body cannot be acted on. It is kept all the same. The text has
// nothing of the body in it.
type Refusal struct {
	Reason quarantine.Reason
	Err    error
}

// Refuse makes a refusal.
func Refuse(reason quarantine.Reason, format string, arguments ...any) *Refusal {
	return &Refusal{reason, fmt.Errorf(format, arguments...)}
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %v", r.Reason, r.Err) }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }
