package coinbasetest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
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

func TestTheAlgorithmIsTheKeysAndNotTheTokens(t *testing.T) {
	key := newKey(t)
	server := newServer(t, key)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	sign := func(method jwt.SigningMethod, with any) string {
		token := good(path)
		token.Method = method
		token.Header["alg"] = method.Alg()
		signed, err := token.SignedString(with)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	valid := sign(jwt.SigningMethodES256, key)
	if got := ask(server, path, "Bearer "+valid); got.Code != http.StatusOK {
		t.Fatalf("a valid token: %d %s", got.Code, got.Body)
	}
	none := sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType)
	for name, authorization := range map[string]string{
		"none":                         "Bearer " + none,
		"none with a signature":        "Bearer " + none + valid[strings.LastIndex(valid, ".")+1:],
		"HS256 with the PEM":           "Bearer " + sign(jwt.SigningMethodHS256, public),
		"HS256 with the DER":           "Bearer " + sign(jwt.SigningMethodHS256, der),
		"another key":                  "Bearer " + sign(jwt.SigningMethodES256, newKey(t)),
		"an ASN.1 signature":           "Bearer " + valid[:strings.LastIndex(valid, ".")+1] + "MEUCIQ",
		"an empty signature":           "Bearer " + valid[:strings.LastIndex(valid, ".")+1],
		"ES384 with the same key":      "Bearer " + es384(t, key),
		"no token":                     "",
		"another scheme":               "Basic " + valid,
		"a token with a stray padding": "Bearer " + valid + "=",
	} {
		got := ask(server, path, authorization)
		var problem struct{ ErrorType, ErrorMessage, CorrelationID string }
		if err := json.Unmarshal(got.Body.Bytes(), &problem); err != nil || got.Code != http.StatusUnauthorized || problem.ErrorType != "unauthorized" {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

// es384 returns a token that the key's owner signed, with another algorithm.
func es384(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	token := good(path)
	token.Header["alg"] = "ES384"
	text, err := token.SigningString()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum384([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var signature [96]byte
	r.FillBytes(signature[:48])
	s.FillBytes(signature[48:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature[:])
}
