package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook/eventstore/copylog"
	"daybook/eventstore/eventstoredb"
	"daybook/eventstore/sqlitestore"
)

type copyCommand struct {
	From      string `help:"Directory of the log to copy." required:"" type:"path" placeholder:"DIR"`
	To        string `help:"Where to: a connection string of EventStoreDB." placeholder:"URL" infile:"esdb"`
	Namespace string `help:"What the names of streams there begin with: ${default} makes ${default}.order-..." default:"daybook" placeholder:"NAME"`
}

// Run copies what the target lacks, and compares what it has.
//
// It copies from the embedded log alone. A read model knows how far it has come
// by a position, and those of two databases are not told apart by their log's id
// and by being smaller or larger: a model of the one could skip events of the
// other. The positions of the embedded log are numbers of events, and always
// smaller than EventStoreDB's for the same event.
func (c *copyCommand) Run(ctx context.Context, out output) error {
	if !isConnectionString(c.To) {
		return exitError{exitUsage, errors.New("--to is not a connection string of EventStoreDB, such as esdb://host:2113: a log is copied to there only")}
	}
	if isConnectionString(c.From) {
		return exitError{exitUsage, errors.New("--from is a connection string: a log is copied from a directory only; to move an EventStoreDB, restore its own backup")}
	}
	from, err := sqlitestore.OpenReadOnly(ctx, c.From)
	if err != nil {
		return err
	}
	defer from.Close()
	if open, err := losses(ctx, from); err != nil {
		return err
	} else if len(open) > 0 {
		return errLosses(open)
	}
	to, err := eventstoredb.Open(eventstoredb.Options{URL: c.To, Namespace: c.Namespace})
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer to.Close()
	bar := newProgress(out.stderr)
	started := time.Now()
	result, err := copylog.Run(ctx, copylog.Options{From: from, To: to, Told: func(p copylog.Progress) {
		bar.told("copying events", p.Compared+p.Copied, 0)
	}})
	bar.end()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("interrupted after %s events: what is copied stays, and the same command goes on with it: %w", count(result.Compared+result.Copied), err)
	case err != nil:
		return fmt.Errorf("%w: %s events were compared and %s copied", err, count(result.Compared), count(result.Copied))
	}
	_, err = fmt.Fprintf(out.stdout, "copied %s events to %s in %s, up to position %s of the source; %s were there already and are the same\n",
		count(result.Copied), to, time.Since(started).Round(time.Millisecond), result.Position, count(result.Compared))
	return err
}

func isConnectionString(text string) bool {
	return strings.HasPrefix(text, "esdb://") || strings.HasPrefix(text, "esdb+discover://")
}
