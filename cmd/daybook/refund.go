package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"daybook/domain/ident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type refundCommand struct {
	serverFlag `embed:""`
	Order      string  `arg:"" help:"The order, such as checkout.68f7a946db0529ea9b6d3a12 or site.cart-7."`
	Refund     string  `arg:"" help:"The id of the refund, of your choice."`
	Action     string  `arg:"" optional:"" help:"show it, decide it, say that it was sent elsewhere, or withdraw it." enum:"show,decide,sent,withdraw" default:"show"`
	Amount     string  `help:"How much to send back." placeholder:"AMOUNT" env:"-"`
	Currency   string  `help:"The currency that was received." placeholder:"CURRENCY" env:"-"`
	Note       string  `help:"Why. It stays in the log for ever." placeholder:"TEXT" env:"-"`
	Reference  string  `help:"Of a refund that was sent: the id or hash of what you sent." placeholder:"TEXT" env:"-"`
	SentAt     *moment `help:"Of a refund that was sent: when, such as 2026-01-31T23:59:59Z." placeholder:"TIME" env:"-"`
	DryRun     bool    `help:"Of a refund to decide: send nothing." env:"-"`
	Yes        bool    `help:"Send it without a question." env:"-"`
	Format     string  `help:"text; json: the server's answer." enum:"text,json" default:"text" env:"-"`
}

// Run shows a refund, and changes it if that is asked for.
func (c *refundCommand) Run(ctx context.Context, out output, env *environment) error {
	if err := c.check(); err != nil {
		return exitError{exitUsage, err}
	}
	first := deciding{method: http.MethodGet, path: c.path()}
	send := c.request()
	if c.Action == "decide" {
		first = send
	}
	var text jsontext.Value
	_, err := c.send(ctx, env, first.method, first.path, dryRunOf(first), first.body, &text)
	if err != nil || c.Action == "show" || c.DryRun {
		return errors.Join(err, c.write(out.stdout, text, err))
	}
	talk := out.stdout
	if c.Format == "json" {
		talk = out.stderr
	}
	if err := writeRefund(talk, text); err != nil {
		return err
	}
	if err := confirm(os.Stdin, talk, c.Yes, c.line()); err != nil {
		return err
	}
	_, err = c.send(ctx, env, send.method, send.path, nil, send.body, &text)
	return errors.Join(err, c.write(out.stdout, text, err))
}

// check checks what no server is needed for.
func (c *refundCommand) check() error {
	switch {
	case ident.Check(c.Order) != nil || ident.Check(c.Refund) != nil:
		return errors.New("an order and a refund have 1 to 128 bytes without control characters")
	case c.Action == "decide" && (c.Amount == "" || c.Currency == "" || c.Note == ""):
		return errors.New("--amount, --currency and --note say how much to send back, and why")
	case c.Action == "sent" && (c.Reference == "" || c.SentAt == nil):
		return errors.New("--reference and --sent-at say what you sent, and when")
	}
	return nil
}

func (c *refundCommand) path() string {
	return "/orders/" + url.PathEscape(c.Order) + "/refunds/" + url.PathEscape(c.Refund)
}

func (c *refundCommand) request() deciding {
	switch c.Action {
	case "decide":
		return deciding{http.MethodPut, c.path(), map[string]string{"amount": c.Amount, "currency": c.Currency, "note": c.Note}, true}
	case "sent":
		return deciding{http.MethodPut, c.path() + "/sent", map[string]string{"reference": c.Reference, "sent_at": c.SentAt.text()}, false}
	}
	return deciding{http.MethodDelete, c.path(), struct{}{}, false}
}

// dryRunOf returns the query of a request that is only tried.
func dryRunOf(d deciding) url.Values {
	if d.isDry {
		return url.Values{"dry_run": {"true"}}
	}
	return nil
}

// write prints the answer, if there is one.
func (c *refundCommand) write(w io.Writer, text jsontext.Value, err error) error {
	switch {
	case err != nil:
		return nil
	case c.Format == "json":
		return writeIndented(w, text)
	}
	return writeRefund(w, text)
}

// writeRefund prints a refund in a line.
func writeRefund(w io.Writer, text jsontext.Value) error {
	var r struct {
		openRefund
		ID      string `json:"refund"`
		Payment string `json:"payment"`
		Note    string `json:"note"`
		By      string `json:"by"`
		DryRun  bool   `json:"dry_run"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("a refund that the server answers: %w", err)
	}
	ending := ""
	if r.DryRun {
		ending = " (not recorded)"
	}
	_, err := fmt.Fprintf(w, "refund %s of %s: %s, by %s: %s%s\n", r.ID, cmp.Or(r.Payment, "no payment"), r.openRefund.String(), r.By, r.Note, ending)
	return err
}

// line is the command that sends the same without a question.
func (c *refundCommand) line() string {
	words := commandLine{"daybook", "refund", quote(c.Order), quote(c.Refund), c.Action}
	words.add("--amount", c.Amount)
	words.add("--currency", c.Currency)
	words.add("--note", c.Note)
	words.add("--reference", c.Reference)
	words.add("--sent-at", c.SentAt.text())
	words.add("--server", c.Server)
	return words.withoutQuestion()
}
