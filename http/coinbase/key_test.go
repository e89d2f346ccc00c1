package coinbase_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"daybook/http/coinbase"
)

func TestKeysAreReadInEveryForm(t *testing.T) {
	ec, ed := ecKey(t), edKey()
	for name, secret := range map[string]string{
		"SEC1":              sec1(t, ec),
		"SEC1 in one line":  strings.ReplaceAll(sec1(t, ec), "\n", `\n`),
		"PKCS#8":            pkcs8(t, ec),
		"PKCS#8 one line":   strings.ReplaceAll(pkcs8(t, ec), "\n", `\n`),
		"surrounding space": "\n " + sec1(t, ec) + "\n\n",
	} {
		if key := parseKey(t, secret); !ec.PublicKey.Equal(key.Public()) || key.Name() != keyName {
			t.Errorf("%s gives another key", name)
		}
	}
	for name, secret := range map[string]string{"base64": base64.StdEncoding.EncodeToString(ed), "PKCS#8": pkcs8(t, ed)} {
		if !ed.Public().(ed25519.PublicKey).Equal(parseKey(t, secret).Public()) {
			t.Errorf("%s gives another key", name)
		}
	}
}

func TestOtherKeysAreRefusedWithoutQuotingThem(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	mixed := append([]byte(nil), edKey()...)
	mixed[63] ^= 1
	for name, secret := range map[string]string{
		"empty":                      "",
		"text":                       canary,
		"32 bytes":                   base64.StdEncoding.EncodeToString(edKey()[:32]),
		"seed and another key":       base64.StdEncoding.EncodeToString(mixed),
		"P-384":                      sec1(t, p384),
		"RSA":                        pkcs8(t, rsaKey),
		"damaged PEM":                strings.Replace(sec1(t, ecKey(t)), "M", "!", 1),
		"a certificate's PEM header": strings.ReplaceAll(sec1(t, ecKey(t)), "EC PRIVATE KEY", "CERTIFICATE"),
		"two blocks":                 sec1(t, ecKey(t)) + sec1(t, ecKey(t)),
	} {
		_, err := coinbase.ParseKey(keyName, secret)
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		if secret != "" && strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error contains the secret: %v", name, err)
		}
	}
	if _, err := coinbase.ParseKey("", sec1(t, ecKey(t))); err == nil {
		t.Error("a key without a name is taken")
	}
}

func TestPrintingAKeyShowsNoSecret(t *testing.T) {
	key := ecSecret(t)
	client, err := coinbase.New(coinbase.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ecKey(t).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	scalar := new(big.Int).SetBytes(raw)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, v := range []any{key, &key, client} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, scalar.String()) || strings.Contains(text, scalar.Text(16)) {
				t.Errorf("%s of %T prints the secret", verb, v)
			}
		}
	}
}
