package main_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const apiKeyName = "organizations/1b2c/apiKeys/3d4e"

// newPEM returns a new API key of a curve in PEM.
func newPEM(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

// newEd25519 returns a new API key as Coinbase shows it: seed and public key in base64.
func newEd25519(t *testing.T) string {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(key)
}

// checkNoKey fails the test if a text has a line of a key.
func checkNoKey(t *testing.T, text, key string) {
	t.Helper()
	for line := range strings.Lines(strings.ReplaceAll(key, `\n`, "\n")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
			t.Errorf("the output has a line of the key:\n%s", text)
		}
	}
}

// TestTheAPIKeyMeansTheSameWhereverItComesFrom in each form and from each place.
func TestTheAPIKeyMeansTheSameWhereverItComesFrom(t *testing.T) {
	anyLog(t)
	t.Parallel()
	text := newPEM(t, elliptic.P256())
	name, inOneLine, windows := "DAYBOOK_COINBASE_KEY_NAME="+apiKeyName, strings.ReplaceAll(text, "\n", `\n`), strings.ReplaceAll(text, "\n", "\r\n")
	for what, c := range map[string]struct{ settings, arguments []string }{
		"lines in a variable":         {[]string{name, "DAYBOOK_COINBASE_KEY=" + text}, nil},
		"one line in a variable":      {[]string{name, "DAYBOOK_COINBASE_KEY=" + inOneLine}, nil},
		"lines of Windows":            {[]string{name, "DAYBOOK_COINBASE_KEY= \uFEFF" + windows}, nil},
		"lines in a file":             {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, windows)}, nil},
		"one line in a file":          {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, inOneLine+"\n")}, nil},
		"Ed25519":                     {[]string{name, "DAYBOOK_COINBASE_KEY=" + newEd25519(t)}, nil},
		"the name in a file":          {[]string{"DAYBOOK_COINBASE_KEY_NAME_FILE=" + secretFile(t, apiKeyName+"\n"), "DAYBOOK_COINBASE_KEY=" + text}, nil},
		"the name in a flag":          {[]string{"DAYBOOK_COINBASE_KEY=" + text}, []string{"--coinbase-key-name", apiKeyName}},
		"files in the configuration":  {nil, []string{"--config", configFile(t, `coinbase-key-name = "`+apiKeyName+`"`, `coinbase-key-file = "`+secretFile(t, text)+`"`)}},
		"the other form of the claim": {[]string{name, "DAYBOOK_COINBASE_KEY=" + text, "DAYBOOK_COINBASE_CLAIMS=uris", "DAYBOOK_COINBASE_URL=http://127.0.0.1:1"}, nil},
	} {
		settings := append([]string{secretsSetting, tokensSetting}, c.settings...)
		code, report := checkConfig(t, settings, c.arguments...)
		if code != 0 {
			t.Errorf("%s: check-config ends with %d: %q", what, code, report.Mistakes)
		}
		if value, from := report.setting(t, "coinbase-key"); value != "********" || !strings.Contains(strings.ToLower(from), "coinbase") {
			t.Errorf("%s: coinbase-key is %q from %s", what, value, from)
		}
		if value, _ := report.setting(t, "coinbase-key-name"); value != apiKeyName {
			t.Errorf("%s: coinbase-key-name is %q", what, value)
		}
	}
	code, report := checkConfig(t, []string{secretsSetting, tokensSetting, "DAYBOOK_COINBASE_KEY= ", "DAYBOOK_COINBASE_KEY_NAME="})
	if value, from := report.setting(t, "coinbase-key"); code != 0 || value != "" || from != "default" {
		t.Errorf("without a key check-config ends with %d, and coinbase-key is %q from %s", code, value, from)
	}
	if value, _ := report.setting(t, "coinbase-url"); value != "https://business.coinbase.com" {
		t.Errorf("coinbase-url is %q", value)
	}
}

