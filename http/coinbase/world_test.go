package coinbase_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

const keyName = "organizations/1b2c/apiKeys/3d4e"

// noon is the time of all known answers.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// ecKey returns a P-256 key that is the same in every run.
func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	scalar := sha256.Sum256([]byte("a fixed key for tests"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func sec1(t testing.TB, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func pkcs8(t testing.TB, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func parseKey(t testing.TB, secret string) coinbase.Key {
	t.Helper()
	key, err := coinbase.ParseKey(keyName, secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecSecret(t testing.TB) coinbase.Key { return parseKey(t, sec1(t, ecKey(t))) }

func edSecret(t testing.TB) coinbase.Key {
	return parseKey(t, base64.StdEncoding.EncodeToString(edKey()))
}

// world is a server and a client that asks it.
type world struct {
	*coinbasetest.Server
	client *coinbase.Client
	url    string
}

func newWorld(t *testing.T, o coinbase.Options) world {
	t.Helper()
	if o.Key.Name() == "" {
		o.Key = ecSecret(t)
	}
	if o.Now == nil {
		o.Now = now
	}
	server, err := coinbasetest.New(coinbasetest.Options{KeyName: keyName, Key: o.Key.Public(), Sandbox: o.Sandbox, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	o.BaseURL = listener.URL
	client, err := coinbase.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return world{server, client, listener.URL}
}

// paid returns the id of a checkout that has been paid.
func (w world) paid(t *testing.T) string {
	t.Helper()
	made, err := w.Create(coinbasetest.Checkouts, coinbasetest.Resource{Amount: "100.50", FiatAmount: "100.00", FiatCurrency: "USD", Metadata: map[string]string{"reference": "A-1"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Pay(coinbasetest.Checkouts, made.ID); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// unavailable returns the error as *Unavailable, and fails the test if it is none or
// contains a secret.
func unavailable(t *testing.T, err error) *coinbase.Unavailable {
	t.Helper()
	var u *coinbase.Unavailable
	if !errors.As(err, &u) {
		t.Fatalf("error is %v, want *Unavailable", err)
	}
	for cause := error(u); cause != nil; cause = errors.Unwrap(cause) {
		for _, secret := range secrets(t) {
			if strings.Contains(cause.Error(), secret) {
				t.Errorf("the error contains %.12q: %v", secret, cause)
			}
		}
	}
	return u
}

// canary stands in bodies that no error may quote.
const canary = "canary-of-a-body"

// secrets are texts that no error may contain: the key's lines and the start of
// every token.
func secrets(t testing.TB) []string {
	all := []string{canary, "eyJ", "Bearer", "PRIVATE KEY", base64.StdEncoding.EncodeToString(edKey())}
	for line := range strings.Lines(sec1(t, ecKey(t))) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}
