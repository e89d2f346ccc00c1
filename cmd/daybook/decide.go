package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"daybook/domain/ident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type decideCommand struct {
	serverFlag `embed:""`
	Item       string  `arg:"" help:"The id of the item, as daybook review prints it."`
	Decision   string  `arg:"" help:"credit it to a user, complete the sale that it was meant for, refund it, dismiss it, or charge a refund to a user; reverse the decision that stands; or of a refund: it was sent elsewhere, or withdraw it." enum:"credit,complete,refund,dismiss,charge,reverse,sent,withdraw"`
	Note       string  `help:"Why. It stays in the log for ever." placeholder:"TEXT" env:"-"`
	User       string  `help:"Who is credited or charged, if it is not the user of the item." placeholder:"USER" env:"-"`
	Amount     string  `help:"How much it is, where the item does not say so." placeholder:"AMOUNT" env:"-"`
	Currency   string  `help:"Of --amount, or of --arrived where the item does not say so." placeholder:"CURRENCY" env:"-"`
	Times      *int    `help:"Of a deposit without a transaction hash: how many came." placeholder:"N" env:"-"`
	Arrived    string  `help:"Of a dismissal: how much came, if it is not what the item has posted." placeholder:"AMOUNT" env:"-"`
	Round      *int    `help:"The round that is decided, if it is not the present one." placeholder:"N" env:"-"`
	Reference  string  `help:"Of a refund that was sent: the id or hash of what you sent." placeholder:"TEXT" env:"-"`
	SentAt     *moment `help:"Of a refund that was sent: when, such as 2026-01-31T23:59:59Z." placeholder:"TIME" env:"-"`
	DryRun     bool    `help:"Show what it would post, and send nothing." env:"-"`
	Yes        bool    `help:"Send it without a question." env:"-"`
	Format     string  `help:"text; json: the server's answer." enum:"text,json" default:"text" env:"-"`
}

// Run shows an item and what a decision would post, asks, and sends it.
func (c *decideCommand) Run(ctx context.Context, out output, env *environment) error {
	if err := c.check(); err != nil {
		return exitError{exitUsage, err}
	}
	item, _, err := c.item(ctx, env, c.Item)
	if err != nil {
		return err
	}
	if c.Round == nil {
		c.Round = &item.Round
	}
	talk := out.stdout
	if c.Format == "json" {
		talk = out.stderr
	}
	send := c.request()
	if err := item.writeHead(talk); err != nil {
		return err
	}
	isKnown, err := c.preview(ctx, env, send, talk)
	switch {
	case err != nil:
		return err
	case c.DryRun:
		return nil
	case !isKnown:
		if err := confirm(os.Stdin, talk, c.Yes, c.line()); err != nil {
			return err
		}
	}
	return c.decide(ctx, env, out, send)
}

// check checks what no server is needed for.
func (c *decideCommand) check() error {
	isRefund := c.Decision == "sent" || c.Decision == "withdraw"
	switch {
	case ident.Check(c.Item) != nil:
		return errors.New("an item has an id, as `daybook review` prints it")
	case !isRefund && c.Note == "":
		return errors.New("--note is missing: it says why, and stays in the log")
	case c.Decision == "sent" && (c.Reference == "" || c.SentAt == nil):
		return errors.New("--reference and --sent-at say what you sent, and when")
	}
	return nil
}

// deciding is a request of a decision.
type deciding struct {
	method, path string
	body         any
	isDry        bool // it has a dry run
}

// decisionBody is the body of a decision. Its members are those of the command line.
type decisionBody struct {
	Decision string `json:"decision"`
	User     string `json:"user,omitzero"`
	Amount   string `json:"amount,omitzero"`
	Currency string `json:"currency,omitzero"`
	Times    *int   `json:"times,omitzero"`
	Arrived  string `json:"arrived,omitzero"`
	Note     string `json:"note"`
	Round    int    `json:"round"`
}

func (c *decideCommand) request() deciding {
	path := "/review/" + url.PathEscape(c.Item)
	switch c.Decision {
	case "reverse":
		return deciding{http.MethodPost, path + "/reversal", map[string]any{"note": c.Note, "round": *c.Round}, true}
	case "sent":
		return deciding{http.MethodPut, path + "/refund/sent", map[string]any{"reference": c.Reference, "sent_at": c.SentAt.text()}, false}
	case "withdraw":
		return deciding{http.MethodDelete, path + "/refund", struct{}{}, false}
	}
	return deciding{http.MethodPut, path + "/decision", decisionBody{
		c.Decision, c.User, c.Amount, c.Currency, c.Times, c.Arrived, c.Note, *c.Round,
	}, true}
}

// decisionAnswer is what a server answers to a decision, as far as it is printed.
type decisionAnswer struct {
	Round    int       `json:"round"`
	Refund   string    `json:"refund"`
	Status   string    `json:"status"` // of a refund
	Postings []posting `json:"postings"`
	Position string    `json:"position"`
}

// preview prints what the decision would post. It reports whether it was decided before.
func (c *decideCommand) preview(ctx context.Context, env *environment, send deciding, w io.Writer) (isKnown bool, err error) {
	if !send.isDry {
		fmt.Fprintf(w, "\n%s\n", map[string]string{
			"sent": "The refund was sent: its amount leaves whoever has it.", "withdraw": "The refund is not sent: the item is open again.",
		}[c.Decision])
		return false, nil
	}
	var answer decisionAnswer
	header, err := c.send(ctx, env, send.method, send.path, url.Values{"dry_run": {"true"}}, send.body, &answer)
	if err != nil {
		return false, err
	}
	if isKnown = header.Get("Idempotency-Hit") != ""; isKnown {
		_, err = fmt.Fprintln(w, "\nThis was decided before. It posted:")
	} else {
		_, err = fmt.Fprintf(w, "\n%s in round %d posts:\n", c.Decision, *c.Round)
	}
	return isKnown, errors.Join(err, writePostings(w, answer.Postings))
}

// errUnsent says that the person did not agree.
var errUnsent = errors.New("nothing was sent")

// confirm asks whether to send. Without a terminal it refuses, and prints the line that
// sends the same.
func confirm(in *os.File, w io.Writer, isYes bool, line string) error {
	if isYes {
		return nil
	}
	if !isTerminal(in) {
		return exitError{exitUsage, fmt.Errorf("nothing was sent: there is no terminal to ask on. To send it, type\n  %s", line)}
	}
	return ask(in, w)
}

// ask reads the answer of a person. Anything but yes is no.
func ask(in io.Reader, w io.Writer) error {
	fmt.Fprint(w, "\nSend it? [y/N] ")
	text, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return nil
	}
	return errUnsent
}

// line is the command that sends the same without a question.
func (c *decideCommand) line() string {
	words := commandLine{"daybook", "decide", quote(c.Item), c.Decision}
	words.add("--user", c.User)
	words.add("--amount", c.Amount)
	words.add("--currency", c.Currency)
	if c.Times != nil {
		words.add("--times", strconv.Itoa(*c.Times))
	}
	words.add("--arrived", c.Arrived)
	words.add("--note", c.Note)
	words.add("--reference", c.Reference)
	words.add("--sent-at", c.SentAt.text())
	if c.Note != "" {
		words.add("--round", strconv.Itoa(*c.Round))
	}
	words.add("--server", c.Server)
	return words.withoutQuestion()
}

// commandLine is a command to paste into a shell.
type commandLine []string

// add adds a flag that has a value.
func (l *commandLine) add(flag, value string) {
	if value != "" {
		*l = append(*l, flag, quote(value))
	}
}

func (l commandLine) withoutQuestion() string { return strings.Join(append(l, "--yes"), " ") }

// decide sends the decision and prints the answer.
func (c *decideCommand) decide(ctx context.Context, env *environment, out output, send deciding) error {
	var text jsontext.Value
	header, err := c.send(ctx, env, send.method, send.path, nil, send.body, &text)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return writeIndented(out.stdout, text)
	}
	var answer decisionAnswer
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("the answer of the server: %w", err)
	}
	said := "recorded"
	if header.Get("Idempotency-Hit") != "" {
		said = "known"
	}
	fmt.Fprintf(out.stdout, "\n%s at position %s\n", said, answer.Position)
	switch c.Decision {
	case "refund":
		fmt.Fprintf(out.stdout, "send it, and then type\n  daybook decide %s sent --reference ID --sent-at TIME\nunless Coinbase sends it, whose report daybook takes\n", c.Item)
	case "reverse", "withdraw":
		fmt.Fprintf(out.stdout, "the item is open again\n")
	}
	return nil
}

// writeHead prints what the decision is about.
func (i decidedItem) writeHead(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s of %s, user %s, %s\n", i.reason(), i.Details.Amount, cmp.Or(i.User, "-"), cmp.Or(i.Payment, i.Stream))
	return errors.Join(err, i.writeReadings(w))
}
