package coinbase

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"daybook/domain/ident"

	"github.com/golang-jwt/jwt/v5"
)

var errKey = errors.New("coinbase: the API key is neither a PEM block EC PRIVATE KEY or PRIVATE KEY with a P-256 key, nor base64 of a 64-byte Ed25519 key")

// Key is a CDP API key. Printing it shows no part of the secret.
type Key struct {
	name    string
	method  jwt.SigningMethod
	private func() crypto.Signer // a function, because fmt prints what it finds in a struct
}

// ParseKey reads a CDP API key: its name and its secret. A secret in PEM (SEC1 or
// PKCS#8) signs with ES256, base64 of 64 bytes with EdDSA. A literal \n counts as a
// line break, because environment files carry PEM that way. No error contains the
// secret.
func ParseKey(name, secret string) (Key, error) {
	if err := ident.Check(name); err != nil {
		return Key{}, fmt.Errorf("coinbase: the name of the API key: %w", err)
	}
	secret = strings.TrimSpace(strings.ReplaceAll(secret, `\n`, "\n"))
	read := parseEd25519
	if strings.HasPrefix(secret, "-----BEGIN") {
		read = parsePEM
	}
	signer, err := read(secret)
	if err != nil {
		return Key{}, err
	}
	key := Key{name: name, private: func() crypto.Signer { return signer }}
	switch private := signer.(type) {
	case *ecdsa.PrivateKey:
		if private.Curve != elliptic.P256() {
			return Key{}, errKey
		}
		key.method = jwt.SigningMethodES256
	case ed25519.PrivateKey:
		key.method = jwt.SigningMethodEdDSA
	default:
		return Key{}, errKey
	}
	return key, nil
}

func parsePEM(text string) (crypto.Signer, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		return nil, errKey
	}
	if block.Type == "EC PRIVATE KEY" {
		private, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			return nil, errKey // the cause may quote the key
		}
		return private, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errKey
	}
	return signer, nil
}

// parseEd25519 reads a seed followed by its public key, as Coinbase issues them.
func parseEd25519(text string) (crypto.Signer, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != ed25519.PrivateKeySize {
		return nil, errKey
	}
	private := ed25519.NewKeyFromSeed(raw[:ed25519.SeedSize])
	if !private.Equal(ed25519.PrivateKey(raw)) {
		return nil, errKey // a damaged copy would sign what no server accepts
	}
	return private, nil
}

// Name returns the key's name, which is no secret.
func (k Key) Name() string { return k.name }

// Public returns the key that verifies what this one signs.
func (k Key) Public() crypto.PublicKey { return k.private().Public() }
