package main

import (
	"fmt"
	"os"
	"strings"

	httpapi "daybook/http"
	"daybook/http/callback/coinbasev1"
)

// The environment variables of secrets. There are no flags for them: other
// users of a machine see the command line of a process. Each has a twin with
// the suffix _FILE that names a file instead.
const (
	secretsVariable = "DAYBOOK_CALLBACK_SECRETS"
	tokensVariable  = "DAYBOOK_TOKENS"
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

// secretList reads a variable or the file that its twin names: entries
// separated by commas, in a file also by lines. An empty entry stays in the
// list, because it is a mistake that must be noticed.
func secretList(variable string) ([]string, error) {
	text := os.Getenv(variable)
	if path := os.Getenv(variable + fileSuffix); path != "" {
		if text != "" {
			return nil, fmt.Errorf("both %s and %s%s are set: unset one", variable, variable, fileSuffix)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s%s: %w", variable, fileSuffix, err)
		}
		text = strings.ReplaceAll(strings.TrimSpace(string(content)), "\n", ",")
	}
	if text == "" {
		return nil, nil
	}
	var entries []string
	for entry := range strings.SplitSeq(text, ",") {
		entries = append(entries, strings.TrimSpace(entry))
	}
	return entries, nil
}
