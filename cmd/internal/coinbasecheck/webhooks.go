package coinbasecheck

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"daybook/http/coinbase"
)

// Route is where webhooks about checkouts are taken.
const Route = "/callbacks/coinbase/checkouts"

// maxPages bounds the list of subscriptions.
const maxPages = 20

// The event types of each kind. Payment links have no refunds.
var (
	ofCheckouts = []string{"checkout.payment.success", "checkout.payment.failed", "checkout.payment.expired", "checkout.refund.success", "checkout.refund.failed"}
	ofLinks     = []string{"payment_link.payment.success", "payment_link.payment.failed", "payment_link.payment.expired"}
)

// tryWebhooks looks for the subscription that reaches daybook, and for its deliveries.
func (c Check) tryWebhooks(ctx context.Context, r *report) {
	if slices.Contains(r.failed, keyLine) {
		r.skip(keyLine, subscriptionLine, deliveriesLine)
		return
	}
	all, err := c.subscriptions(ctx)
	var ours []coinbase.Subscription
	if err == nil {
		ours, err = c.choose(all)
	}
	if err != nil {
		r.fail(subscriptionLine, "%v", err)
		r.skip(subscriptionLine, deliveriesLine)
		return
	}
	types := eventTypes(ours)
	if missing := missingFrom(types); len(missing) > 0 {
		r.fail(subscriptionLine, "%s lacks the event types %s: add them", names(ours), strings.Join(missing, ", "))
	} else {
		r.ok(subscriptionLine, "%s posts %s%s", names(ours), kinds(types), where(c.Sandbox))
	}
	c.tryDeliveries(ctx, r, ours)
}

func (c Check) subscriptions(ctx context.Context) ([]coinbase.Subscription, error) {
	var all []coinbase.Subscription
	token := ""
	for range maxPages {
		page, err := c.Platform.Subscriptions(ctx, token)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if token = page.NextPageToken; token == "" {
			return all, nil
		}
	}
	return nil, fmt.Errorf("there are more than %d pages of webhook subscriptions: delete those that nothing uses", maxPages)
}

// choose returns the subscriptions that reach daybook. Its error says what is wrong with
// the one that comes nearest. It has no URL: some hold secrets.
func (c Check) choose(all []coinbase.Subscription) ([]coinbase.Subscription, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no webhook subscription: create one whose target.url is https://your.site%s, with the event types %s", Route, strings.Join(ofCheckouts, ", "))
	}
	ours := slices.DeleteFunc(slices.Clone(all), func(s coinbase.Subscription) bool { return !endsInRoute(s.Target.URL) })
	if len(ours) == 0 {
		return nil, fmt.Errorf("none of %d webhook subscriptions has a target.url that ends in %s: change it, and keep https:// and your.site before it", len(all), Route)
	}
	near := ours
	ours = slices.DeleteFunc(slices.Clone(near), func(s coinbase.Subscription) bool { return s.IsSandbox() != c.Sandbox })
	switch {
	case len(ours) == 0 && c.Sandbox:
		return nil, fmt.Errorf(`%s is not the sandbox's: create another with "labels":{"sandbox":"true"}, which has a secret of its own`, names(near))
	case len(ours) == 0:
		return nil, fmt.Errorf(`%s is the sandbox's: create another without the label "sandbox", which has a secret of its own; or check the sandbox with --sandbox`, names(near))
	}
	near = ours
	ours = slices.DeleteFunc(slices.Clone(near), func(s coinbase.Subscription) bool { return !s.Enabled })
	if len(ours) == 0 {
		return nil, fmt.Errorf("%s is disabled: set isEnabled to true", names(near))
	}
	return ours, nil
}

// endsInRoute reports whether webhooks can be posted there. Coinbase posts over TLS
// alone.
func endsInRoute(target string) bool {
	u, err := url.Parse(target)
	return err == nil && u.Scheme == "https" && strings.HasSuffix(u.Path, Route)
}

func eventTypes(subscriptions []coinbase.Subscription) []string {
	var all []string
	for _, s := range subscriptions {
		all = append(all, s.EventTypes...)
	}
	return all
}

// missingFrom returns the event types that are not subscribed. A merchant may use
// checkouts or payment links alone, and needs all events of what is used.
func missingFrom(types []string) []string {
	var missing []string
	for _, kind := range [][]string{ofCheckouts, ofLinks} {
		lacking := slices.DeleteFunc(slices.Clone(kind), func(t string) bool { return slices.Contains(types, t) })
		if len(lacking) < len(kind) {
			missing = append(missing, lacking...)
		}
	}
	if kinds(types) == "" {
		return ofCheckouts
	}
	return missing
}

func kinds(types []string) string {
	var used []string
	if slices.ContainsFunc(ofCheckouts, func(t string) bool { return slices.Contains(types, t) }) {
		used = append(used, "checkout.*")
	}
	if slices.ContainsFunc(ofLinks, func(t string) bool { return slices.Contains(types, t) }) {
		used = append(used, "payment_link.*")
	}
	return strings.Join(used, " and ")
}

func names(subscriptions []coinbase.Subscription) string {
	ids := make([]string, len(subscriptions))
	for i, s := range subscriptions {
		ids[i] = s.ID
	}
	return "subscription " + strings.Join(ids, ", ")
}
