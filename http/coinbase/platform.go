package coinbase

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"daybook/domain/ident"
)

// PlatformURL is the production host of the Coinbase Developer Platform, which keeps
// webhook subscriptions, those of the sandbox among them.
const PlatformURL = "https://api.cdp.coinbase.com"

const subscriptionsPath = "/platform/v2/data/webhooks/subscriptions"

// Platform asks the Coinbase Developer Platform about webhooks. It is safe for
// concurrent use.
type Platform struct{ client *Client }

// NewPlatform returns a client. It sends nothing. The default of BaseURL is
// PlatformURL. Claims and Sandbox have no effect: this host takes ClaimURIs, and a
// label of a subscription says that it is the sandbox's.
func NewPlatform(o Options) (*Platform, error) {
	o.BaseURL, o.Claims, o.Sandbox = cmp.Or(o.BaseURL, PlatformURL), ClaimURIs, false
	client, err := New(o)
	if err != nil {
		return nil, err
	}
	return &Platform{client}, nil
}

// Subscription is a webhook subscription. Its secret is not read.
type Subscription struct {
	ID         string   `json:"subscriptionId"`
	EventTypes []string `json:"eventTypes"`
	Enabled    bool     `json:"isEnabled"`
	Target     Target   `json:"target"`
	Labels     Metadata `json:"labels"`
}

// Target is where events are posted. The URL may hold a secret.
type Target struct {
	URL string `json:"url"`
}

// IsSandbox reports whether it receives the sandbox's events.
func (s Subscription) IsSandbox() bool { return s.Labels["sandbox"] == "true" }

// SubscriptionPage is one page of a list. The last one has no NextPageToken.
type SubscriptionPage struct {
	Items         []Subscription
	NextPageToken string
}

// Subscriptions returns a page of the account's subscriptions, in no known order.
// pageToken is NextPageToken of the page before; empty for the first.
func (p *Platform) Subscriptions(ctx context.Context, pageToken string) (SubscriptionPage, error) {
	var query url.Values
	if pageToken != "" {
		query = url.Values{"pageToken": {pageToken}}
	}
	body, err := p.client.get(ctx, subscriptionsPath, query)
	if err != nil {
		return SubscriptionPage{}, err
	}
	page, err := decodeSubscriptions(body, pageToken)
	if err != nil {
		return SubscriptionPage{}, &Unavailable{Reason: Unreadable, Err: err, path: subscriptionsPath}
	}
	return page, nil
}

func decodeSubscriptions(body []byte, asked string) (SubscriptionPage, error) {
	var list struct {
		Subscriptions *[]Subscription `json:"subscriptions"`
		NextPageToken string          `json:"nextPageToken"`
	}
	if err := decode(body, &list); err != nil {
		return SubscriptionPage{}, err
	}
	if list.Subscriptions == nil {
		return SubscriptionPage{}, errShape // an empty list would say that there are none
	}
	if err := checkToken(list.NextPageToken, asked); err != nil {
		return SubscriptionPage{}, err
	}
	for _, s := range *list.Subscriptions {
		if s.ID == "" {
			return SubscriptionPage{}, errShape
		}
		if err := errors.Join(texts(s.ID), texts(s.EventTypes...)); err != nil {
			return SubscriptionPage{}, err
		}
	}
	return SubscriptionPage{Items: *list.Subscriptions, NextPageToken: list.NextPageToken}, nil
}

// Delivery is an event of a subscription and how its latest attempt went. What was
// answered is not read.
type Delivery struct {
	EventID   string    `json:"eventId"`
	EventType string    `json:"eventTypeName"`
	Status    string    `json:"status"` // Coinbase's word, known to us or not
	CreatedAt time.Time `json:"createdAt"`
	Retries   int       `json:"retryCount"`
	Response  Response  `json:"response"`
}

// Response is the answer to a delivery. The zero value is none.
type Response struct {
	Status int `json:"httpCode"`
}

// Deliveries returns the last events of a subscription, at most 50, in no known order.
func (p *Platform) Deliveries(ctx context.Context, subscription string) ([]Delivery, error) {
	if err := ident.Check(subscription); err != nil {
		return nil, fmt.Errorf("coinbase: id of a subscription: %w", err)
	}
	path := subscriptionsPath + "/" + ident.Escape(subscription) + "/events"
	body, err := p.client.get(ctx, path, nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Events *[]Delivery `json:"events"`
	}
	err = decode(body, &list)
	if err == nil && list.Events == nil {
		err = errShape
	}
	if err == nil {
		for _, d := range *list.Events {
			if err = texts(d.EventID, d.EventType, d.Status); err != nil {
				break
			}
		}
	}
	if err != nil {
		return nil, &Unavailable{Reason: Unreadable, Err: err, path: path}
	}
	return *list.Events, nil
}
