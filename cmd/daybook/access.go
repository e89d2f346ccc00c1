package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	httpapi "daybook/http"
	"daybook/http/callback/coinbasev1"
)

// The environment variables of secrets. There are no flags for them: other
// users of a machine see the command line of a process. Each has a twin with
// the suffix _FILE that names a file instead.
const (
	secretsVariable = "DAYBOOK_CALLBACK_SECRETS"
	tokensVariable  = "DAYBOOK_TOKENS"
	tokenVariable   = "DAYBOOK_TOKEN" // of commands that ask a server
	fileSuffix      = "_FILE"
)

// access is who may do what.
type access struct {
	secrets coinbasev1.Secrets
	tokens  httpapi.Tokens

	// In the form in which they were given, for the lines that --dev prints.
	secretTexts []string
	tokenTexts  []string
}

func newAccess(secrets, tokens []string) (access, error) {
	a := access{secretTexts: secrets, tokenTexts: tokens}
	var err error
	if a.secrets, err = coinbasev1.NewSecrets(secrets); err != nil {
		return access{}, fmt.Errorf(`%w. Set the secret that your callback URL ends in, several with commas while you change it:
  export %s="$(openssl rand -hex 24)"`, err, secretsVariable)
	}
	if a.tokens, err = httpapi.ParseTokens(tokens); err != nil {
		return access{}, fmt.Errorf(`%w. Set role:name:secret for everybody who may ask, separated by commas:
  export %s="website:shop:$(openssl rand -hex 24),auditor:books:$(openssl rand -hex 24)"`, err, tokensVariable)
	}
	return a, nil
}

// minSecretLength is what a secret of ours has at least, in characters: fewer can be
// guessed. Those that a provider chooses are not ours.
const minSecretLength = 16

// checkLengths refuses secrets that can be guessed, by their number.
func (a access) checkLengths() error {
	for i, secret := range a.secretTexts {
		if n := utf8.RuneCountInString(secret); n < minSecretLength {
			return fmt.Errorf(`callback secret %d of %s has %d characters and could be guessed: take at least %d, such as those of
  openssl rand -hex 24
and change the callback URL at Coinbase with it. Both secrets are live while you do, separated by a comma`, i+1, secretsVariable, n, minSecretLength)
		}
	}
	for i, token := range a.tokenTexts {
		if n := utf8.RuneCountInString(tokenSecret(token)); n < minSecretLength {
			return fmt.Errorf(`the secret of token %d of %s has %d characters and could be guessed: take at least %d, such as those of
  openssl rand -hex 24`, i+1, tokensVariable, n, minSecretLength)
		}
	}
	return nil
}

// toEncode names, by their number, the callback secrets that a URL cannot have as
// they are. It says nothing of what is in them: lines of a log tell it.
func (a access) toEncode() []string {
	var named []string
	for i, secret := range a.secretTexts {
		if strings.ContainsFunc(secret, func(r rune) bool { return !isPlainInQuery(r) }) {
			named = append(named, fmt.Sprintf("callback secret %d of %s", i+1, secretsVariable))
		}
	}
	return named
}

// isPlainInQuery reports whether a character stands for itself in the value of a
// query parameter (RFC 3986, 3.4, less what joins parameters or means a blank).
func isPlainInQuery(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-._~!$'()*:@/?=", r))
}

// callbackURL returns the URL that carries a callback secret.
func callbackURL(server, secret string) string {
	return server + "/callbacks/coinbase?secret=" + strings.ReplaceAll(url.QueryEscape(secret), "+", "%20")
}

func accessFromEnvironment() (access, error) {
	secrets, tokens, err := environmentLists()
	if err != nil {
		return access{}, err
	}
	return newAccess(secrets, tokens)
}

// environmentLists reads what the environment sets; what it does not is nil.
func environmentLists() (secrets, tokens []string, err error) {
	if secrets, err = secretList(secretsVariable); err != nil {
		return nil, nil, err
	}
	tokens, err = secretList(tokensVariable)
	return secrets, tokens, err
}

// secretList reads a variable or the file that its twin names: entries separated by
// commas or lines. An empty entry between others stays in the list, because it is a
// mistake that must be noticed.
func secretList(variable string) ([]string, error) {
	text, err := cleanList(os.Getenv(variable))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	if path := os.Getenv(variable + fileSuffix); path != "" {
		if text != "" {
			return nil, fmt.Errorf("both %s and %s%s are set: unset one", variable, variable, fileSuffix)
		}
		if text, err = fileValue(variable+fileSuffix, path, true); err != nil {
			return nil, err
		}
	}
	if text == "" {
		return nil, nil
	}
	return strings.Split(text, ","), nil
}
