package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"daybook/http/coinbase"
)

// coinbaseFlag is shared by the commands that ask Coinbase's API.
type coinbaseFlag struct {
	CoinbaseURL     string `name:"coinbase-url" help:"Where the API of Coinbase Business answers (${default}; with --dev and no API key http://127.0.0.1:8090, where simulate runs one to test against)." default:"https://business.coinbase.com" placeholder:"URL"`
	CoinbaseKeyName string `help:"Name of the CDP API key. The key itself must come from DAYBOOK_COINBASE_KEY or the file in DAYBOOK_COINBASE_KEY_FILE." placeholder:"NAME" infile:"name"`
	CoinbaseClaims  string `help:"How a token names the request that it is for: in the claim uri, or in uris as Coinbase's SDK writes it." enum:"uri,uris" default:"uri"`
}

// The variables of the API key.
const (
	coinbaseNameVariable = "DAYBOOK_COINBASE_KEY_NAME"
	coinbaseKeyVariable  = "DAYBOOK_COINBASE_KEY"
)

// coinbaseKey is a PEM, which has lines, or base64, which has one.
var coinbaseKey = variable{name: coinbaseKeyVariable, pem: true}

func (f coinbaseFlag) newClient(options coinbase.Options) (*coinbase.Client, error) {
	client, err := coinbase.New(options)
	if err != nil {
		return nil, fmt.Errorf("--coinbase-url: %w", err)
	}
	return client, nil
}

// clientOptions returns those of a client of the API; nil if no key is set. No error
// contains the key.
func (f coinbaseFlag) clientOptions(env *environment, sandbox bool) (*coinbase.Options, error) {
	secret, err := env.fileOf(coinbaseKey)
	if err != nil {
		return nil, err
	}
	secret = cmp.Or(secret, os.Getenv(coinbaseKeyVariable))
	switch {
	case f.CoinbaseKeyName == "" && secret == "":
		return nil, nil
	case secret == "":
		return nil, fmt.Errorf("%[1]s is set and the key is not: set %[2]s, or %[2]s%[3]s to a file that has it, to the secret that Coinbase showed with that name", coinbaseNameVariable, coinbaseKeyVariable, fileSuffix)
	case f.CoinbaseKeyName == "":
		return nil, errors.New(coinbaseKeyVariable + " is set and its name is not: set " + coinbaseNameVariable + " to the name that Coinbase showed with it, such as organizations/<id>/apiKeys/<id>")
	}
	key, err := coinbase.ParseKey(f.CoinbaseKeyName, secret)
	if err != nil {
		return nil, fmt.Errorf("%s with %s: %w", coinbaseKeyVariable, coinbaseNameVariable, err)
	}
	return &coinbase.Options{Key: key, Claims: f.claims(), BaseURL: f.CoinbaseURL, Sandbox: sandbox}, nil
}

func (f coinbaseFlag) claims() coinbase.Claims {
	if f.CoinbaseClaims == "uris" {
		return coinbase.ClaimURIs
	}
	return coinbase.ClaimURI
}

// cleanPEM is cleanValue for each line of a PEM. Any other value has one line.
func cleanPEM(text string) (string, error) {
	text = strings.TrimFunc(text, isAround)
	if !strings.HasPrefix(text, "-----BEGIN ") {
		return cleanValue(text)
	}
	var lines []string
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line, err := cleanValue(line)
		if err != nil {
			return "", err
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}
