package simulate

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"daybook/http/callback/hook0"
)

// testNow is what Coinbase's button "Test Now" posts. Daybook stores nothing
// of it.
const testNow = `{"order":{"id":null,"created_at":null,"status":"completed","event":null,` +
	`"total_btc":{"cents":100000000,"currency_iso":"BTC"},"total_native":{"cents":1000,"currency_iso":"USD"},` +
	`"total_payout":{"cents":1000,"currency_iso":"USD"},"custom":"123456789",` +
	`"receive_address":"mzVoQenSY6RTBgBUcpSBTBAvUMNgGWxgJn","button":{"type":"buy_now","name":"Test Item",` +
	`"description":null,"id":null},"transaction":{"id":"53bdfe4d091c0d74a7000003",` +
	`"hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","confirmations":0}}}`

// preflight finds out with one request each whether callbacks are taken and
// balances may be read, so that a wrong setting is one error, and leaves
// nothing on the server.
func (c *client) preflight(ctx context.Context, user string) error {
	a, err := c.post(ctx, Delivery{Body: []byte(testNow)}, Kept)
	switch {
	case err != nil:
		return unreachable(c.target.Callbacks.Redacted(), err)
	case a.status == http.StatusOK, isTransient(a.status):
		// A server that is busy or starting is what repetitions are for.
	default:
		return fmt.Errorf("a callback to %s is answered %w", c.target.Callbacks.Redacted(), refusedCallback(a))
	}
	a, err = c.balances(ctx, user, "0")
	switch {
	case err != nil:
		return unreachable(c.target.Balances.Redacted(), err)
	case a.status == http.StatusOK, isTransient(a.status):
		return nil
	}
	return fmt.Errorf("reading a balance at %s is answered %w", c.target.Balances.Redacted(), refusedRead(a))
}

// preflightCheckouts finds out likewise whether webhooks are taken, orders may be
// registered and worklists read. The signature is a day old: a server that knows the
// secret says so, and keeps nothing.
func (c *client) preflightCheckouts(ctx context.Context, user string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	hook := Delivery{Webhook: "checkout.test", EventID: "daybook-simulate", Body: []byte(`{"id":"daybook-simulate","eventType":"checkout.test"}`)}
	order := Delivery{Registers: "checkout.daybook-simulate", Body: marshal(map[string]string{"user": user, "amount": "1.00", "currency": "USD"})}
	signed, err := c.webhook(ctx, hook, time.Now().AddDate(0, 0, -1))
	if err != nil {
		return err
	}
	dry, err := c.registration(ctx, order, "dry_run=true")
	if err != nil {
		return err
	}
	a, err := c.do(signed)
	switch {
	case err != nil:
		return unreachable(c.target.Callbacks.Redacted(), err)
	case isTransient(a.status), a.status == http.StatusUnauthorized && strings.Contains(strings.ToLower(a.detail()), hook0.ErrTime.Error()):
	default:
		return fmt.Errorf("a webhook to %s is answered %w", c.target.Callbacks.Redacted(), refusedWebhook(a))
	}
	if a, err = c.do(dry); err != nil {
		return unreachable(c.target.Balances.Redacted(), err)
	} else if a.status != http.StatusOK && !isTransient(a.status) {
		return fmt.Errorf("registering an order at %s is answered %w", c.target.Balances.Redacted(), refusedToken(a))
	}
	if a, err = c.readList(ctx, "review", url.Values{"limit": {"1"}}); err != nil {
		return unreachable(c.target.Balances.Redacted(), err)
	} else if a.status != http.StatusOK && !isTransient(a.status) {
		return fmt.Errorf("reading /review at %s is answered %w", c.target.Balances.Redacted(), refusedToken(a))
	}
	return nil
}
