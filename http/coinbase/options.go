package coinbase

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Options configure a Client. Only Key is required.
type Options struct {
	Key     Key
	Claims  Claims
	BaseURL string // scheme and host; default DefaultURL
	Sandbox bool   // ask below /sandbox

	Timeout    time.Duration // of one request; default 10 s
	BreakAfter uint32        // consecutive failures that open the breaker; default 5
	BreakFor   time.Duration // how long it stays open; default 30 s

	Transport http.RoundTripper // default: one of the client's own
	Now       func() time.Time  // default time.Now
	Nonce     io.Reader         // default crypto/rand
}

func (o Options) withDefaults() Options {
	if o.BaseURL == "" {
		o.BaseURL = DefaultURL
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.BreakAfter == 0 {
		o.BreakAfter = 5
	}
	if o.BreakFor == 0 {
		o.BreakFor = 30 * time.Second
	}
	if o.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxResponseHeaderBytes = 64 << 10
		o.Transport = transport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Nonce == nil {
		o.Nonce = rand.Reader
	}
	return o
}

// parseBase refuses plain HTTP except on loopback: the token is a bearer token.
func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" || base.Path != "" && base.Path != "/" {
		return nil, errors.New("coinbase: the base URL must be a scheme and a host, such as " + DefaultURL)
	}
	address, err := netip.ParseAddr(base.Hostname())
	loopback := base.Hostname() == "localhost" || err == nil && address.IsLoopback()
	if base.Scheme != "https" && !(base.Scheme == "http" && loopback) {
		return nil, errors.New("coinbase: the base URL must use https")
	}
	return base, nil
}
