package coinbase

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Reasons of Unavailable. They are stable: metrics and events carry them.
const (
	Unauthorized = "unauthorized"
	Forbidden    = "forbidden"
	NotFound     = "not-found"
	RateLimited  = "rate-limited"
	ServerError  = "server-error"
	Timeout      = "timeout"
	Unreachable  = "unreachable"
	Unreadable   = "unreadable"
	BreakerOpen  = "breaker-open"
)

// Unavailable says that Coinbase gave no usable answer. It says nothing about the
// payment: not-found too may be a key of another account, or a copy that lags.
type Unavailable struct {
	Reason     string        // one of the constants above
	RetryAfter time.Duration // how long Coinbase asks to wait; 0 if it does not say
	Err        error         // the cause, if there is more to say

	path string
}

// advice is what an operator does next.
var advice = map[string]string{
	Unauthorized: "check the API key's name, its secret and algorithm, and this machine's clock",
	Forbidden:    "grant the API key the scope View (rat#view) in the CDP portal, and allow this machine's address there",
	NotFound:     "check that the API key belongs to the account that created it, and live or sandbox",
	RateLimited:  "wait; if it persists, send fewer requests",
	ServerError:  "wait; if it persists, see status.coinbase.com",
	Timeout:      "wait; if it persists, check the network and status.coinbase.com",
	Unreachable:  "check the base URL, DNS, the firewall and the certificates of this machine",
	Unreadable:   "check the base URL and any proxy; if both are right, report it: the API may have changed",
	BreakerOpen:  "wait; requests resume by themselves, and the errors before this one say what failed",
}

// Error says what happened and what to do. It contains no key, token or body.
func (u *Unavailable) Error() string {
	var text strings.Builder
	text.WriteString("coinbase")
	if u.path != "" {
		text.WriteString(" GET " + route(u.path))
	}
	text.WriteString(": " + u.Reason)
	if u.Err != nil {
		text.WriteString(" (" + u.Err.Error() + ")")
	}
	if u.RetryAfter > 0 {
		text.WriteString(", retry after " + u.RetryAfter.String())
	}
	return text.String() + ": " + advice[u.Reason]
}

// route returns a path without the id in it: errors end in logs.
func route(path string) string {
	for _, folder := range []string{"/checkouts/", "/payment-links/"} {
		if before, _, found := strings.Cut(path, folder); found {
			return before + folder + "{id}"
		}
	}
	return path
}

// Unwrap returns the cause.
func (u *Unavailable) Unwrap() error { return u.Err }

// fromStatus returns why an answer that is not 200 is of no use.
func fromStatus(path string, answer *http.Response, now time.Time) *Unavailable {
	u := &Unavailable{path: path, RetryAfter: retryAfter(answer.Header.Get("Retry-After"), now)}
	switch status := answer.StatusCode; {
	case status == http.StatusUnauthorized:
		u.Reason, u.Err = Unauthorized, skew(answer.Header.Get("Date"), now)
	case status == http.StatusForbidden:
		u.Reason = Forbidden
	case status == http.StatusNotFound:
		u.Reason = NotFound
	case status == http.StatusTooManyRequests:
		u.Reason = RateLimited
	case status >= 500:
		u.Reason, u.Err = ServerError, fmt.Errorf("status %d", status)
	case status >= 300 && status < 400:
		u.Reason, u.Err = Unreadable, fmt.Errorf("status %d: redirects are not followed", status)
	default:
		u.Reason, u.Err = Unreadable, fmt.Errorf("status %d", status)
	}
	return u
}

// skew says how far this clock is from Coinbase's, if that alone makes a token
// invalid.
func skew(date string, now time.Time) error {
	off, known := ahead(date, now)
	switch {
	case !known:
		return nil
	case off > lifetime/4:
		return errors.New("this clock is " + off.String() + " ahead of Coinbase's")
	case off < -lifetime/4:
		return errors.New("this clock is " + (-off).String() + " behind Coinbase's")
	}
	return nil
}

// ahead returns how far this clock is ahead of the header Date of an answer, which has
// whole seconds.
func ahead(date string, now time.Time) (off time.Duration, known bool) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return 0, false
	}
	return now.Sub(theirs).Round(time.Second), true
}

// maxRetryAfter bounds what a server can ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header Retry-After (RFC 9110, 10.2.3): seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
