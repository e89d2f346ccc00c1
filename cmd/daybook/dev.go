package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// exampleOrder is the order of the example in Coinbase's documentation.
//
//go:embed example-order.json
var exampleOrder []byte

// loopback is where callbacks come from while one tries it out.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

const (
	devSecretsFile   = "dev-secrets.json"
	exampleOrderFile = "example-order.json"
)

// devSecrets are made once for a data directory.
type devSecrets struct {
	CallbackSecrets []string `json:"callback_secrets"`
	CheckoutSecrets []string `json:"checkout_secrets"`
	Tokens          []string `json:"tokens"`

	// An API key that no real Coinbase knows, in PEM.
	CoinbaseKeyName string `json:"coinbase_key_name"`
	CoinbaseKey     string `json:"coinbase_key"`
}

// complete fills in what is not set, for a log of a sandbox or a live one.
func (d devSecrets) complete(given secretLists, sandbox bool) secretLists {
	fill := func(list *[]string, made []string) {
		if *list == nil {
			*list = made
		}
	}
	fill(&given.callback, d.CallbackSecrets)
	fill(&given.tokens, d.Tokens)
	if sandbox {
		fill(&given.sandbox, d.CheckoutSecrets)
	} else {
		fill(&given.checkout, d.CheckoutSecrets)
	}
	return given
}

// keepSecrets reads what an earlier start has made in the data directory, or makes it.
func keepSecrets(data string) (devSecrets, error) {
	path := filepath.Join(data, devSecretsFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		made, err := newSecrets()
		if err != nil {
			return devSecrets{}, err
		}
		return made, writeSecrets(data, path, made)
	}
	if err != nil {
		return devSecrets{}, err
	}
	var kept devSecrets
	if err := json.Unmarshal(content, &kept); err != nil {
		return devSecrets{}, fmt.Errorf("%s is damaged; delete it and new secrets are made", path)
	}
	if kept.CheckoutSecrets != nil && kept.CoinbaseKey != "" {
		return kept, nil
	}
	made, err := newSecrets() // some were made before there were others
	if err != nil {
		return devSecrets{}, err
	}
	if kept.CheckoutSecrets == nil {
		kept.CheckoutSecrets = made.CheckoutSecrets
	}
	if kept.CoinbaseKey == "" {
		kept.CoinbaseKeyName, kept.CoinbaseKey = made.CoinbaseKeyName, made.CoinbaseKey
	}
	return kept, writeSecrets(data, path, kept)
}

func writeSecrets(data, path string, made devSecrets) error {
	content, err := json.Marshal(made, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}

func newSecrets() (devSecrets, error) {
	key, err := newCoinbaseKey()
	return devSecrets{
		CoinbaseKeyName: devKeyName, CoinbaseKey: key,
		CallbackSecrets: []string{randomHex()},
		CheckoutSecrets: []string{randomHex()},
		Tokens: []string{
			"website:dev:" + randomHex(), "auditor:dev:" + randomHex(), "operator:dev:" + randomHex(),
		},
	}, err
}

func randomHex() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// printExample prints lines that post the example order and read what became
// of it, and lines that pay a checkout.
func (c *serveCommand) printExample(w io.Writer, address string, a access) error {
	example := filepath.Join(c.Data, exampleOrderFile)
	if err := os.WriteFile(example, exampleOrder, 0o600); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	program = quote(shorten(program))
	read := fmt.Sprintf("curl -sS -H 'Authorization: Bearer %s' http://%s/balances/", websiteToken(a.given.tokens), address)
	_, err = fmt.Fprintf(w, `
daybook is running on http://%[1]s. Paste these lines into another terminal.

Post the example order of Coinbase's documentation, as Coinbase does:
  curl -sS --data-binary @%[2]s '%[3]s'

Read what its payer has, as the website does:
  %[4]salice

Replay what was recorded, and recompute the balance from that alone, as an auditor does:
  %[5]s replay order-coinbase.5RTQNACF %[6]s
  %[5]s balance alice %[6]s

`, address, quote(shorten(example)), callbackURL("http://"+address, a.given.callback[0]), read, program, c.arguments())
	line := c.simulateLine(program, address)
	if err != nil || line == "" {
		return err
	}
	_, err = fmt.Fprintf(w, `Register a checkout of Coinbase Business, pay it at a Coinbase to test against, have it
verified there, and read what its payer has:
  %s
  %sbob

`, line, read)
	return err
}

// websiteToken returns the secret of the first token that may read balances.
func websiteToken(tokens []string) string {
	for _, token := range tokens {
		role, rest, _ := strings.Cut(token, ":")
		_, secret, _ := strings.Cut(rest, ":")
		if role != "auditor" {
			return secret
		}
	}
	return ""
}

// shorten makes a path relative to where the program was started.
func shorten(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(here, path)
	if err != nil || strings.HasPrefix(relative, "..") {
		return path
	}
	return "." + string(filepath.Separator) + relative
}

// quote makes a path safe to paste into a shell.
func quote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
