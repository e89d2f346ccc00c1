package coinbasev1

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
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

// Authenticate reports whether the request's URL carries a live secret, in the
// one parameter "secret".
func (s Secrets) Authenticate(r *http.Request) bool {
	secret, ok := secretOf(r.URL.RawQuery)
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

// signatureHeaders carry Coinbase's signature over the body, by their names in
// evidence. It is kept: one key signs for all merchants, so that it does not
// show that a callback is for us.
var signatureHeaders = []struct{ name, canonical string }{
	{"CB-SIGNATURE", http.CanonicalHeaderKey("CB-SIGNATURE")},
	{"X-Signature", http.CanonicalHeaderKey("X-Signature")},
}

// maxSignatureBytes bounds what is kept; a signature has 684 characters.
const maxSignatureBytes = 1024

// SignatureHeaders returns the headers of the request that carry a signature.
// What cannot be written into JSON as it came is none.
func SignatureHeaders(r *http.Request) map[string]string {
	var headers map[string]string
	for _, header := range signatureHeaders {
		value := r.Header.Get(header.canonical)
		if value == "" || len(value) > maxSignatureBytes || !utf8.ValidString(value) {
			continue
		}
		if headers == nil {
			headers = make(map[string]string, 1)
		}
		headers[header.name] = value
	}
	return headers
}
