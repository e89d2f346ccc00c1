package main

import (
	"fmt"
	"strings"
)

type callbackURLCommand struct {
	Server string `arg:"" help:"Where Coinbase reaches daybook, such as https://your.site."`
}

// checkoutsPath is the route of webhooks. They are signed, and their URL has no secret.
const checkoutsPath = "/callbacks/coinbase/checkouts"

// Run prints what to paste at Coinbase: a line for each live secret of a callback URL,
// and the URL of webhooks, if they have a secret or nothing has one yet: Coinbase shows
// it when the subscription is made. This is the one command that prints secrets which it
// has not made.
func (c *callbackURLCommand) Run(out output, env *environment) error {
	server, err := baseURL("the address", c.Server)
	if err != nil {
		return err
	}
	given, err := env.secretLists()
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(server.String(), "/")
	for _, secret := range given.callback {
		if _, err := fmt.Fprintln(out.stdout, callbackURL(base, secret)); err != nil {
			return err
		}
	}
	hasSigning := given.checkout != nil || given.sandbox != nil
	if given.callback != nil && !hasSigning {
		return nil
	}
	if !hasSigning {
		fmt.Fprintf(out.stderr, "daybook: no callback secret is set. Subscribe webhooks of checkouts to this URL, and set %s to the secret that Coinbase shows.\nFor callbacks of version 1 set %s as the server has it, and type this again.\n", checkoutVariable, secretsVariable)
	}
	_, err = fmt.Fprintln(out.stdout, base+checkoutsPath)
	return err
}
