package coinbasetest_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

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
