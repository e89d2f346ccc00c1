package simulate

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"daybook/http/callback/hook0"
)

// webhook makes the request of a webhook, signed at the time of the attempt.
func (c *client) webhook(ctx context.Context, d Delivery, at time.Time) (*http.Request, error) {
	address := c.target.Callbacks.JoinPath("callbacks", "coinbase", "checkouts")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Event-Id", d.EventID)
	request.Header.Set("X-Event-Type", d.Webhook)
	signature, err := hook0.Sign(c.target.Signing, at, request.Header, d.Body, "X-Event-Id", "X-Event-Type")
	if err != nil {
		return nil, err
	}
	request.Header.Set(hook0.Header, signature)
	return request, nil
}

// registration makes the request of the website that registers an order.
func (c *client) registration(ctx context.Context, d Delivery, query string) (*http.Request, error) {
	address := c.target.Balances.JoinPath("orders", url.PathEscape(d.Registers))
	address.RawQuery = query
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address.String(), bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.target.Token)
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}
