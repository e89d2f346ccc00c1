package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"daybook/cmd/internal/coinbasecheck"
	"daybook/http/coinbase"
)

type checkCommands struct {
	Coinbase checkCoinbaseCommand `cmd:"" help:"Try the API key, the webhook subscription, the webhook secrets and the clock. Nothing is paid, and nothing is kept. Exit code 1: a line is not ok."`
}

type checkCoinbaseCommand struct {
	coinbaseFlag `embed:""`
	CDPURL       string        `name:"cdp-url" help:"Where the API of the Coinbase Developer Platform answers, which keeps webhook subscriptions (${default})." default:"https://api.cdp.coinbase.com" placeholder:"URL"`
	Server       string        `help:"The running server that the webhook secrets are tried on; where none runs, they are tried on this machine (${default})." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Sandbox      bool          `help:"Try the sandbox, with DAYBOOK_CHECKOUT_SANDBOX_SECRETS."`
	Timeout      time.Duration `help:"How long each answer may take (${default})." default:"10s" placeholder:"TIME" env:"-"`
}

// Run prints a line for each try.
func (c *checkCoinbaseCommand) Run(ctx context.Context, out output, env *environment) error {
	server, err := baseURL("--server", c.Server)
	if err != nil {
		return err
	}
	check := coinbasecheck.Check{
		KeyName: c.CoinbaseKeyName, Sandbox: c.Sandbox, Variable: checkoutVariable,
		Server: server, Now: time.Now,
		HTTP: &http.Client{Timeout: c.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	if c.Sandbox {
		check.Variable = sandboxVariable
	}
	check.Secrets, check.SecretsError = env.secretList(check.Variable)
	check.Business, check.Platform, check.KeyError = c.clients(env)
	return check.Run(ctx, out.stdout)
}

// clients returns those of both hosts, or an error that says what to set.
func (c *checkCoinbaseCommand) clients(env *environment) (*coinbase.Client, *coinbase.Platform, error) {
	options, err := c.clientOptions(env, c.Sandbox)
	if err == nil && options == nil {
		err = fmt.Errorf("there is no API key: create one at portal.cdp.coinbase.com, and set %s and %s", coinbaseNameVariable, coinbaseKeyVariable)
	}
	if err != nil {
		return nil, nil, err
	}
	options.Timeout = c.Timeout
	business, err := c.newClient(*options)
	if err != nil {
		return nil, nil, err
	}
	options.BaseURL = c.CDPURL
	platform, err := coinbase.NewPlatform(*options)
	if err != nil {
		return nil, nil, fmt.Errorf("--cdp-url: %w", err)
	}
	return business, platform, nil
}
