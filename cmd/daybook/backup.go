package main

import (
	"context"
	"errors"
	"fmt"

	"daybook/eventstore/sqlitestore"
)

type backupCommand struct {
	logFlag   `embed:""`
	Directory string `arg:"" help:"Directory to make, which must not be there yet." type:"path" placeholder:"DIR"`
}

// Run copies the log beside a running server.
func (c *backupCommand) Run(ctx context.Context, out output) error {
	if c.isRemote() {
		return exitError{exitUsage, errors.New("the log is in EventStoreDB: use that database's own backup")}
	}
	reader, err := sqlitestore.OpenReadOnly(ctx, c.Data)
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := warnOfLosses(ctx, reader, out.stderr); err != nil {
		return err
	}
	bar := newProgress(out.stderr)
	position, err := reader.Backup(ctx, c.Directory, func(done, all int) {
		bar.quietly("copying pages", uint64(done), uint64(all))
	})
	bar.end()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("interrupted: %s.partial is of no use, and the next backup to %s replaces it: %w", c.Directory, c.Directory, err)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(out.stdout, "backed up the log up to position %s to %s; prove it with: daybook verify --data %s\n", position, c.Directory, quote(c.Directory))
	return err
}
