package main

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	httpapi "daybook/http"
	"daybook/http/callback"
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
	secrets callback.Secrets
	tokens  httpapi.Tokens

	// In the form in which they were given, for the lines that --dev prints.
	secretTexts []string
	tokenTexts  []string
}

func newAccess(secrets, tokens []string) (access, error) {
	a := access{secretTexts: secrets, tokenTexts: tokens}
	var found mistakes
	var err error
	if a.secrets, err = callback.NewSecrets(secrets); err != nil {
		found.note(fmt.Errorf(`%w. Set the secret that your callback URL ends in, several with commas while you change it:
  export %s="$(openssl rand -hex 24)"`, err, secretsVariable))
	}
	if a.tokens, err = httpapi.ParseTokens(tokens); err != nil {
		found.note(fmt.Errorf(`%w. Set role:name:secret for everybody who may ask, separated by commas:
  export %s="website:shop:$(openssl rand -hex 24),auditor:books:$(openssl rand -hex 24)"`, err, tokensVariable))
	}
	return a, found.err()
}

// minSecretLength is what a secret of ours has at least, in characters: fewer can be
// guessed. Those that a provider chooses are not ours.
const minSecretLength = 16

// checkLengths refuses secrets that can be guessed, by their number.
func (a access) checkLengths() error {
	var found mistakes
	for i, secret := range a.secretTexts {
		if n := utf8.RuneCountInString(secret); n < minSecretLength {
			found.note(fmt.Errorf(`callback secret %d of %s has %d characters and could be guessed: take at least %d, such as those of
  openssl rand -hex 24
and change the callback URL at Coinbase with it. Both secrets are live while you do, separated by a comma`, i+1, secretsVariable, n, minSecretLength))
		}
	}
	for i, token := range a.tokenTexts {
		if n := utf8.RuneCountInString(tokenSecret(token)); n < minSecretLength {
			found.note(fmt.Errorf(`the secret of token %d of %s has %d characters and could be guessed: take at least %d, such as those of
  openssl rand -hex 24`, i+1, tokensVariable, n, minSecretLength))
		}
	}
	return found.err()
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

// access reads secrets and tokens.
func (e *environment) access() (access, error) {
	secrets, tokens, err := e.accessLists()
	if err != nil {
		return access{}, err
	}
	return newAccess(secrets, tokens)
}

// devAccess is access with what --dev has made in place of what is not set.
func (e *environment) devAccess(made devSecrets) (access, error) {
	secrets, tokens, err := e.accessLists()
	if err != nil {
		return access{}, err
	}
	return newAccess(made.complete(secrets, tokens))
}

// accessLists reads secrets and tokens. A list that is not set is nil.
func (e *environment) accessLists() (secrets, tokens []string, err error) {
	var found mistakes
	secrets, err = e.secretList(secretsVariable)
	found.note(err)
	tokens, err = e.secretList(tokensVariable)
	found.note(err)
	return secrets, tokens, found.err()
}
