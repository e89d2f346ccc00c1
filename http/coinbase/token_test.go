package coinbase_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"daybook/http/coinbase"
)

// sent returns the token of a request for a checkout with fixed nonce and time.
func sent(t *testing.T, key coinbase.Key, claims coinbase.Claims, id string) (token, header, payload string, signature []byte) {
	t.Helper()
	var request *http.Request
	client, err := coinbase.New(coinbase.Options{
		Key: key, Claims: claims, Now: now, Nonce: bytes.NewReader(bytes.Repeat([]byte{0xab}, 16)),
		Transport: transport(func(r *http.Request) (*http.Response, error) {
			request = r
			return nil, errors.New("sent nowhere")
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = client.Checkout(t.Context(), id)
	if request == nil {
		t.Fatal("nothing was sent")
	}
	token = strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts", len(parts))
	}
	var raw [3][]byte
	for i := range parts {
		if raw[i], err = base64.RawURLEncoding.DecodeString(parts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return token, string(raw[0]), string(raw[1]), raw[2]
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const (
	claimURI  = `{"exp":1772366520,"iss":"cdp","nbf":1772366400,"sub":"organizations/1b2c/apiKeys/3d4e","uri":"GET business.coinbase.com/api/v1/checkouts/68f7"}`
	claimURIs = `{"aud":["cdp_service"],"exp":1772366520,"iat":1772366400,"iss":"cdp","nbf":1772366400,"sub":"organizations/1b2c/apiKeys/3d4e","uris":["GET business.coinbase.com/api/v1/checkouts/68f7"]}`
)

func headerOf(algorithm string) string {
	return `{"alg":"` + algorithm + `","kid":"organizations/1b2c/apiKeys/3d4e","nonce":"abababababababababababababababab","typ":"JWT"}`
}

func TestES256IsSignedAsRAndS(t *testing.T) {
	token, header, payload, signature := sent(t, ecSecret(t), coinbase.ClaimURI, "68f7")
	if header != headerOf("ES256") || payload != claimURI {
		t.Errorf("token is %s %s", header, payload)
	}
	if len(signature) != 64 {
		t.Fatalf("the signature has %d bytes, want r and s of 32", len(signature))
	}
	sum := sha256.Sum256([]byte(token[:strings.LastIndex(token, ".")]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(&ecKey(t).PublicKey, sum[:], r, s) {
		t.Error("the signature does not verify")
	}
}

func TestEdDSAIsExact(t *testing.T) {
	token, header, payload, signature := sent(t, edSecret(t), coinbase.ClaimURI, "68f7")
	if header != headerOf("EdDSA") || payload != claimURI {
		t.Errorf("token is %s %s", header, payload)
	}
	want := ed25519.Sign(edKey(), []byte(token[:strings.LastIndex(token, ".")]))
	if !bytes.Equal(signature, want) {
		t.Errorf("signature is %x, want %x", signature, want)
	}
}

func TestTheOtherClaimForm(t *testing.T) {
	if _, _, payload, _ := sent(t, ecSecret(t), coinbase.ClaimURIs, "68f7"); payload != claimURIs {
		t.Errorf("claims are %s", payload)
	}
}

func TestTheIDIsEncodedInPathAndClaim(t *testing.T) {
	_, _, payload, _ := sent(t, ecSecret(t), coinbase.ClaimURI, "a/../b?c#d e")
	if !strings.Contains(payload, `/api/v1/checkouts/a%2F..%2Fb%3Fc%23d%20e"`) {
		t.Errorf("claims are %s", payload)
	}
}

func TestEveryRequestHasATokenOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	client, err := coinbase.New(coinbase.Options{Key: edSecret(t), Now: now, BreakAfter: 100, Transport: transport(func(r *http.Request) (*http.Response, error) {
		seen[r.Header.Get("Authorization")] = true
		return nil, errors.New("sent nowhere")
	})})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = client.Checkout(t.Context(), "68f7")
	}
	if len(seen) != 3 {
		t.Errorf("3 requests had %d tokens", len(seen))
	}
}
