package coinbase

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims is how a token says which request it is for.
type Claims int

const (
	// ClaimURI is the form of business.coinbase.com: one text, "uri".
	ClaimURI Claims = iota
	// ClaimURIs is the form of api.cdp.coinbase.com: a list "uris", with "aud" and
	// "iat" (coinbase/cdp-sdk, go/auth/jwt.go).
	ClaimURIs
)

// lifetime is the longest that Coinbase accepts.
const lifetime = 120 * time.Second

// tokens makes the tokens that authenticate requests.
type tokens struct {
	key    Key
	claims Claims
	now    func() time.Time
	nonce  io.Reader
}

// issue returns a token for one request. path has no query.
func (t tokens) issue(host, path string) (string, error) {
	var nonce [16]byte
	if _, err := io.ReadFull(t.nonce, nonce[:]); err != nil {
		return "", fmt.Errorf("coinbase: nonce of a token: %w", err)
	}
	uri := "GET " + host + path
	at := t.now()
	claims := jwt.MapClaims{
		"iss": "cdp",
		"sub": t.key.name,
		"nbf": at.Unix(),
		"exp": at.Add(lifetime).Unix(),
	}
	if t.claims == ClaimURIs {
		claims["uris"] = []string{uri}
		claims["aud"] = []string{"cdp_service"}
		claims["iat"] = at.Unix()
	} else {
		claims["uri"] = uri
	}
	token := jwt.NewWithClaims(t.key.method, claims)
	token.Header["kid"] = t.key.name
	token.Header["nonce"] = hex.EncodeToString(nonce[:])
	signed, err := token.SignedString(t.key.private())
	if err != nil {
		return "", fmt.Errorf("coinbase: sign a token: %w", err)
	}
	return signed, nil
}
