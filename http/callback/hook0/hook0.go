// Package hook0 verifies X-Hook0-Signature, with which Coinbase's webhooks are signed:
//
//	t=1728394718,v0=<hex>,h=content-type x-event-id x-event-type,v1=<hex>
//
// v0 is HMAC-SHA256 over t.body, v1 over t.names.values.body: the names of h joined by
// spaces, their values in that order joined by points. The secret is the subscription's
// text as it is shown, not decoded. The rules are those of docs.cdp.coinbase.com
// (webhooks/verify-signatures) and of Hook0's clients.
//
// Two limits are the protocol's. Points also occur in values, so v1 does not show where
// one covered value ends and the next begins: use covered headers for diagnosis, and
// decide by the body. And a v1 code is a valid v0 code of the body "names.values.body".
// No JSON object begins like a header's name, so a reader that accepts only a JSON
// object does not accept that body.
package hook0

import (
	"crypto/hmac"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Header carries the signature.
const Header = "X-Hook0-Signature"

// Tolerance is how far the signature's time may lie before or after the clock. The
// sender signs each attempt with the attempt's time, so late retries pass.
const Tolerance = 5 * time.Minute

// The errors of Verify. None contains anything that was sent, computed or configured.
var (
	ErrMissing      = errors.New("no signature header, or more than one")
	ErrMalformed    = errors.New("the signature header is malformed")
	ErrNotDelivered = errors.New("a header that the signature covers is missing, or is there twice")
	ErrMismatch     = errors.New("no live secret signs this")
	ErrTime         = errors.New("the signature is right, and its time is more than five minutes from this clock")
)

// Secrets are the live secrets of a route: several while one replaces another. The
// zero value verifies nothing.
type Secrets struct{ keys [][]byte }

// NewSecrets takes the live secrets. None, or one that is empty, is an error: with an
// empty secret anyone can sign.
func NewSecrets(secrets []string) (Secrets, error) {
	if len(secrets) == 0 {
		return Secrets{}, errors.New("no webhook secret")
	}
	var s Secrets
	for _, secret := range secrets {
		if secret == "" {
			return Secrets{}, errEmpty
		}
		s.keys = append(s.keys, []byte(secret))
	}
	return s, nil
}

// IsEmpty reports that there is no secret, so that nothing can be verified.
func (s Secrets) IsEmpty() bool { return len(s.keys) == 0 }

var errEmpty = errors.New("a webhook secret is empty")

// String hides the secrets from logs.
func (Secrets) String() string { return "webhook secrets" }

// GoString hides the secrets from logs.
func (Secrets) GoString() string { return "webhook secrets" }

// Scheme is what a signature covers.
type Scheme string

// The schemes.
const (
	V0 Scheme = "v0" // time and body
	V1 Scheme = "v1" // time, headers and body
)

// Proof is what a verified signature shows.
type Proof struct {
	Scheme  Scheme
	Time    time.Time // of the attempt
	names   []string
	headers map[string]string
}

// Covered returns the names of the headers that the signature covers, in lower case.
// Under V0 there are none.
func (p Proof) Covered() []string { return append([]string(nil), p.names...) }

// Value returns a header's value if the signature covers it. Read headers of a webhook
// through it: any other header may be a stranger's.
func (p Proof) Value(name string) (value string, covered bool) {
	value, covered = p.headers[strings.ToLower(name)]
	return value, covered
}

// Verify reports whether a live secret signed the body, now or within Tolerance of it.
// A signature that offers v1 is judged by v1 alone. The time is judged last, so that
// ErrTime means a wrong clock or a replay, and not a wrong secret.
func (s Secrets) Verify(header http.Header, body []byte, now time.Time) (Proof, error) {
	lines := header.Values(Header)
	if len(lines) != 1 {
		return Proof{}, ErrMissing
	}
	sig, err := parse(lines[0])
	if err != nil {
		return Proof{}, err
	}
	proof := Proof{Scheme: V0, Time: time.Unix(sig.seconds, 0).UTC()}
	code := sig.v0
	var values []string
	if sig.v1 != nil {
		proof.Scheme, code, proof.names = V1, sig.v1, sig.names
		if values, proof.headers, err = delivered(header, sig.names); err != nil {
			return Proof{}, err
		}
	}
	matches := 0
	for _, key := range s.keys { // all of them, so that time does not show which
		if len(key) > 0 && hmac.Equal(code, compute(key, proof.Scheme, sig.time, sig.names, values, body)) {
			matches++
		}
	}
	if matches == 0 {
		return Proof{}, ErrMismatch
	}
	if apart := now.Sub(proof.Time); apart > Tolerance || apart < -Tolerance {
		return Proof{}, ErrTime
	}
	return proof, nil
}
