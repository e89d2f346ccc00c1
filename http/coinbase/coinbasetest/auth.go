package coinbasetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxLifetime is the longest that a token may live. [authentication]
const maxLifetime = 2 * time.Minute

// claims has both forms: "uri" alone [authentication], and "uris" with "aud" and
// "iat" (coinbase/cdp-sdk, go/auth/jwt.go). That this host accepts the second is
// [unknown].
type claims struct {
	jwt.RegisteredClaims
	URI  string   `json:"uri"`
	URIs []string `json:"uris"`
}

func algorithm(key crypto.PublicKey) string {
	switch key.(type) {
	case *ecdsa.PublicKey:
		return "ES256"
	case ed25519.PublicKey:
		return "EdDSA"
	}
	return ""
}

// authenticate verifies the bearer token. The algorithm is the key's, whatever the
// token's header says: else a token signed with HS256 under the public key, or with
// none, would pass (RFC 8725, 3.1). Messages are [unknown].
func (s *Server) authenticate(r *http.Request) error {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return errors.New("no bearer token")
	}
	var c claims
	token, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return s.key, nil },
		jwt.WithValidMethods([]string{algorithm(s.key)}), jwt.WithIssuer("cdp"), jwt.WithSubject(s.keyName),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithTimeFunc(s.now), jwt.WithStrictDecoding())
	if err != nil {
		return err
	}
	nonce, _ := token.Header["nonce"].(string)
	raw, err := hex.DecodeString(nonce)
	switch {
	case token.Header["kid"] != s.keyName:
		return errors.New("kid is not the key's name")
	case token.Header["typ"] != "JWT":
		return errors.New("typ is not JWT")
	case err != nil || len(raw) != 16: // [authentication]; that reuse is refused is [unknown]
		return errors.New("nonce is not 16 bytes in hexadecimal")
	case c.ExpiresAt.Sub(c.NotBefore.Time) > maxLifetime:
		return errors.New("the token lives too long")
	}
	return c.names(r.Method + " " + r.Host + r.URL.EscapedPath())
}

// names reports whether the token is for this request. The query is not a part of
// it: an inference from the pages' examples, which have none. That the platform
// refuses "uri" is [unknown]; [cdp-sdk] sends it "uris".
func (c claims) names(request string) error {
	platform := strings.Contains(request, subscriptionsPath)
	switch {
	case c.URI == request && c.URIs == nil && !platform:
		return nil
	case c.URI == "" && slices.Contains(c.URIs, request) && slices.Contains(c.Audience, "cdp_service") && c.IssuedAt != nil:
		return nil
	}
	return errors.New("the token is for another request")
}
