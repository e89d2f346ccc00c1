package coinbasetest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// subscriptionsPath is below api.cdp.coinbase.com, for live and sandbox alike.
// [list-events]
const subscriptionsPath = "/platform/v2/data/webhooks/subscriptions"

// Subscription is a webhook subscription. Members are from [get-subscription] unless
// they say otherwise. Whether lists show its secret is [unknown]; here they do, so that
// a client that prints it fails.
type Subscription struct {
	ID          string            `json:"subscriptionId"` // a UUID
	Description string            `json:"description,omitempty"`
	EventTypes  []string          `json:"eventTypes"`
	Enabled     bool              `json:"isEnabled"`
	Target      Target            `json:"target"`
	Labels      map[string]string `json:"labels"` // sandbox:"true" in the sandbox [subscriptions]; labelKey on older pages
	Metadata    Secret            `json:"metadata"`
	CreatedAt   time.Time         `json:"createdAt"`
}

// Target is where events are posted.
type Target struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Secret signs the webhooks of a subscription. [subscriptions] shows it outside
// metadata.
type Secret struct {
	Secret string `json:"secret"`
}

// Delivery is an event of a subscription. Members are from [list-events]. Statuses but
// "succeeded" are [unknown], and so is what stands there before the first answer.
type Delivery struct {
	EventID     string            `json:"eventId"` // a UUID
	EventType   string            `json:"eventTypeName"`
	Status      string            `json:"status"`
	CreatedAt   time.Time         `json:"createdAt"`
	SucceededAt *time.Time        `json:"succeededAt,omitempty"`
	RetryCount  int               `json:"retryCount"`
	Response    *DeliveryResponse `json:"response,omitempty"`
}

// DeliveryResponse is how the receiver answered. [list-events]
type DeliveryResponse struct {
	HTTPCode      int    `json:"httpCode"`
	ElapsedTimeMs int    `json:"elapsedTimeMs"`
	Body          string `json:"body"`
}

type webhook struct {
	Subscription
	deliveries []Delivery // newest first; the order is [unknown]
}

// maxDeliveries is how many events are listed. [list-events]
const maxDeliveries = 50

// maxSubscriptions is the size of a page; the real one is [unknown].
const maxSubscriptions = 2

// Subscribe adds a subscription; id and time are the server's.
func (s *Server) Subscribe(sub Subscription) Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.number("subscription")
	sub.ID = n[:8] + "-" + n[8:12] + "-4" + n[13:16] + "-a" + n[17:20] + "-" + n[20:32]
	sub.CreatedAt = s.now().UTC().Truncate(time.Second)
	sub.EventTypes, sub.Labels = slices.Clone(sub.EventTypes), maps.Clone(sub.Labels)
	s.webhooks = append(s.webhooks, webhook{Subscription: sub})
	return sub
}

// Deliver records an event that a subscription's URL answered with a status; 0 before
// the first answer.
func (s *Server) Deliver(subscription, eventType string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.webhooks, func(w webhook) bool { return w.ID == subscription })
	now := s.now().UTC().Add(time.Duration(len(s.webhooks[i].deliveries)) * time.Second)
	d := Delivery{EventID: s.number("event")[:32], EventType: eventType, Status: "failed", CreatedAt: now}
	if status != 0 {
		d.Response = &DeliveryResponse{HTTPCode: status, Body: "secret-of-the-answer"}
	}
	if status >= 200 && status < 300 {
		d.Status, d.SucceededAt = "succeeded", &now
	}
	s.webhooks[i].deliveries = slices.Insert(s.webhooks[i].deliveries, 0, d)
}

func (s *Server) handleWebhooks() {
	s.mux.HandleFunc("GET "+subscriptionsPath, s.serve(func(r *http.Request, _ Fault) (int, any) {
		return s.listSubscriptions(r.URL.Query().Get("pageToken"))
	}))
	s.mux.HandleFunc("GET "+subscriptionsPath+"/{id}/events", s.serve(func(r *http.Request, _ Fault) (int, any) {
		return s.listDeliveries(r.PathValue("id"))
	}))
}

// listSubscriptions answers a page: {"subscriptions":[],"nextPageToken":""}. [cdp-sdk]
func (s *Server) listSubscriptions(token string) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := strconv.Atoi(token)
	if token != "" && (err != nil || from <= 0 || from >= len(s.webhooks)) {
		return http.StatusBadRequest, failure("invalid_request", "pageToken is not one of ours")
	}
	page, to := []Subscription{}, min(from+maxSubscriptions, len(s.webhooks))
	for _, w := range s.webhooks[from:to] {
		page = append(page, w.Subscription)
	}
	answer := map[string]any{"subscriptions": page}
	if to < len(s.webhooks) {
		answer["nextPageToken"] = strconv.Itoa(to)
	}
	return http.StatusOK, answer
}

func (s *Server) listDeliveries(id string) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.webhooks {
		if w.ID == id {
			shown := append([]Delivery{}, w.deliveries...)
			return http.StatusOK, map[string]any{"events": shown[:min(len(shown), maxDeliveries)]}
		}
	}
	return http.StatusNotFound, failure("not_found", "subscription "+id+" not found")
}
