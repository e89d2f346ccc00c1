package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// logCommands are about the log itself.
type logCommands struct {
	AcceptLoss acceptLossCommand `cmd:"" help:"Record that a person has seen that events are missing from the log for good, and go on without them."`
}

type acceptLossCommand struct {
	logFlag    `embed:""`
	serverFlag `embed:""`
	Reason     string `help:"What was lost, how, and what was done about it." required:"" placeholder:"TEXT" env:"-"`
}

// Run accepts what is missing. Without a server it opens the log itself, which may
// be one that no server starts on.
func (c *acceptLossCommand) Run(ctx context.Context, out output, env *environment) error {
	if c.isRemote() {
		return exitError{exitUsage, errors.New("the log is in EventStoreDB, which has no journal that could be lost: restore the database from a copy")}
	}
	if err := sqlitestore.Exists(c.Data); err != nil {
		return exitError{exitUsage, err}
	}
	acceptance := eventstore.Acceptance{Actor: localOperator(), Reason: c.Reason, Now: time.Now()}
	if err := acceptance.Check(); err != nil {
		return exitError{exitUsage, fmt.Errorf("--reason: %w", err)}
	}
	losses, err := c.acceptHere(ctx, acceptance)
	if errors.Is(err, eventstore.ErrLocked) {
		losses, err = c.acceptThere(ctx, env)
	}
	if err != nil {
		return err
	}
	for _, loss := range losses {
		fmt.Fprintf(out.stdout, "accepted: %s may be missing: %s\n", loss, loss.Cause)
	}
	_, err = fmt.Fprintln(out.stdout, "compare with Coinbase's list of payments, and run `daybook verify`")
	return err
}

// localOperator is the actor of a command that asks for no token: who can write
// the files can do all.
func localOperator() string {
	name := "unknown"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return "operator:" + name
}

// acceptHere opens the log, which records what is missing together with the
// acceptance, or accepts what an earlier start has recorded.
func (c *acceptLossCommand) acceptHere(ctx context.Context, a eventstore.Acceptance) (losses []eventstore.LossFound, err error) {
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: c.Data, Accept: &a})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	losses = store.Found()
	earlier, _, err := eventstore.AcceptLosses(ctx, store, a)
	if errors.Is(err, eventstore.ErrNoLoss) && len(losses) > 0 {
		err = nil
	}
	return append(losses, earlier...), err
}

// acceptThere asks the server that has the log open.
func (c *acceptLossCommand) acceptThere(ctx context.Context, env *environment) ([]eventstore.LossFound, error) {
	var answer struct {
		Accepted []eventstore.LossFound `json:"accepted"`
	}
	if err := c.post(ctx, env, "/log/loss-acceptance", map[string]string{"reason": c.Reason}, &answer); err != nil {
		return nil, fmt.Errorf("a server has the log open: %w", err)
	}
	return answer.Accepted, nil
}

// losses returns what may be missing from a log and nobody has accepted.
func losses(ctx context.Context, log eventstore.Reader) ([]eventstore.LossFound, error) {
	if embedded, ok := log.(*sqlitestore.Reader); ok {
		return embedded.Losses(ctx)
	}
	return eventstore.OpenLosses(ctx, log)
}

// warnOfLosses says on a line what may be missing from the log that a command
// reads: its answer may lack it.
func warnOfLosses(ctx context.Context, log eventstore.Reader, w io.Writer) error {
	open, err := losses(ctx, log)
	for _, loss := range open {
		fmt.Fprintf(w, "daybook: %s may be missing from the log: %s\n", loss, loss.Cause)
	}
	return err
}

// logLosses says the same when the server starts.
func logLosses(ctx context.Context, log eventstore.Reader, logger *slog.Logger) error {
	open, err := eventstore.OpenLosses(ctx, log)
	for _, loss := range open {
		logger.Warn("events may be missing from the log: see `daybook log accept-loss`", "missing", loss.String(), "cause", loss.Cause)
	}
	return err
}

// errLosses ends a command that has to vouch for the log.
func errLosses(open []eventstore.LossFound) error {
	return exitError{exitUnverified, fmt.Errorf("%s may be missing from the log, and nobody has said to know of it: look for the journal, compare with Coinbase's list of payments, and then type `daybook log accept-loss --reason TEXT`", open[0])}
}
