package main

import (
	"context"
	"path/filepath"
)

// startDaybookOnEventStoreDB serves with its log in another daybook, over
// EventStoreDB's protocol. The two share the machine.
func (c *runCommand) startDaybookOnEventStoreDB(ctx context.Context, dir string) (*server, error) {
	database, err := c.launch(ctx, []string{"serve", "--data", filepath.Join(dir, "database"),
		"--esdb-listen", "127.0.0.1:0", "--esdb-insecure", "--esdb-writable"})
	if err != nil {
		return nil, err
	}
	s, err := c.startDaybook(ctx, dir, "--eventstore", "esdb://"+database.address+"?tls=false")
	if err != nil {
		database.stop()
		return nil, err
	}
	s.also = database.stop
	return s, nil
}
