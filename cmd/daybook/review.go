package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"daybook/domain/ident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type reviewCommand struct {
	listFlags `embed:""`
	Item      string `arg:"" optional:"" help:"One item, open or decided, with both readings and what each decision would post."`
}

// Run prints what waits for a person's decision, or one item.
func (c *reviewCommand) Run(ctx context.Context, out output, env *environment) error {
	if c.Item == "" {
		return c.print(ctx, out, env, "/review", worklistPage.writeText)
	}
	item, text, err := c.item(ctx, env, c.Item)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return writeIndented(out.stdout, text)
	}
	return item.writeText(out.stdout)
}

// item reads one item, as it is and as text.
func (f *serverFlag) item(ctx context.Context, env *environment, id string) (item decidedItem, text jsontext.Value, err error) {
	if ident.Check(id) != nil {
		return item, nil, exitError{exitUsage, errors.New("an item has an id, as `daybook review` prints it")}
	}
	if err := f.get(ctx, env, "/review/"+url.PathEscape(id), nil, &text); err != nil {
		return item, nil, err
	}
	if err := json.Unmarshal(text, &item); err != nil {
		return item, nil, fmt.Errorf("an item that the server answers: %w", err)
	}
	return item, text, nil
}

func writeIndented(w io.Writer, text jsontext.Value) error {
	if err := text.Indent(); err != nil {
		return err
	}
	_, err := w.Write(append(text, '\n'))
	return err
}

// decidedItem is an item of review, as far as it is printed.
type decidedItem struct {
	openItem
	Payment  string `json:"payment"`
	Round    int    `json:"round"`
	RefundTo string `json:"refund_to"`
	Status   string `json:"status"`
	Readings *struct {
		Reported reportReading `json:"reported"`
		Standing reportReading `json:"standing"`
	} `json:"readings"`
	Decisions []struct {
		Decision string    `json:"decision"`
		Needs    string    `json:"needs"`
		Postings []posting `json:"postings"`
	} `json:"decisions"`
	SettledBy string      `json:"settled_by"`
	Rounds    []itemRound `json:"rounds"`
	Refund    *openRefund `json:"refund"`
}

// reportReading is one side of a contradiction.
type reportReading struct {
	Status     string      `json:"status"`
	User       string      `json:"user"`
	Amount     *openAmount `json:"amount"`
	Reference  string      `json:"reference"`
	OccurredAt time.Time   `json:"occurred_at"`
	Transfer   *struct {
		Hash    string      `json:"hash"`
		Network string      `json:"network"`
		Quoted  *openAmount `json:"quoted"`
	} `json:"transfer"`
}

type itemRound struct {
	Round    int         `json:"round"`
	Decision string      `json:"decision"`
	User     string      `json:"user"`
	Amount   *openAmount `json:"amount"`
	Note     string      `json:"note"`
	By       string      `json:"by"`
	At       time.Time   `json:"at"`
	Reversed *struct {
		Withdrawn bool      `json:"withdrawn"`
		Note      string    `json:"note"`
		By        string    `json:"by"`
		At        time.Time `json:"at"`
	} `json:"reversed"`
}

type openRefund struct {
	Amount    openAmount `json:"amount"`
	Status    string     `json:"status"`
	Failed    bool       `json:"failed"`
	Reference string     `json:"reference"`
}

// writeText prints the item, both readings, and what each decision would post.
func (i decidedItem) writeText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	status := cmp.Or(i.Status, "open")
	if i.SettledBy != "" {
		status += " with item " + i.SettledBy
	}
	for _, row := range [][2]string{
		{"item", i.ID}, {"status", status}, {"reason", i.reason()}, {"opened", momentText(i.OpenedAt)},
		{"stream", i.Stream}, {"payment", i.Payment}, {"amount", i.Details.Amount.String()}, {"user", cmp.Or(i.User, "-")},
		{"refund to", i.RefundTo}, {"round", fmt.Sprint(i.Round)}, {"refund", i.Refund.String()},
	} {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, part := range []func(io.Writer) error{i.writeReadings, i.writeRounds, i.writeDecisions} {
		if err := part(w); err != nil {
			return err
		}
	}
	return nil
}

func (i decidedItem) writeReadings(w io.Writer) error {
	if i.Readings == nil {
		return nil
	}
	reported, standing := i.Readings.Reported.rows(), i.Readings.Standing.rows()
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\treported\tstanding")
	for n, name := range []string{"status", "user", "amount", "quoted", "network", "hash", "reference", "at"} {
		if reported[n] != "" || standing[n] != "" {
			fmt.Fprintf(table, "%s\t%s\t%s\n", name, cmp.Or(reported[n], "-"), cmp.Or(standing[n], "-"))
		}
	}
	return table.Flush()
}

// rows are the lines of one side, in the order of the table.
func (r reportReading) rows() []string {
	rows := []string{r.Status, r.User, r.Amount.String(), "", "", "", r.Reference, ""}
	if r.Amount == nil {
		rows[2] = ""
	}
	if t := r.Transfer; t != nil {
		rows[4], rows[5] = t.Network, t.Hash
		if t.Quoted != nil {
			rows[3] = t.Quoted.String()
		}
	}
	if !r.OccurredAt.IsZero() {
		rows[7] = r.OccurredAt.UTC().Format("2006-01-02 15:04:05")
	}
	return rows
}

func (i decidedItem) writeRounds(w io.Writer) error {
	for n, r := range i.Rounds {
		if n == 0 {
			fmt.Fprintln(w)
		}
		said := []string{r.Decision}
		if r.User != "" {
			said = append(said, "user "+r.User)
		}
		if r.Amount != nil {
			said = append(said, r.Amount.String())
		}
		fmt.Fprintf(w, "round %d: %s, by %s at %s: %s\n", r.Round, strings.Join(said, ", "), r.By, r.At.UTC().Format("2006-01-02 15:04"), r.Note)
		if end := r.Reversed; end != nil {
			word := "reversed"
			if end.Withdrawn {
				word = "withdrawn"
			}
			fmt.Fprintf(w, "  %s by %s at %s%s\n", word, end.By, end.At.UTC().Format("2006-01-02 15:04"), strings.TrimSuffix(": "+end.Note, ": "))
		}
	}
	return nil
}

func (i decidedItem) writeDecisions(w io.Writer) error {
	for _, d := range i.Decisions {
		switch {
		case d.Needs != "":
			fmt.Fprintf(w, "\n%s needs %s\n", d.Decision, d.Needs)
			continue
		case d.Decision == "refund":
			fmt.Fprintf(w, "\n%s reserves it until you say that it was sent:\n", d.Decision)
		default:
			fmt.Fprintf(w, "\n%s:\n", d.Decision)
		}
		if err := writePostings(w, d.Postings); err != nil {
			return err
		}
	}
	for _, d := range i.Decisions {
		if d.Needs == "" { // as it stands
			fmt.Fprintf(w, "\ndaybook decide %s %s --note WHY\n", i.ID, d.Decision)
			break
		}
	}
	return nil
}

// String returns how far a refund has come; empty for none.
func (r *openRefund) String() string {
	if r == nil {
		return ""
	}
	words := []string{r.Amount.String(), r.Status, r.Reference}
	if r.Failed {
		words = append(words, "(Coinbase reports that it failed)")
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
}
