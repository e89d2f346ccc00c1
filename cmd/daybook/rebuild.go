package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"daybook/projections/rebuild"
	"daybook/projections/redismodel"
)

type rebuildCommand struct {
	logFlag   `embed:""`
	redisFlag `embed:""`
	Replace   bool          `name:"replace-other-log" help:"Replace read models of another log. Only if no other daybook uses them." env:"-"`
	Grace     time.Duration `help:"How long the old generation is kept behind the switch, for readers that are between two reads (${default})." default:"5s" placeholder:"TIME" env:"-"`
}

// Run fills the next generation beside the live one and switches to it. It
// reads the log beside a running server.
func (c *rebuildCommand) Run(ctx context.Context, out output) error {
	bound := boundMemory()
	defer bound()
	if !c.isSet() {
		return exitError{exitUsage, errors.New("there is nothing to rebuild without --redis: read models in memory are built at every start")}
	}
	reader, err := c.openLog(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := warnOfLosses(ctx, reader, out.stderr); err != nil {
		return err
	}
	store, err := c.open()
	if err != nil {
		return err
	}
	defer store.Close()
	bar := newProgress(out.stderr)
	result, err := rebuild.Run(ctx, rebuild.Options{
		Log: reader, Store: store, Prefix: c.prefix(), Gapless: c.gapless(), Grace: c.Grace, ReplaceOtherLog: c.mayReplace(store, out),
		Told: func(s rebuild.Step) { bar.told(s.Text, s.Done, s.Total) },
	})
	bar.end()
	switch {
	case errors.Is(err, rebuild.ErrOtherLog):
		return exitError{exitUsage, fmt.Errorf("%w: check --redis and --redis-prefix, of which this is %s; only if no other daybook uses these read models, add --replace-other-log", err, store)}
	case errors.Is(err, rebuild.ErrDiffers):
		writeDifferences(out.stdout, result.Report.Differences, result.Report.Count)
		return err
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("interrupted: what is filled is kept, and `daybook rebuild` goes on with it: %w", err)
	case err != nil:
		return err
	}
	rate := float64(result.Events) / max(result.Took.Seconds(), 1e-3)
	fmt.Fprintf(out.stdout, "filled generation %s with %s events in %s, %s a second", result.To, count(result.Events), result.Took.Round(time.Millisecond), count(uint64(rate)))
	if result.Resumed > 0 {
		fmt.Fprintf(out.stdout, ", from position %s on", result.Resumed)
	}
	_, err = fmt.Fprintf(out.stdout, "\ncompared %s with an independent fold: no difference\nswitched from generation %s to %s\n",
		comparedText(result.Report.Models), result.From, result.To)
	return err
}

// mayReplace returns what decides whether models of another log are replaced: the
// flag or, on a terminal, whoever sits there.
func (c *rebuildCommand) mayReplace(store *redismodel.Store, out output) func(logID string) bool {
	if !c.Replace && !(isTerminal(out.stderr) && isTerminal(os.Stdin)) {
		return nil
	}
	return func(logID string) bool {
		if c.Replace {
			return true
		}
		fmt.Fprintf(out.stderr, "The read models in %s belong to another log, %s. If another daybook uses them, it loses them.\nType replace to go on: ", store, logID)
		answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // what is cut off is no answer
		c.Replace = strings.TrimSpace(answer) == "replace"
		return c.Replace
	}
}

// memory is what a command that goes through the whole log keeps to, so that with
// what SQLite and the program itself take up it stays within 270 MB.
const memory = 220 << 20

// boundMemory makes the garbage collector keep to memory, as far as it can,
// and returns what undoes that.
func boundMemory() (undo func()) {
	before := debug.SetMemoryLimit(memory)
	return func() { debug.SetMemoryLimit(before) }
}
