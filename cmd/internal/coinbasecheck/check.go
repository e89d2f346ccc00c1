// Package coinbasecheck tries what taking checkouts depends on: the API key, the webhook
// subscription, the webhook secrets and the clock. It moves no money and leaves nothing
// behind, at Coinbase or on the server.
package coinbasecheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"daybook/http/coinbase"
)

// Check is what to try and with what.
type Check struct {
	Business *coinbase.Client   // nil: Key says why
	Platform *coinbase.Platform // nil with Business
	KeyName  string
	KeyError error // why there is no client
	Sandbox  bool  // look for the sandbox's subscription

	Secrets      []string // of webhooks; all are live
	SecretsError error    // why there are none
	Variable     string   // that sets them

	Server *url.URL // what comes before the route; the secrets are tried there
	HTTP   *http.Client
	Now    func() time.Time
}

// The lines, in their order.
const (
	keyLine          = "key"
	scopeLine        = "scope"
	listLine         = "list"
	subscriptionLine = "subscription"
	deliveriesLine   = "deliveries"
	signatureLine    = "signature"
	clockLine        = "clock"
)

// Run prints a line for each try and returns an error if one failed. A line that
// depends on a failed one is skipped.
func (c Check) Run(ctx context.Context, w io.Writer) error {
	r := &report{w: w}
	c.tryAPI(ctx, r)
	c.tryWebhooks(ctx, r)
	c.trySignatures(ctx, r)
	c.tryClock(r)
	if err := errors.Join(ctx.Err(), r.err); err != nil {
		return err
	}
	if n := len(r.failed); n > 0 {
		return fmt.Errorf("%d of the lines are not ok: do what they say, and check again", n)
	}
	return nil
}

// report prints lines and remembers which were not ok.
type report struct {
	w      io.Writer
	failed []string
	err    error // of the first write that failed
}

func (r *report) print(word, line, text string) {
	if _, err := fmt.Fprintf(r.w, "%-7s %-12s %s\n", word, line, text); r.err == nil {
		r.err = err
	}
}

func (r *report) ok(line, format string, arguments ...any) {
	r.print("ok", line, fmt.Sprintf(format, arguments...))
}

// fail says what is wrong and what to do.
func (r *report) fail(line, format string, arguments ...any) {
	r.failed = append(r.failed, line)
	r.print("failed", line, fmt.Sprintf(format, arguments...))
}

// skip says which failed line others depend on.
func (r *report) skip(because string, lines ...string) {
	for _, line := range lines {
		r.print("skipped", line, "it depends on "+because)
	}
}
