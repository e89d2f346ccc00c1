package coinbase

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"daybook/domain/ident"
)

// Checkout returns what Coinbase says about a checkout.
func (c *Client) Checkout(ctx context.Context, id string) (Checkout, error) {
	return c.one(ctx, "/checkouts/", id)
}

// PaymentLink returns what Coinbase says about a payment link, which has the
// members of a checkout.
func (c *Client) PaymentLink(ctx context.Context, id string) (Checkout, error) {
	return c.one(ctx, "/payment-links/", id)
}

func (c *Client) one(ctx context.Context, folder, id string) (Checkout, error) {
	if err := ident.Check(id); err != nil {
		return Checkout{}, fmt.Errorf("coinbase: id of a %s: %w", folder[1:len(folder)-2], err)
	}
	path := c.prefix + folder + ident.Escape(id)
	body, err := c.get(ctx, path, nil)
	if err != nil {
		return Checkout{}, err
	}
	found, err := decodeCheckout(body, id)
	if err != nil {
		return Checkout{}, &Unavailable{Reason: Unreadable, Err: err, path: path}
	}
	return found, nil
}

// Query selects a page. The zero value is the first page of all.
type Query struct {
	PageSize  int    // 1 to MaxPageSize; 0 leaves it to Coinbase
	PageToken string // Page.NextPageToken of the page before
	Status    string // only this status
}

// Page is one page of a list. The last one has no NextPageToken.
type Page struct {
	Items         []Checkout
	NextPageToken string
}

// Checkouts returns a page of all checkouts.
func (c *Client) Checkouts(ctx context.Context, q Query) (Page, error) {
	return c.list(ctx, "/checkouts", q)
}

// PaymentLinks returns a page of all payment links.
func (c *Client) PaymentLinks(ctx context.Context, q Query) (Page, error) {
	return c.list(ctx, "/payment-links", q)
}

func (c *Client) list(ctx context.Context, folder string, q Query) (Page, error) {
	if q.PageSize < 0 || q.PageSize > MaxPageSize {
		return Page{}, fmt.Errorf("coinbase: page size %d, at most %d", q.PageSize, MaxPageSize)
	}
	values := url.Values{}
	if q.PageSize > 0 {
		values.Set("pageSize", strconv.Itoa(q.PageSize))
	}
	if q.PageToken != "" {
		values.Set("pageToken", q.PageToken)
	}
	if q.Status != "" {
		values.Set("status", q.Status)
	}
	path := c.prefix + folder
	body, err := c.get(ctx, path, values)
	if err != nil {
		return Page{}, err
	}
	page, err := decodePage(body, folder, q.PageToken)
	if err != nil {
		return Page{}, &Unavailable{Reason: Unreadable, Err: err, path: path}
	}
	return page, nil
}