// TestMistakesInTheAPIKeyAreRefused with what to do, and without the key.
func TestMistakesInTheAPIKeyAreRefused(t *testing.T) {
	anyLog(t)
	t.Parallel()
	text := newPEM(t, elliptic.P256())
	name, key := "DAYBOOK_COINBASE_KEY_NAME="+apiKeyName, "DAYBOOK_COINBASE_KEY="+text
	_, half, _ := strings.Cut(text, "\n")
	for what, c := range map[string]struct {
		settings []string
		says     string
	}{
		"no key":               {[]string{name}, "set DAYBOOK_COINBASE_KEY, or DAYBOOK_COINBASE_KEY_FILE"},
		"no name":              {[]string{key}, "set DAYBOOK_COINBASE_KEY_NAME"},
		"twice":                {[]string{name, key, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, text)}, "unset one"},
		"no file":              {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=/nowhere/key"}, "DAYBOOK_COINBASE_KEY_FILE: open /nowhere/key"},
		"an empty file":        {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, "\n")}, "is empty"},
		"a large file":         {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, strings.Repeat(text, 300))}, "more than 65536 bytes"},
		"quotation marks":      {[]string{name, `DAYBOOK_COINBASE_KEY="` + text + `"`}, "quotation marks"},
		"marks in a file":      {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, "'"+text+"'")}, "quotation marks"},
		"the JSON of Coinbase": {[]string{name, "DAYBOOK_COINBASE_KEY_FILE=" + secretFile(t, `{"privateKey":"`+strings.ReplaceAll(text, "\n", `\n`)+`"}`)}, "quotation marks"},
		"a hidden character":   {[]string{name, "DAYBOOK_COINBASE_KEY=" + strings.Replace(text, "\n", "\x01\n", 1)}, "invisible character"},
		"no first line":        {[]string{name, "DAYBOOK_COINBASE_KEY=" + half}, "line break"},
		"the half of it":       {[]string{name, "DAYBOOK_COINBASE_KEY=" + text[:100]}, "neither a PEM block"},
		"another curve":        {[]string{name, "DAYBOOK_COINBASE_KEY=" + newPEM(t, elliptic.P384())}, "neither a PEM block"},
		"half of an Ed25519":   {[]string{name, "DAYBOOK_COINBASE_KEY=" + newEd25519(t)[:44]}, "neither a PEM block"},
		"a URL without TLS":    {[]string{name, key, "DAYBOOK_COINBASE_URL=http://business.coinbase.com"}, "--coinbase-url: coinbase: the base URL must use https"},
		"a URL with a path":    {[]string{name, key, "DAYBOOK_COINBASE_URL=https://business.coinbase.com/api/v1"}, "--coinbase-url: coinbase: the base URL must be a scheme and a host"},
		"an unknown claim":     {[]string{name, key, "DAYBOOK_COINBASE_CLAIMS=url"}, "must be one of uri, uris"},
	} {
		settings := append([]string{secretsSetting, tokensSetting}, c.settings...)
		code, p := run(t, settings, "check-config")
		if code != 1 || !strings.Contains(p.stderr.String(), c.says) {
			t.Errorf("%s: check-config ends with %d:\n%s", what, code, p.stderr)
		}
		for _, setting := range c.settings {
			if _, secret, found := strings.Cut(setting, "COINBASE_KEY="); found {
				checkNoKey(t, p.stdout.String()+p.stderr.String(), secret)
			}
		}
		checkNoKey(t, p.stdout.String()+p.stderr.String(), text)
	}
}

// TestServeRefusesHalfAnAPIKey before it opens anything, and takes a whole one.
func TestServeRefusesHalfAnAPIKey(t *testing.T) {
	anyLog(t)
	t.Parallel()
	settings := []string{secretsSetting, tokensSetting, "DAYBOOK_COINBASE_KEY_NAME=" + apiKeyName}
	p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: settings})
	p.checkRefused(1, "set DAYBOOK_COINBASE_KEY, or DAYBOOK_COINBASE_KEY_FILE")
	text := newPEM(t, elliptic.P256())
	s := start(t, options{settings: append(slices.Clone(settings), "DAYBOOK_COINBASE_KEY="+text)})
	checkNoKey(t, s.stderr.String(), text)
	if _, p := run(t, []string{"DAYBOOK_COINBASE_KEYNAME=x"}, "health"); !strings.Contains(p.stderr.String(), "DAYBOOK_COINBASE_KEYNAME (DAYBOOK_COINBASE_KEY_NAME?)") {
		t.Errorf("of a misspelt name health says\n%s", p.stderr)
	}
	configured := configFile(t, `coinbase-key = "x"`)
	if code, p := run(t, nil, "health", "--config", configured); code != 2 || !strings.Contains(p.stderr.String(), "coinbase-key is a secret") {
		t.Errorf("with a key in the configuration file health ends with %d:\n%s", code, p.stderr)
	}
}
