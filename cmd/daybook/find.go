package main

import (
	"context"
	"fmt"
	"net/url"
)

type findCommand struct {
	serverFlag `embed:""`
	Text       string `arg:"" help:"An order id, bare or qualified, a user, a transaction hash, an address, a mispayment id, or the id of a request."`
}

// Run says where a payment is. An answer that nothing is known is one.
func (c *findCommand) Run(ctx context.Context, out output, env *environment) error {
	var answer struct {
		Answer  string `json:"answer"`
		Matches []struct {
			Says []string `json:"says"`
		} `json:"matches"`
		More int `json:"more"`
	}
	if err := c.get(ctx, env, "/find", url.Values{"q": {c.Text}}, &answer); err != nil {
		return err
	}
	said := 0
	for _, m := range answer.Matches {
		for _, sentence := range m.Says {
			fmt.Fprintln(out.stdout, sentence)
			said++
		}
	}
	if said == 0 {
		fmt.Fprintln(out.stdout, answer.Answer)
	}
	if answer.More > 0 {
		fmt.Fprintf(out.stdout, "At least %d older ones are not printed: ask for one of them.\n", answer.More)
	}
	return nil
}
