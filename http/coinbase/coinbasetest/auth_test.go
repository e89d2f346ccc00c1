package coinbasetest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase/coinbasetest"

	"github.com/golang-jwt/jwt/v5"
)

const (
	keyName = "organizations/1b2c/apiKeys/3d4e"
	path    = "/api/v1/checkouts"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newServer(t *testing.T, key *ecdsa.PrivateKey) *coinbasetest.Server {
	t.Helper()
	server, err := coinbasetest.New(coinbasetest.Options{KeyName: keyName, Key: &key.PublicKey, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// good is a token that the server accepts, before it is signed.
func good(target string) *jwt.Token {
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": "cdp", "sub": keyName, "nbf": noon.Unix(), "exp": noon.Unix() + 120, "uri": "GET business.coinbase.com" + target,
	})
	token.Header["kid"] = keyName
	token.Header["nonce"] = strings.Repeat("ab", 16)
	return token
}

func ask(server http.Handler, target, authorization string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "https://business.coinbase.com"+target, nil)
	request.Header.Set("Authorization", authorization)
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	return recorder
}

func TestOnlyTheRequestsOwnTokenIsAccepted(t *testing.T) {
	key := newKey(t)
	server := newServer(t, key)
	claim := func(name string, value any) func(*jwt.Token) {
		return func(token *jwt.Token) { token.Claims.(jwt.MapClaims)[name] = value }
	}
	header := func(name string, value any) func(*jwt.Token) {
		return func(token *jwt.Token) { token.Header[name] = value }
	}
	inList := func(aud ...string) func(*jwt.Token) {
		return func(token *jwt.Token) {
			claims := token.Claims.(jwt.MapClaims)
			claims["uris"], claims["aud"], claims["iat"] = []any{claims["uri"]}, aud, noon.Unix()
			delete(claims, "uri")
		}
	}
	for name, test := range map[string]struct {
		change func(*jwt.Token)
		status int
	}{
		"as it is":           {func(*jwt.Token) {}, 200},
		"a list of uris":     {inList("cdp_service"), 200},
		"another audience":   {inList("retail"), 401},
		"another issuer":     {claim("iss", "coinbase-cloud"), 401},
		"another subject":    {claim("sub", "organizations/x"), 401},
		"another kid":        {header("kid", "organizations/x"), 401},
		"another type":       {header("typ", "JWE"), 401},
		"no nonce":           {header("nonce", ""), 401},
		"a nonce of words":   {header("nonce", strings.Repeat("xy", 16)), 401},
		"expired":            {claim("exp", noon.Unix()-1), 401},
		"without expiry":     {claim("exp", nil), 401},
		"not valid yet":      {claim("nbf", noon.Unix()+10), 401},
		"without beginning":  {claim("nbf", nil), 401},
		"for an hour":        {claim("exp", noon.Unix()+3600), 401},
		"another path":       {claim("uri", "GET business.coinbase.com/api/v1/checkouts/a"), 401},
		"another method":     {claim("uri", "POST business.coinbase.com/api/v1/checkouts"), 401},
		"another host":       {claim("uri", "GET example.com/api/v1/checkouts"), 401},
		"the query included": {claim("uri", "GET business.coinbase.com/api/v1/checkouts?pageSize=2"), 401},
	} {
		token := good(path)
		test.change(token)
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(server, path+"?pageSize=2", "Bearer "+signed); got.Code != test.status {
			t.Errorf("%s: status %d, want %d: %s", name, got.Code, test.status, got.Body)
		}
	}
}
