package coinbase

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/sony/gobreaker/v2"
)

// maxBody bounds an answer. A page of 100 checkouts is about 150 KiB.
const maxBody = 1 << 20

// newBreaker returns the breaker of the one host that a client asks.
func newBreaker(o Options) *gobreaker.CircuitBreaker[[]byte] {
	return gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Timeout:      o.BreakFor,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= o.BreakAfter },
		IsSuccessful: hostAnswers,
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// hostAnswers reports whether the host is up, whatever it said about one id.
func hostAnswers(err error) bool {
	var u *Unavailable
	if !errors.As(err, &u) {
		return err == nil
	}
	switch u.Reason {
	case Unauthorized, Forbidden, NotFound, RateLimited:
		return true
	}
	return false
}

// get returns the body of a 200, at most one byte longer than maxBody. Every error
// but the caller's own cancellation is an *Unavailable.
func (c *Client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	body, err := c.breaker.Execute(func() ([]byte, error) { return c.exchange(ctx, path, query) })
	switch {
	case errors.Is(err, gobreaker.ErrOpenState):
		return nil, &Unavailable{Reason: BreakerOpen, RetryAfter: c.rest, path: path}
	case errors.Is(err, gobreaker.ErrTooManyRequests):
		return nil, &Unavailable{Reason: BreakerOpen, path: path}
	}
	return body, err
}

func (c *Client) exchange(ctx context.Context, path string, query url.Values) ([]byte, error) {
	within, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := c.request(within, path, query)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fromTransport(ctx, path, Unreachable, err)
	}
	defer answer.Body.Close()
	if off, known := ahead(answer.Header.Get("Date"), c.tokens.now()); known {
		c.ahead.Store(&off)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fromStatus(path, answer, c.tokens.now())
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	if err != nil {
		return nil, fromTransport(ctx, path, Unreadable, err)
	}
	return body, nil
}

func (c *Client) request(ctx context.Context, path string, query url.Values) (*http.Request, error) {
	token, err := c.tokens.issue(c.host, path)
	if err != nil {
		return nil, err
	}
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("coinbase GET %s: %w", route(path), err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "daybook")
	return request, nil
}

// fromTransport returns why an exchange did not end. Errors of net/http can quote
// what the server sent, so only causes that cannot are kept.
func fromTransport(ctx context.Context, path, reason string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("coinbase GET %s: %w", route(path), context.Canceled)
	}
	u := &Unavailable{Reason: reason, path: path}
	var (
		network     net.Error
		operation   *net.OpError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		u.Reason, u.Err = Timeout, context.DeadlineExceeded
	case errors.As(err, &operation):
		u.Err = operation
	case errors.As(err, &certificate):
		u.Err = certificate
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		u.Reason, u.Err = Unreadable, io.ErrUnexpectedEOF
	default:
		u.Reason, u.Err = Unreadable, errors.New("the exchange broke HTTP")
	}
	return u
}
