package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/eventstore"

	"github.com/go-json-experiment/json"
)

type balanceCommand struct {
	logFlag      `embed:""`
	User         string               `arg:"" help:"Whose balances."`
	AsOf         *moment              `help:"Leave out what was recorded later than this time, such as 2026-01-31T23:59:59Z." placeholder:"TIME" xor:"as-of" env:"-"`
	AsOfPosition *eventstore.Position `help:"Leave out what stands behind this position." placeholder:"POSITION" xor:"as-of" env:"-"`
	Format       string               `help:"text or json, the latter as GET /balances answers." enum:"text,json" default:"text" env:"-"`
}

// Run recomputes from the events alone. It shares the postings with the read
// models, which are the definition of a balance, and nothing else.
func (c *balanceCommand) Run(ctx context.Context, out output) error {
	if err := ident.Check(c.User); err != nil {
		return fmt.Errorf("user: %w", err)
	}
	reader, err := c.openLog(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := warnOfLosses(ctx, reader, out.stderr); err != nil {
		return err
	}
	account, err := c.fold(ctx, reader)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return account.writeJSON(out.stdout, c.User)
	}
	return account.writeText(out.stdout, c.User)
}

// account is what a user has, by currency, at a position of the log.
type account struct {
	available map[money.Currency]money.Amount
	pending   map[money.Currency]money.Amount
	position  eventstore.Position
	recorded  time.Time // of the event at position
}

// moment is a time in RFC 3339 on the command line.
type moment struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *moment) UnmarshalText(text []byte) (err error) {
	if m.Time, err = time.Parse(time.RFC3339, string(text)); err != nil {
		return fmt.Errorf("%q is not a time such as 2026-01-31T23:59:59Z", text)
	}
	return nil
}

// text is the moment as it is written to a server; empty for none.
func (m *moment) text() string {
	if m == nil {
		return ""
	}
	return m.UTC().Format(time.RFC3339Nano)
}

// fold reads the log from its beginning up to the moment that is asked for.
func (c *balanceCommand) fold(ctx context.Context, reader eventstore.Reader) (account, error) {
	a := account{available: map[money.Currency]money.Amount{}, pending: map[money.Currency]money.Amount{}}
	for recorded, err := range reader.ReadAll(ctx, 0) {
		if err != nil {
			return account{}, err
		}
		if c.isLater(recorded) {
			break
		}
		if err := a.apply(c.User, recorded); err != nil {
			return account{}, fmt.Errorf("fold the log: %w", err)
		}
	}
	return a, nil
}

// isLater ends the fold: a time stands for the prefix before the first event
// recorded later, so that one answer is never a mixture of two prefixes.
func (c *balanceCommand) isLater(e eventstore.Recorded) bool {
	return c.AsOf != nil && e.RecordedAt.After(c.AsOf.Time) ||
		c.AsOfPosition != nil && e.Position > *c.AsOfPosition
}

func (a *account) apply(user string, recorded eventstore.Recorded) error {
	event, err := ledger.Decode(recorded)
	if err != nil {
		return err
	}
	entry, err := ledger.Post(event)
	if err != nil {
		return err
	}
	for _, change := range entry.Changes() {
		if change.User != user {
			continue
		}
		if err := errors.Join(add(a.available, change.Available), add(a.pending, change.Pending)); err != nil {
			return err
		}
	}
	a.position, a.recorded = recorded.Position, recorded.RecordedAt
	return nil
}

// add adds an amount to the sum of its currency, unless it is the zero value.
func add(sums map[money.Currency]money.Amount, change money.Amount) error {
	if change.IsZero() {
		return nil
	}
	sum, err := sums[change.Currency()].Add(change)
	if err != nil {
		return err
	}
	sums[change.Currency()] = sum
	return nil
}

// line is one currency of an account.
type line struct {
	Currency  string `json:"currency"`
	Available string `json:"available"`
	Pending   string `json:"pending"`
}

func (a account) lines() []line {
	lines := []line{}
	for currency := range a.pending {
		if _, ok := a.available[currency]; !ok {
			a.available[currency] = money.Zero(currency)
		}
	}
	for currency, available := range a.available {
		pending, ok := a.pending[currency]
		if !ok {
			pending = money.Zero(currency)
		}
		lines = append(lines, line{string(currency), available.Decimal(), pending.Decimal()})
	}
	slices.SortFunc(lines, func(x, y line) int { return strings.Compare(x.Currency, y.Currency) })
	return lines
}

func (a account) writeText(w io.Writer, user string) error {
	if a.position == 0 {
		_, err := fmt.Fprintf(w, "%s has nothing: the log has no event so early\n", user)
		return err
	}
	fmt.Fprintf(w, "%s at position %s, recorded %s\n", user, a.position, eventstore.FormatTime(a.recorded))
	if len(a.pending)+len(a.available) == 0 {
		_, err := fmt.Fprintln(w, "nothing: no event has given this user anything")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "currency\tavailable\tpending\t\n")
	for _, l := range a.lines() {
		fmt.Fprintf(table, "%s\t%s\t%s\t\n", l.Currency, l.Available, l.Pending)
	}
	return table.Flush()
}

func (a account) writeJSON(w io.Writer, user string) error {
	answer, err := json.Marshal(struct {
		User     string              `json:"user"`
		Balances []line              `json:"balances"`
		Position eventstore.Position `json:"position"`
	}{user, a.lines(), a.position})
	if err != nil {
		return err
	}
	_, err = w.Write(append(answer, '\n'))
	return err
}
