package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
	"daybook/projections/verify"
)

// maxListed bounds the differences that are printed.
const maxListed = 100

// verifyLocal compares the lists in local.db, where --data has one, with a second
// fold of what waits and of each order. A row that is lost in silence is a payment that
// no person ever looks at, or that the website does not hear of.
func (c *verifyCommand) verifyLocal(ctx context.Context, log eventstore.Reader, w io.Writer) (err error) {
	if _, err := os.Stat(filepath.Join(c.Data, local.FileName)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	snapshot, err := local.OpenSnapshot(ctx, c.Data)
	if errors.Is(err, local.ErrOtherVersion) {
		fmt.Fprintf(w, "%s is not compared: %v\n", local.FileName, local.ErrOtherVersion)
		return nil
	}
	if err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	if _, err := follow.Check(ctx, log, local.FoldVersion(), snapshot.Checkpoint); errors.Is(err, follow.ErrWrongLog) {
		fmt.Fprintf(w, "%s is not compared: it is of another log, and is folded again at the next start\n", local.FileName)
		return nil
	} else if err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	open, err := verify.OpenItems(ctx, log, snapshot.Checkpoint.Position)
	if err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	items, found := uint64(0), 0
	note := func(d verify.Difference) {
		if found++; found <= maxListed {
			fmt.Fprintf(w, "%s %s\n", d.Subject, d.Text)
		}
	}
	err = snapshot.Each(func(list string, i local.Item) error {
		items++
		if d, differs := verify.CompareOpen(open, verify.OpenItem{
			List: list, Key: i.Key, Event: i.Event, Stream: string(i.Stream), Position: i.Position,
			Reason: i.Reason, User: i.User, Payment: string(i.Payment),
		}); differs {
			note(d)
		}
		return nil
	})
	if err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	for _, item := range open {
		note(item.Missing())
	}
	listed := ordersCheck{log: log, snapshot: snapshot, note: note}
	if err := listed.run(ctx); err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	fmt.Fprintf(w, "%s: %s and %s compared with the log up to position %s\n", local.FileName,
		plural(items, "open item", "open items"), plural(listed.compared, "order", "orders"), snapshot.Checkpoint.Position)
	if found > 0 {
		return fmt.Errorf("%s: the lists are not what the log says: keep %s, stop the server, delete the file, and start again", differences(found), local.FileName)
	}
	return nil
}
