package coinbasecheck

import (
	"context"
	"fmt"
	"net/http"

	"daybook/http/coinbase"
)

// tryDeliveries looks at how the last event of each subscription was answered.
func (c Check) tryDeliveries(ctx context.Context, r *report, subscriptions []coinbase.Subscription) {
	count := 0
	for _, s := range subscriptions {
		all, err := c.Platform.Deliveries(ctx, s.ID)
		if err != nil {
			r.fail(deliveriesLine, "%v", err)
			return
		}
		last := newest(all)
		if last.Response.Status == 0 {
			continue
		}
		if last.Response.Status/100 != 2 {
			r.fail(deliveriesLine, "the last delivery of subscription %s, an event %s of %s, was answered %d: %s",
				s.ID, last.EventType, last.CreatedAt.UTC().Format(http.TimeFormat), last.Response.Status, c.advise(last.Response.Status))
			return
		}
		count += len(all)
	}
	if count == 0 {
		r.ok(deliveriesLine, "none has been answered yet")
		return
	}
	r.ok(deliveriesLine, "the last of %s was answered 2xx", plural(count))
}

func plural(count int) string {
	if count == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", count)
}

// newest returns the latest event that was answered; the zero value if none was. The
// order of the list is not documented.
func newest(all []coinbase.Delivery) coinbase.Delivery {
	var last coinbase.Delivery
	for _, d := range all {
		if d.Response.Status != 0 && !d.CreatedAt.Before(last.CreatedAt) {
			last = d
		}
	}
	return last
}

// advise says what to do about a webhook that was refused.
func (c Check) advise(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "the server's " + c.Variable + " has not the secret that Coinbase showed with the subscription, or its clock is wrong"
	case status == http.StatusForbidden:
		return "a proxy or firewall refuses Coinbase's addresses: let it pass " + Route + " from anywhere"
	case status == http.StatusNotFound:
		return "the route is off until " + c.Variable + " is set on the server; else a proxy does not pass on " + Route
	case status/100 == 3:
		return "Coinbase follows no redirect: subscribe the final address"
	case status >= 500:
		return "the server could not keep it; Coinbase sends it again: look at the server's log and /healthz"
	}
	return "look at the server's log for that time, and at a proxy's"
}
