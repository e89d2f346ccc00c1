// Package coinbase asks the API of Coinbase Business about checkouts and payment
// links. It returns evidence: what Coinbase says about a payment. It never decides
// whether the payment counts, and it never retries: its caller does both.
package coinbase

import (
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// DefaultURL is the production host. The sandbox is on the same host under /sandbox.
const DefaultURL = "https://business.coinbase.com"

// MaxPageSize is the largest page that the API returns. [list-checkouts]
const MaxPageSize = 100

// Client is safe for concurrent use.
type Client struct {
	http    http.Client
	base    string // scheme and host
	host    string
	prefix  string
	timeout time.Duration
	rest    time.Duration // how long an open breaker stays open
	tokens  tokens
	breaker *gobreaker.CircuitBreaker[[]byte]
	ahead   atomic.Pointer[time.Duration] // see ClockAhead
}

// New returns a client. It sends nothing.
func New(o Options) (*Client, error) {
	if o.Key.private == nil {
		return nil, errors.New("coinbase: no API key")
	}
	o = o.withDefaults()
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	c := &Client{host: base.Host, timeout: o.Timeout, rest: o.BreakFor, prefix: "/api/v1"}
	if o.Sandbox {
		c.prefix = "/sandbox/api/v1"
	}
	c.base = base.Scheme + "://" + base.Host
	c.tokens = tokens{key: o.Key, claims: o.Claims, now: o.Now, nonce: o.Nonce}
	c.http = http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // another host must not receive the token
	}}
	c.breaker = newBreaker(o)
	return c, nil
}

// ClockAhead returns how far this clock was ahead of Coinbase's at the last answer,
// whatever that said; negative if it was behind. It is exact to a second and the time
// that the answer took. Before the first answer with a Date it is not known.
func (c *Client) ClockAhead() (off time.Duration, known bool) {
	if off := c.ahead.Load(); off != nil {
		return *off, true
	}
	return 0, false
}

// CloseIdleConnections closes connections that no request uses.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }
