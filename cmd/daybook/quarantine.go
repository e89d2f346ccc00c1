package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json"
)

type quarantineCommand struct {
	listFlags `embed:""`
	Digest    string `arg:"" optional:"" help:"One kept callback, by the SHA-256 of its body."`
	Body      bool   `help:"Print the body of that one as it came, and nothing else. It may have personal data in it." env:"-"`
}

// digestForm is that of the names of kept callbacks.
var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Run prints the callbacks that were kept without being understood, or one of them.
func (c *quarantineCommand) Run(ctx context.Context, out output, env *environment) error {
	switch {
	case c.Digest == "" && c.Body:
		return exitError{exitUsage, errors.New("--body goes with the digest of a kept callback, as `daybook quarantine` prints it")}
	case c.Digest == "":
		return c.print(ctx, out, env, "/quarantine", worklistPage.writeKept)
	case !digestForm.MatchString(c.Digest):
		return exitError{exitUsage, errors.New("a kept callback is named by its digest, 64 hexadecimal digits, as `daybook quarantine` prints it")}
	}
	var kept keptCallback
	if err := c.get(ctx, env, "/streams/quarantine-"+c.Digest, url.Values{"limit": {"1000"}}, &kept); err != nil {
		return err
	}
	switch {
	case c.Body:
		return kept.writeBody(out.stdout)
	case c.Format == "json":
		return kept.writeJSON(out.stdout)
	}
	return kept.writeText(out.stdout)
}

// keptCallback is the stream of a kept callback, as far as it is printed.
type keptCallback struct {
	Events []struct {
		Type       string    `json:"type"`
		RecordedAt time.Time `json:"recorded_at"`
		Data       struct {
			Format  string `json:"format"`
			Reason  string `json:"reason"`
			Digest  string `json:"digest"`
			Length  int64  `json:"length"`
			Reader  int    `json:"reader"`
			Outcome string `json:"outcome"`
		} `json:"data"`
		Metadata struct {
			Evidence struct {
				Source string `json:"source"`
				Body   []byte `json:"body"`
			} `json:"evidence"`
		} `json:"metadata"`
	} `json:"events"`
}

func (k keptCallback) writeBody(w io.Writer) error {
	if len(k.Events) == 0 || len(k.Events[0].Metadata.Evidence.Body) == 0 {
		return errors.New("the body is not there: a callback that is too large is kept without it")
	}
	_, err := w.Write(k.Events[0].Metadata.Evidence.Body)
	return err
}

func (k keptCallback) writeText(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for n, e := range k.Events {
		when := momentText(e.RecordedAt)
		if n == 0 {
			size := "of unknown size"
			if e.Data.Length >= 0 {
				size = humanize.Bytes(uint64(e.Data.Length))
			}
			fmt.Fprintf(table, "digest\t%s\nformat\t%s\nreason\t%s\nsize\t%s\nfrom\t%s\nkept\t%s\n",
				e.Data.Digest, e.Data.Format, e.Data.Reason, size, e.Metadata.Evidence.Source, when)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\n", "read again", strings.TrimSpace(fmt.Sprintf("by reader %d: %s %s", e.Data.Reader, e.Data.Outcome, e.Data.Reason))+", "+when)
	}
	return table.Flush()
}

// writeJSON prints what writeText does, without the body.
func (k keptCallback) writeJSON(w io.Writer) error {
	type readAgain struct {
		Reader  int       `json:"reader"`
		Outcome string    `json:"outcome"`
		Reason  string    `json:"reason,omitempty"`
		At      time.Time `json:"at"`
	}
	var object struct {
		Digest string      `json:"digest"`
		Format string      `json:"format"`
		Reason string      `json:"reason"`
		Length int64       `json:"length"`
		From   string      `json:"from"`
		KeptAt time.Time   `json:"kept_at"`
		Read   []readAgain `json:"read_again,omitempty"`
	}
	for n, e := range k.Events {
		if n > 0 {
			object.Read = append(object.Read, readAgain{e.Data.Reader, e.Data.Outcome, e.Data.Reason, e.RecordedAt})
			continue
		}
		d := e.Data
		object.Digest, object.Format, object.Reason, object.Length = d.Digest, d.Format, d.Reason, d.Length
		object.From, object.KeptAt = e.Metadata.Evidence.Source, e.RecordedAt
	}
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	return writeIndented(w, text)
}
