package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"daybook/http/coinbase"

	"github.com/go-json-experiment/json"
)

// baseURL reads an address that has no secret in it: other users of a machine
// see the command line of a process.
func baseURL(flag, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%s is the address of a server, such as https://your.site", flag)
	case u.User != nil || u.RawQuery != "":
		return nil, fmt.Errorf("%s must have no password, secret or query: other users of this machine see it. Set the secret of the callback URL in %s", flag, secretsVariable)
	}
	return u, nil
}

// simulateAccess takes what is set, else the secrets that serve --dev has made in the
// data directory.
func simulateAccess(env *environment, data string) (secret, token string, err error) {
	given, err := env.secretLists()
	if err != nil {
		return "", "", err
	}
	if token, err = env.token(); err != nil {
		return "", "", err
	}
	if token != "" {
		given.tokens = []string{"website:simulate:" + token}
	}
	if given.callback == nil || given.tokens == nil {
		made, err := madeSecrets(data)
		if err != nil {
			return "", "", err
		}
		given = made.complete(given, false)
	}
	checked, err := newAccess(secretLists{callback: given.callback, tokens: given.tokens}, false)
	if err != nil {
		return "", "", err
	}
	return checked.given.callback[0], tokenSecret(checked.given.tokens[0]), nil
}

// checkoutSecrets are what checkouts are simulated with.
type checkoutSecrets struct {
	signing string // of webhooks
	token   string // of an operator, who registers orders and reads worklists
	key     coinbase.Key
}

// checkoutAccess takes what is set, else what serve --dev has made.
func checkoutAccess(env *environment, data string) (access checkoutSecrets, err error) {
	signing, err := env.secretList(checkoutVariable)
	if err != nil {
		return access, err
	}
	if access.token, err = env.token(); err != nil {
		return access, err
	}
	if access.token == "" {
		tokens, err := env.secretList(tokensVariable)
		if err != nil {
			return access, err
		}
		access.token = operatorToken(tokens)
	}
	key, err := simulatedKey(env)
	if err != nil {
		return access, err
	}
	if signing == nil || access.token == "" || key == nil {
		made, err := madeSecrets(data)
		if err != nil {
			return access, err
		}
		if signing == nil {
			signing = made.CheckoutSecrets
		}
		if access.token == "" {
			access.token = operatorToken(made.Tokens)
		}
		if key == nil {
			read, err := made.coinbaseKey(data)
			if err != nil {
				return access, err
			}
			key = &read
		}
	}
	if len(signing) == 0 {
		return access, fmt.Errorf("there is no secret of webhooks in %s: start serve --dev again, or set %s", filepath.Join(data, devSecretsFile), checkoutVariable)
	}
	access.signing, access.key = signing[0], *key
	return access, nil
}

// simulatedKey returns the API key that is set, or nil.
func simulatedKey(env *environment) (*coinbase.Key, error) {
	name, err := env.fileOf(variable{name: coinbaseNameVariable})
	if err != nil {
		return nil, err
	}
	options, err := coinbaseFlag{CoinbaseKeyName: cmp.Or(name, os.Getenv(coinbaseNameVariable))}.clientOptions(env, false)
	if err != nil || options == nil {
		return nil, err
	}
	return &options.Key, nil
}

// operatorToken returns the secret of an operator's token, else of the first.
func operatorToken(tokens []string) string {
	for _, token := range tokens {
		if strings.HasPrefix(token, "operator:") {
			return tokenSecret(token)
		}
	}
	if len(tokens) == 0 {
		return ""
	}
	return tokenSecret(tokens[0])
}

// madeSecrets reads what serve --dev has made.
func madeSecrets(data string) (devSecrets, error) {
	path := filepath.Join(data, devSecretsFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return devSecrets{}, fmt.Errorf(`there are no secrets in %s. Start a server that makes some there:
  make run
or say what the server has:
  export %s=<secret> %s=<the secret of a token>
With --provider checkouts it is:
  export %s=<secret> %s=<the secret of an operator's token>
  export %s=<name> %s=<key>`, data, secretsVariable, tokenVariable, checkoutVariable, tokenVariable, coinbaseNameVariable, coinbaseKeyVariable)
	}
	if err != nil {
		return devSecrets{}, err
	}
	var made devSecrets
	if err := json.Unmarshal(content, &made); err != nil {
		return devSecrets{}, fmt.Errorf("%s is damaged; delete it and start serve --dev again", path)
	}
	return made, nil
}

// tokenSecret returns the secret of a token. Every role may read balances.
func tokenSecret(token string) string {
	parts := strings.SplitN(token, ":", 3)
	return parts[len(parts)-1]
}
