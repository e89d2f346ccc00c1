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
		Amount *openAmount `json:"amount"`
		Format string      `json:"format"`
		Digest string      `json:"digest"`
		Length int64       `json:"length"`
	} `json:"details"`
}

type openAmount struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
}

// String returns the amount as a person reads it; a dash for none.
func (a *openAmount) String() string {
	if a == nil {
		return "-"
	}
	return a.Amount + " " + a.Currency
}

// reason says why the item waits, and whether it came again.
func (i openItem) reason() string {
	if i.Again > 0 {
		return i.Reason + fmt.Sprintf(" (again %d)", i.Again)
	}
	return i.Reason
}

// maxPage is the largest page that a server answers with.
const maxPage = 1000

// print prints a list, as a table that write prints.
func (f *listFlags) print(ctx context.Context, out output, env *environment, path string, write func(worklistPage, io.Writer) error) error {
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
	return write(page, out.stdout)
}

// writeText prints what waits for a person's decision.
func (p worklistPage) writeText(w io.Writer) error {
	return p.writeTable(w, "opened\tfor\treason\tamount\tuser\tstream\tid", func(i openItem) []string {
		return []string{i.reason(), i.Details.Amount.String(), cmp.Or(i.User, "-"), i.Stream, i.ID}
	})
}

// writeKept prints the callbacks that were kept without being understood.
func (p worklistPage) writeKept(w io.Writer) error {
	return p.writeTable(w, "kept\tfor\treason\tformat\tsize\tdigest", func(i openItem) []string {
		size := "-"
		if i.Details.Length >= 0 {
			size = humanize.Bytes(uint64(i.Details.Length))
		}
		return []string{i.reason(), i.Details.Format, size, i.Details.Digest}
	})
}

func (p worklistPage) writeTable(w io.Writer, head string, row func(openItem) []string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, head)
	for _, text := range p.Items {
		var i openItem
		if err := json.Unmarshal(text, &i); err != nil {
			return fmt.Errorf("an item that the server answers: %w", err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", i.OpenedAt.UTC().Format("2006-01-02 15:04"), age(i.OpenedAt), strings.Join(row(i), "\t"))
	}
	if len(p.Items) > 0 {
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return p.writeCounts(w)
}

// writeCounts says how much is open in all.
func (p worklistPage) writeCounts(w io.Writer) error {
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

// momentText says when something was, and how long ago.
func momentText(t time.Time) string {
	text := t.UTC().Format("2006-01-02 15:04") + " UTC"
	if passed := age(t); passed != "now" {
		return text + ", " + passed + " ago"
	}
	return text
}

// age says for how long something has waited.
func age(since time.Time) string {
	return strings.TrimSpace(humanize.RelTime(since, time.Now(), "", ""))
}
