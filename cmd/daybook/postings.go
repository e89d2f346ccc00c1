package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"daybook/domain/money"
)

// posting is one side of a posting, as a server answers it.
type posting struct {
	Account  string         `json:"account"`
	Amount   string         `json:"amount"`
	Currency money.Currency `json:"currency"`
}

// writePostings prints what a decision moves: a debit is positive, a credit negative.
func writePostings(w io.Writer, postings []posting) error {
	if len(postings) == 0 {
		_, err := fmt.Fprintln(w, "  no account changes")
		return err
	}
	width := 0
	for _, p := range postings {
		width = max(width, len(p.Amount))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range postings {
		fmt.Fprintf(table, "  %s\t%s%s %s\n", p.Account, strings.Repeat(" ", width-len(p.Amount)), p.Amount, p.Currency)
	}
	return table.Flush()
}
