package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"path/filepath"

	"daybook/http/coinbase"
)

const (
	// devCoinbaseAddress is where simulate runs a Coinbase to test against, and where a
	// server with --dev asks for it.
	devCoinbaseAddress = "127.0.0.1:8090"

	devKeyName = "organizations/dev/apiKeys/dev"
)

// newCoinbaseKey makes an API key as Coinbase issues them by default (ES256).
func newCoinbaseKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), nil
}

// newCoinbase returns the client that serve asks Coinbase with; nil without a key. With
// --dev and no key it has the one that was made.
func (c *serveCommand) newCoinbase(env *environment, made func() (devSecrets, error)) (*coinbase.Client, error) {
	options, err := c.clientOptions(env, c.Sandbox)
	if err == nil && options == nil && c.Dev {
		options, err = c.devOptions(made)
	}
	if err != nil || options == nil {
		return nil, err
	}
	return c.newClient(*options)
}

// devOptions never name the real Coinbase, which does not know the key.
func (c *serveCommand) devOptions(made func() (devSecrets, error)) (*coinbase.Options, error) {
	secrets, err := made()
	if err != nil {
		return nil, err
	}
	key, err := secrets.coinbaseKey(c.Data)
	if err != nil {
		return nil, err
	}
	return &coinbase.Options{Key: key, Claims: c.claims(), BaseURL: c.devCoinbaseURL(), Sandbox: c.Sandbox}, nil
}

// devCoinbaseURL is where Coinbase is asked with the API key of --dev.
func (c *serveCommand) devCoinbaseURL() string {
	if c.CoinbaseURL == coinbase.DefaultURL {
		return "http://" + devCoinbaseAddress
	}
	return c.CoinbaseURL
}

// usesMadeKey reports whether Coinbase is asked with the API key of --dev.
func (c *serveCommand) usesMadeKey() bool {
	return c.Dev && c.CoinbaseKeyName == "" && isUnset(coinbaseKeyVariable)
}

// simulateLine returns the line that pays a checkout of the user bob; "" if the server
// asks no Coinbase that simulate could run.
func (c *serveCommand) simulateLine(program, address string) string {
	at, err := url.Parse(c.CoinbaseURL)
	if err != nil || !c.usesMadeKey() || c.Sandbox {
		return ""
	}
	line := program + " simulate --provider checkouts --orders 1 --user bob --run example --server http://" + address + " --data " + quote(shorten(c.Data))
	if c.CoinbaseURL != coinbase.DefaultURL {
		line += " --coinbase-listen " + at.Host
	}
	return line
}

// coinbaseKey reads the API key of a data directory.
func (d devSecrets) coinbaseKey(data string) (coinbase.Key, error) {
	key, err := coinbase.ParseKey(d.CoinbaseKeyName, d.CoinbaseKey)
	if err != nil {
		return key, fmt.Errorf("%s: %w; delete the file and start serve --dev again", filepath.Join(data, devSecretsFile), err)
	}
	return key, nil
}
