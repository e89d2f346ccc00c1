package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// listFlags are how much of a worklist is asked for.
type listFlags struct {
	serverFlag `embed:""`
	Reason     string `help:"Items with this reason alone." placeholder:"REASON" env:"-"`
	Limit      int    `help:"How many items to print at most (${default})." default:"50" placeholder:"N" env:"-"`
	Format     string `help:"text: a table; json: one object." enum:"text,json" default:"text" env:"-"`
}

type reviewCommand struct {
	listFlags `embed:""`
}

// Run prints what waits for a person's decision.
func (c *reviewCommand) Run(ctx context.Context, out output, env *environment) error {
	return c.print(ctx, out, env, "/review")
}

type quarantineCommand struct {
	listFlags `embed:""`
}

// Run prints the callbacks that were kept without being understood.
func (c *quarantineCommand) Run(ctx context.Context, out output, env *environment) error {
	return c.print(ctx, out, env, "/quarantine")
}

// worklistPage is what a server answers, as far as it is printed.
type worklistPage struct {
	Items    []jsontext.Value `json:"items"`
	Next     string           `json:"next,omitzero"`
	Reasons  []openReason     `json:"reasons"`
	Position string           `json:"position"`
}

type openReason struct {
	Reason string    `json:"reason"`
	Open   int       `json:"open"`
	Oldest time.Time `json:"oldest"`
}

type openItem struct {
	ID       string    `json:"id"`
	Stream   string    `json:"stream"`
	OpenedAt time.Time `json:"opened_at"`
	Reason   string    `json:"reason"`
	User     string    `json:"user"`
	Again    int       `json:"again"`
	Details  struct {
		Amount *struct {
			Currency string `json:"currency"`
			Amount   string `json:"amount"`
		} `json:"amount"`
		Format string `json:"format"`
	} `json:"details"`
}

// maxPage is the largest page that a server answers with.
const maxPage = 1000

func (f *listFlags) print(ctx context.Context, out output, env *environment, path string) error {
	if f.Limit < 1 {
		return exitError{exitUsage, fmt.Errorf("--limit is a whole number from 1")}
	}
	page := worklistPage{Items: []jsontext.Value{}}
	for first := true; first || page.Next != "" && len(page.Items) < f.Limit; first = false {
		query := url.Values{"limit": {strconv.Itoa(min(maxPage, f.Limit-len(page.Items)))}}
		if f.Reason != "" {
			query.Set("reason", f.Reason)
		}
		if page.Next != "" {
			query.Set("cursor", page.Next)
		}
		read := page.Items
		page = worklistPage{}
		if err := f.get(ctx, env, path, query, &page); err != nil {
			return err
		}
		page.Items = append(read, page.Items...)
	}
	if f.Format == "json" {
		return json.MarshalWrite(out.stdout, page, jsontext.Multiline(true))
	}
	return page.writeText(out.stdout)
}

func (p worklistPage) writeText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "opened\tfor\treason\tamount\tuser\tstream\tid")
	for _, text := range p.Items {
		var i openItem
		if err := json.Unmarshal(text, &i); err != nil {
			return fmt.Errorf("an item that the server answers: %w", err)
		}
		amount := "-"
		if a := i.Details.Amount; a != nil {
			amount = a.Amount + " " + a.Currency
		}
		reason := i.Reason
		if i.Again > 0 {
			reason += fmt.Sprintf(" (again %d)", i.Again)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.OpenedAt.UTC().Format("2006-01-02 15:04"), age(i.OpenedAt), reason, amount, cmp.Or(i.User, "-"), i.Stream, i.ID)
	}
	if len(p.Items) > 0 {
		if err := table.Flush(); err != nil {
			return err
		}
	}
	all, reasons := 0, []string{}
	for _, r := range p.Reasons {
		all += r.Open
		reasons = append(reasons, fmt.Sprintf("%s %s", count(uint64(r.Open)), r.Reason))
	}
	if all == 0 {
		_, err := fmt.Fprintf(w, "nothing is open at position %s\n", p.Position)
		return err
	}
	more := ""
	if p.Next != "" {
		more = ", not all are printed: see --limit"
	}
	_, err := fmt.Fprintf(w, "%s at position %s: %s%s\n", plural(uint64(all), "open item", "open items"), p.Position, strings.Join(reasons, ", "), more)
	return err
}

// age says for how long something has waited.
func age(since time.Time) string {
	return strings.TrimSpace(humanize.RelTime(since, time.Now(), "", ""))
}
