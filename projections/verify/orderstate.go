package verify

import (
	"slices"
	"time"

	"daybook/eventstore"
)

// orderState is an order as the model keeps it: what GET /orders/{id} answers,
// without the position.
type orderState struct {
	ID          string              `json:"id"`
	Status      string              `json:"status"`
	Registered  bool                `json:"registered"`
	Expired     bool                `json:"expired"`
	User        string              `json:"user,omitzero"`
	Amount      *amount             `json:"amount,omitzero"`
	Payments    []*payment          `json:"payments"`
	Mispayments []*mispayment       `json:"mispayments"`
	Holds       []hold              `json:"holds"`
	Words       []string            `json:"reported_statuses"`
	Revision    eventstore.Revision `json:"revision"`
	Changed     eventstore.Position `json:"changed"`
	OccurredAt  time.Time           `json:"occurred_at,omitzero"`
	RecordedAt  time.Time           `json:"recorded_at"`

	dirty bool // changed since its digest was taken
}

type payment struct {
	Payment     string       `json:"payment"`
	User        string       `json:"user"`
	Amount      amount       `json:"amount"`
	Status      string       `json:"status"`
	OccurredAt  time.Time    `json:"occurred_at,omitzero"`
	RecordedAt  time.Time    `json:"recorded_at"`
	Adjustments []adjustment `json:"adjustments,omitempty"`
}

type adjustment struct {
	Type       string    `json:"type"`
	ID         string    `json:"id"`
	User       string    `json:"user"`
	Amount     amount    `json:"amount"`
	OccurredAt time.Time `json:"occurred_at,omitzero"`
	RecordedAt time.Time `json:"recorded_at"`
}

type mispayment struct {
	Payment    string    `json:"payment"`
	User       string    `json:"user,omitzero"`
	Amount     amount    `json:"amount"`
	Status     string    `json:"status"`
	OccurredAt time.Time `json:"occurred_at,omitzero"`
	RecordedAt time.Time `json:"recorded_at"`
}

type hold struct {
	Hold          string    `json:"hold"`
	Payment       string    `json:"payment,omitzero"`
	User          string    `json:"user,omitzero"`
	Amount        *amount   `json:"amount,omitzero"`
	Reason        string    `json:"reason"`
	Arrived       bool      `json:"arrived"`
	Contradiction bool      `json:"contradiction"`
	OccurredAt    time.Time `json:"occurred_at,omitzero"`
	RecordedAt    time.Time `json:"recorded_at"`
}

// isCredited reports whether the payment's money is, or was, the user's.
func (p *payment) isCredited() bool {
	return p.Status == "verified" || p.Status == "released" || p.Status == "refunded"
}

// find returns what is known of a payment; nil for one without an identity.
func (o *orderState) find(identity string) *payment {
	for _, p := range o.Payments {
		if identity != "" && p.Payment == identity {
			return p
		}
	}
	return nil
}

func (o *orderState) findMispayment(identity string) *mispayment {
	for _, m := range o.Mispayments {
		if identity != "" && m.Payment == identity {
			return m
		}
	}
	return nil
}

// drop takes holds off the list.
func (o *orderState) drop(which func(hold) bool) { o.Holds = slices.DeleteFunc(o.Holds, which) }

// word derives the order's status: the first that applies.
func (o *orderState) word() string {
	credited, refunded, pending, refuted := false, false, false, false
	for _, p := range o.Payments {
		switch p.Status {
		case "verified", "released":
			credited = true
		case "refunded":
			refunded = true
		case "pending":
			pending = true
		case "refuted":
			refuted = true
		}
	}
	switch {
	case credited:
		return "paid"
	case refunded:
		return "refunded"
	case len(o.Holds) > 0:
		return "held"
	case pending:
		return "pending"
	case len(o.Mispayments) > 0:
		return "mispaid"
	case refuted:
		return "refuted"
	case o.Expired:
		return "expired"
	case len(o.Words) > 0:
		return "reported"
	}
	return "registered"
}
