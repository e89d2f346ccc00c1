package callback

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Secrets are those that a callback URL may carry. There are several while one
// is replaced by the next. Only their digests are kept, so that comparing takes
// the same time whatever is offered.
type Secrets struct {
	digests [][sha256.Size]byte
}

// NewSecrets takes the live secrets. None, or one that is empty, is an error: a
// receiver without a secret credits whoever asks.
func NewSecrets(secrets []string) (Secrets, error) {
	if len(secrets) == 0 {
		return Secrets{}, errors.New("no callback secret")
	}
	var s Secrets
	for _, secret := range secrets {
		if secret == "" {
			return Secrets{}, errors.New("a callback secret is empty")
		}
		s.digests = append(s.digests, sha256.Sum256([]byte(secret)))
	}
	return s, nil
}

// BySecret is the method of URLSecret, as events name it.
const BySecret = "secret"

// URLSecret authenticates callbacks by a secret in their URL. The secrets may be
// replaced while it is in use. The zero value authenticates nothing.
type URLSecret struct{ live atomic.Pointer[Secrets] }

// Set replaces the live secrets.
func (u *URLSecret) Set(s Secrets) { u.live.Store(&s) }

// IsOff is a Format's: it reports that there is no live secret.
func (u *URLSecret) IsOff() bool {
	live := u.live.Load()
	return live == nil || len(live.digests) == 0
}

var errNoSecret = errors.New(`the URL has no live secret in its one parameter "secret"`)

// Authenticate is a Format's: it succeeds if the request's URL carries a live secret,
// in the one parameter "secret".
func (u *URLSecret) Authenticate(r *http.Request, _ []byte, _ time.Time) (Proof, error) {
	live := u.live.Load()
	if live == nil || !live.authenticate(r.URL.RawQuery) {
		return Proof{}, errNoSecret
	}
	return Proof{Method: BySecret}, nil
}

func (s Secrets) authenticate(query string) bool {
	secret, ok := secretOf(query)
	if !ok {
		return false
	}
	offered := sha256.Sum256([]byte(secret))
	match := 0
	for i := range s.digests {
		match |= subtle.ConstantTimeCompare(offered[:], s.digests[i][:])
	}
	return match == 1
}

// secretOf returns the parameter "secret" of a query that has it once. The others
// are the merchant's own, and may be written in any way: a callback that is refused
// for theirs is lost in the end.
func secretOf(query string) (secret string, ok bool) {
	found := 0
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != "secret" {
			continue
		}
		var err error
		if secret, err = url.QueryUnescape(value); err != nil {
			return "", false
		}
		found++
	}
	return secret, found == 1
}
