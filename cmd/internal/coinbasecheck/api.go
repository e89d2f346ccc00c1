package coinbasecheck

import (
	"context"
	"errors"
	"time"

	"daybook/http/coinbase"
)

// tryAPI asks for one checkout. The answer shows three things: 401 is about the key,
// 403 about its scope, and anything else about neither.
func (c Check) tryAPI(ctx context.Context, r *report) {
	if c.Business == nil {
		r.fail(keyLine, "%v", c.KeyError)
		r.skip(keyLine, scopeLine, listLine)
		return
	}
	_, err := c.Business.Checkouts(ctx, coinbase.Query{PageSize: 1})
	switch reasonOf(err) {
	case "":
	case coinbase.Unauthorized:
		r.fail(keyLine, "%v%s", err, keyAdvice)
		r.skip(keyLine, scopeLine, listLine)
		return
	case coinbase.Forbidden:
		r.ok(keyLine, "%s is accepted", c.KeyName)
		r.fail(scopeLine, "%v", err)
		r.skip(scopeLine, listLine)
		return
	default:
		r.skip(listLine, keyLine, scopeLine)
		r.fail(listLine, "%v", err)
		return
	}
	r.ok(keyLine, "%s is accepted", c.KeyName)
	r.ok(scopeLine, "it may view checkouts")
	r.ok(listLine, "a page of checkouts was read%s", where(c.Sandbox))
}

// keyAdvice adds what a 401 may also mean.
const keyAdvice = "; Coinbase's pages ask for an ECDSA key (ES256), and an Ed25519 key may be refused; if all of that is right, try --coinbase-claims uris"

func where(sandbox bool) string {
	if sandbox {
		return " in the sandbox"
	}
	return ""
}

// reasonOf returns why Coinbase gave no usable answer; empty if it gave one.
func reasonOf(err error) string {
	var u *coinbase.Unavailable
	switch {
	case err == nil:
		return ""
	case errors.As(err, &u):
		return u.Reason
	}
	return coinbase.Unreachable // interrupted
}

// maxSkew is how far a synchronised clock may be from a Date, which has whole seconds.
const maxSkew = 5 * time.Second

func (c Check) tryClock(r *report) {
	if c.Business == nil {
		r.skip(keyLine, clockLine)
		return
	}
	off, known := c.Business.ClockAhead()
	direction := "ahead of"
	if off < 0 {
		off, direction = -off, "behind"
	}
	switch {
	case !known:
		r.print("skipped", clockLine, "no answer of Coinbase had a date")
	case off > maxSkew:
		r.fail(clockLine, "this clock is %s %s Coinbase's: synchronise it, for example with chrony; tokens live for two minutes, and a signature's time may be five minutes off", off, direction)
	default:
		r.ok(clockLine, "within %s of Coinbase's", maxSkew)
	}
}
