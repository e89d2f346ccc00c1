package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	httpapi "daybook/http"
	"daybook/http/callback"
	"daybook/http/callback/hook0"
)

// The environment variables of secrets. There are no flags for them: other
// users of a machine see the command line of a process. Each has a twin with
// the suffix _FILE that names a file instead.
const (
	secretsVariable  = "DAYBOOK_CALLBACK_SECRETS"         // of callback URLs
	checkoutVariable = "DAYBOOK_CHECKOUT_SECRETS"         // of webhooks of checkouts
	sandboxVariable  = "DAYBOOK_CHECKOUT_SANDBOX_SECRETS" // of the sandbox's
	tokensVariable   = "DAYBOOK_TOKENS"
	tokenVariable    = "DAYBOOK_TOKEN" // of commands that ask a server
	fileSuffix       = "_FILE"
)

// secretLists are secrets and tokens as they are given. One that is not set is nil.
type secretLists struct{ callback, checkout, sandbox, tokens []string }

func (l secretLists) equal(other secretLists) bool {
	return slices.Equal(l.callback, other.callback) && slices.Equal(l.checkout, other.checkout) &&
		slices.Equal(l.sandbox, other.sandbox) && slices.Equal(l.tokens, other.tokens)
}

// access is who may do what. Secrets that are empty leave their route off.
type access struct {
	given   secretLists
	secrets callback.Secrets // of callback URLs
	signing hook0.Secrets    // of the webhooks that the log takes
	testing hook0.Secrets    // of those that are tests
	tokens  httpapi.Tokens
}

// newAccess checks the lists, for a log of a sandbox or a live one.
func newAccess(given secretLists, sandbox bool) (access, error) {
	a := access{given: given}
	var found mistakes
	found.note(given.checkRoutes(sandbox))
	var err error
	if given.callback != nil {
		if a.secrets, err = callback.NewSecrets(given.callback); err != nil {
			found.note(fmt.Errorf("%w: look at %s", err, secretsVariable))
		}
	}
	signing := func(variable string, texts []string) (secrets hook0.Secrets) {
		if texts != nil {
			if secrets, err = hook0.NewSecrets(texts); err != nil {
				found.note(fmt.Errorf("%w: look at %s", err, variable))
			}
		}
		return secrets
	}
	a.signing, a.testing = signing(checkoutVariable, given.checkout), signing(sandboxVariable, given.sandbox)
	if sandbox {
		a.signing, a.testing = a.testing, hook0.Secrets{}
	}
	if a.tokens, err = httpapi.ParseTokens(given.tokens); err != nil {
		found.note(fmt.Errorf(`%w. Set role:name:secret for everybody who may ask, separated by commas:
  export %s="website:shop:$(openssl rand -hex 24),auditor:books:$(openssl rand -hex 24)"`, err, tokensVariable))
	}
	return a, found.err()
}

// checkRoutes refuses lists that no route can work with, or that contradict the kind of
// the log.
func (l secretLists) checkRoutes(sandbox bool) error {
	var found mistakes
	own, variable := l.checkout, checkoutVariable
	if sandbox {
		own, variable = l.sandbox, sandboxVariable
	}
	switch {
	case sandbox && l.checkout != nil:
		found.note(fmt.Errorf("%s goes without --sandbox, because a sandbox log takes no real payment: unset it, or leave --sandbox out and name another directory with --data", checkoutVariable))
	case l.callback == nil && own == nil && l.sandbox != nil:
		found.note(fmt.Errorf("%s alone records nothing in a live log: for a log of the sandbox start with --sandbox and a --data of its own, else set %s too", sandboxVariable, checkoutVariable))
	case l.callback == nil && own == nil:
		found.note(fmt.Errorf(`no callback secret: without one no route takes anything. Set that of the route which you use, several with commas while you change it.
For checkouts and payment links, what Coinbase shows for the webhook subscription:
  export %s="<secret>"
For callbacks of version 1, what your callback URL ends in:
  export %s="$(openssl rand -hex 24)"`, variable, secretsVariable))
	}
	for i, secret := range l.sandbox {
		if secret != "" && slices.Contains(l.checkout, secret) {
			found.note(fmt.Errorf("secret %d of %s is in %s too: it is of the sandbox or of real payments, so take it out of one", i+1, sandboxVariable, checkoutVariable))
		}
	}
	return found.err()
}

// minSecretLength is what a secret of ours has at least, in characters: fewer can be
// guessed. Those that a provider chooses are not ours.
const minSecretLength = 16

// checkLengths refuses secrets of ours that can be guessed, by their number.
func (a access) checkLengths() error {
	var found mistakes
	for i, secret := range a.given.callback {
		if n := utf8.RuneCountInString(secret); n < minSecretLength {
			found.note(fmt.Errorf(`callback secret %d of %s has %d characters and could be guessed: take at least %d, such as those of
  openssl rand -hex 24
and change the callback URL at Coinbase with it. Both secrets are live while you do, separated by a comma`, i+1, secretsVariable, n, minSecretLength))
		}
	}
	for i, token := range a.given.tokens {
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
	for i, secret := range a.given.callback {
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

// access reads secrets and tokens, for a log of a sandbox or a live one.
func (e *environment) access(sandbox bool) (access, error) {
	given, err := e.secretLists()
	if err != nil {
		return access{}, err
	}
	return newAccess(given, sandbox)
}

// devAccess is access with what --dev has made in place of what is not set.
func (e *environment) devAccess(made devSecrets, sandbox bool) (access, error) {
	given, err := e.secretLists()
	if err != nil {
		return access{}, err
	}
	return newAccess(made.complete(given, sandbox), sandbox)
}

// secretLists reads secrets and tokens.
func (e *environment) secretLists() (secretLists, error) {
	var lists secretLists
	var found mistakes
	read := func(name string) []string {
		list, err := e.secretList(name)
		found.note(err)
		return list
	}
	lists.callback, lists.checkout, lists.sandbox = read(secretsVariable), read(checkoutVariable), read(sandboxVariable)
	lists.tokens = read(tokensVariable)
	return lists, found.err()
}
