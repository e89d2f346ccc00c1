package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"daybook/domain/ledger"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections"
	"daybook/projections/balances"
	"daybook/projections/verify"

	"github.com/dustin/go-humanize"
)

type verifyCommand struct {
	logFlag   `embed:""`
	redisFlag `embed:""`
}

// exitUnverified is the exit code for "could not verify", as opposed to
// exitFailure, which says that something differs.
const exitUnverified = 2

// exitError is an error with an exit code of its own.
type exitError struct {
	code  int
	cause error
}

func (e exitError) Error() string { return e.cause.Error() }
func (e exitError) Unwrap() error { return e.cause }

func exitCode(err error) int {
	var exit exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	return exitFailure
}

// Run compares the read models in Redis with the log, or without Redis checks
// the log alone, and the lists in local.db either way. It reads beside a running
// server.
func (c *verifyCommand) Run(ctx context.Context, out output) error {
	bound := boundMemory()
	defer bound()
	if !c.isRemote() {
		if checked, err := sqlitestore.CheckSums(c.Data); err != nil {
			return exitError{exitUnverified, err}
		} else if checked {
			fmt.Fprintf(out.stdout, "the database is the one that %s names\n", sqlitestore.SumsFile)
		}
	}
	reader, err := c.openLog(ctx)
	if err != nil {
		return exitError{exitUnverified, err}
	}
	defer reader.Close()
	if !c.isRemote() {
		if err := refuseScratch(ctx, reader, c.Data); err != nil {
			return exitError{exitUnverified, err}
		}
	}
	if open, err := losses(ctx, reader); err != nil {
		return exitError{exitUnverified, err}
	} else if len(open) > 0 {
		return errLosses(open)
	}
	waiting := c.verifyLocal(ctx, reader, out.stdout)
	if !c.redisFlag.isSet() {
		return cmp.Or(c.verifyLog(ctx, reader, out), waiting)
	}
	return cmp.Or(c.verifyModels(ctx, reader, out), waiting)
}

// verifyModels compares the read models in Redis, and checks the log.
func (c *verifyCommand) verifyModels(ctx context.Context, reader eventstore.Reader, out output) error {
	store, err := c.open()
	if err != nil {
		return exitError{exitUnverified, err}
	}
	defer store.Close()
	bar := newProgress(out.stderr)
	report, err := verify.Run(ctx, verify.Options{
		Log: reader, Client: store.Client(), Prefix: c.prefix(), Gapless: c.gapless(),
		Models: projections.Verified(), Readers: evidenceReaders(),
		Told: func(s verify.Step) { bar.quietly(s.Doing, s.Done, s.Total) },
	})
	bar.end()
	if err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	fmt.Fprintf(out.stdout, "log %s and generation %d of %s\n", report.LogID, report.Generation, store)
	return writeReport(out.stdout, report)
}

func writeReport(w io.Writer, r verify.Report) error {
	for _, m := range r.Models {
		fmt.Fprintf(w, "%s: %s, compared with %s events up to position %s\n", m.Name, subjects(m), count(m.Events), m.Position)
	}
	writeTotals(w, r.Totals)
	writeEvidence(w, r.Evidence)
	writeDifferences(w, r.Differences, r.Count)
	switch {
	case r.Evidence.Count > 0:
		return fmt.Errorf("%s: %s", differences(r.Evidence.Count+r.Count), logIsWrong)
	case r.Count > 0:
		return fmt.Errorf("%s: the read models are not what the log says: keep this list, and run `daybook rebuild`", differences(r.Count))
	}
	if err := errUnread(r.Evidence); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "no difference: every key is what the log says, and every event what its kept body says")
	return err
}

// subjects says what was compared of a model.
func subjects(m verify.Compared) string {
	if m.Name != balances.Name {
		return fmt.Sprintf("%s %s", count(m.Subjects), m.Name)
	}
	text := fmt.Sprintf("%s users", count(m.Subjects))
	if m.Entries > 0 {
		text += fmt.Sprintf(" with %s entries", count(m.Entries))
	}
	return text
}

func comparedText(models []verify.Compared) string {
	var all []string
	for _, m := range models {
		all = append(all, subjects(m))
	}
	return strings.Join(all, " and ")
}

const logIsWrong = "the log is damaged or was written by something else: keep it as it is with this list, and restore a copy"

// verifyLog checks what needs no read model.
func (c *verifyCommand) verifyLog(ctx context.Context, reader eventstore.Reader, out output) error {
	bar := newProgress(out.stderr)
	report, err := verify.Log(ctx, verify.LogOptions{
		Log: reader, Gapless: c.gapless(), Check: checkEvent, Readers: evidenceReaders(),
		Told: func(s verify.Step) { bar.quietly(s.Doing, s.Done, s.Total) },
	})
	bar.end()
	if err != nil {
		return exitError{exitUnverified, fmt.Errorf("could not verify: %w", err)}
	}
	w := out.stdout
	fmt.Fprintf(w, "log %s in %s: %s events up to position %s, %s users\n", report.LogID, c.place(), count(report.Events), report.Position, count(report.Users))
	writeTotals(w, report.Totals)
	writeEvidence(w, report.Evidence)
	writeDifferences(w, report.Differences, report.Count)
	if all := report.Evidence.Count + report.Count; all > 0 {
		return fmt.Errorf("%s: %s", differences(all), logIsWrong)
	}
	if err := errUnread(report.Evidence); err != nil {
		return err
	}
	fmt.Fprintln(w, "no difference: positions and revisions follow each other, no id comes twice, every event is understood and")
	_, err = fmt.Fprintln(w, "what its kept body says, postings balance, no payment is credited twice; without --redis there is no stored read model to compare")
	return err
}

// checkEvent holds an event against the domain's own codecs and postings, which
// the check of the log knows nothing of.
func checkEvent(recorded eventstore.Recorded) error {
	event, err := ledger.Decode(recorded)
	if err != nil {
		return err
	}
	entry, err := ledger.Post(event)
	if err != nil {
		return err
	}
	sums, err := entry.Sums()
	for _, sum := range sums {
		if sum.Sign() != 0 {
			err = errors.Join(err, fmt.Errorf("its posting does not balance: %s is left", sum))
		}
	}
	return err
}

func writeTotals(w io.Writer, totals []verify.Total) {
	if len(totals) == 0 {
		return
	}
	fmt.Fprintln(w, "trial balance, credits negative:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, t := range totals {
		fmt.Fprintf(table, "%s\t%s\t%s\t\n", t.Account, t.Amount, t.Currency)
	}
	table.Flush()
}

func writeDifferences(w io.Writer, listed []verify.Difference, all int) {
	for _, d := range listed {
		fmt.Fprintf(w, "%s %s\n", d.Subject, d.Text)
	}
	if more := all - len(listed); more > 0 {
		fmt.Fprintf(w, "and %s more\n", count(uint64(more)))
	}
}

func differences(n int) string {
	if n == 1 {
		return "1 difference"
	}
	return count(uint64(n)) + " differences"
}

func count(n uint64) string { return humanize.Comma(int64(n)) }
