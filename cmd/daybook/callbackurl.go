package main

import (
	"errors"
	"fmt"
	"strings"
)

type callbackURLCommand struct {
	Server string `arg:"" help:"Where Coinbase reaches daybook, such as https://your.site."`
}

// Run prints what to paste at Coinbase, a line for each live secret. It is the one
// command that prints secrets which it has not made.
func (c *callbackURLCommand) Run(out output, env *environment) error {
	server, err := baseURL("the address", c.Server)
	if err != nil {
		return err
	}
	secrets, err := env.secretList(secretsVariable)
	if err == nil && len(secrets) == 0 {
		err = errors.New("no callback secret: set " + secretsVariable + " as the server has it")
	}
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		if _, err := fmt.Fprintln(out.stdout, callbackURL(strings.TrimSuffix(server.String(), "/"), secret)); err != nil {
			return err
		}
	}
	return nil
}
