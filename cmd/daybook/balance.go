package main

import "context"

type balanceCommand struct {
	dataFlag `embed:""`
}

func (c *balanceCommand) Run(ctx context.Context, out output) error { return nil }
