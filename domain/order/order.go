// Package order is one order's stream: what was reported of its payment and
// its mispayments, what was credited, and what waits for a decision. It is
// pure: commands carry everything that comes from outside.
package order

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Category is the category of order streams.
const Category = "order"

// The namers of orders.
const (
	Coinbase = "coinbase" // a merchant order of version 1
	Checkout = "checkout" // a checkout or payment link of Coinbase Business
	Site     = "site"     // the website itself, by its own reference
)

// ID names an order by who named it and the name: coinbase.5RTQNACF for an
// order of Coinbase's merchant callbacks, site.<reference> for one that the
// website registered. The name is percent-encoded.
type ID string

// NewID qualifies a name by its namer.
func NewID(namer, name string) ID { return ID(namer + "." + ident.Escape(name)) }

// Namer returns who named the order.
func (id ID) Namer() string {
	namer, _, _ := strings.Cut(string(id), ".")
	return namer
}

// Stream returns the name of the order's stream.
func (id ID) Stream() string { return Category + "-" + string(id) }

// OwnerOf returns the order whose stream decides about a payment; ok is false if the
// payment's identity does not say.
func OwnerOf(identity ident.Payment) (id ID, ok bool) {
	if provider, rest, _ := strings.Cut(string(identity), "/"); provider == Checkout {
		checkout, _, _ := strings.Cut(rest, "/")
		identity = ident.Payment(provider + "/" + checkout)
	}
	return ownerOf(identity)
}

// IsOwn reports whether a payment is an order's own, and no mispayment or further transfer.
func IsOwn(identity ident.Payment) bool {
	_, isOwn := ownerOf(identity)
	return isOwn
}

// ownerOf returns the order whose own payment it is: no mispayment, and no further
// transfer.
func ownerOf(identity ident.Payment) (id ID, ok bool) {
	parts := strings.Split(string(identity), "/")
	switch {
	case len(parts) == 3 && parts[0] == Coinbase && parts[1] == Category:
		return ID(Coinbase + "." + parts[2]), true
	case len(parts) == 2 && parts[0] == Checkout:
		return ID(Checkout + "." + parts[1]), true
	}
	return "", false
}

// State is what decisions about an order need to know. The zero value is an
// order that nobody has heard of.
type State struct {
	Registered bool              // here, or as an order of the website that is linked
	Terms      Terms             // registered
	Site       ID                // that is linked; empty if the order itself is registered
	Reference  string            // that a report of a payment names
	Settled    ident.Payment     // that pays it, of an order of the website
	Sought     bool              // payments that named it before were looked for
	Paid       ident.Payment     // that was credited first; empty if none was
	Payments   payment.Standings // the order's own payment and its mispayments
	Statuses   []string          // words reported that move no money
	Refunds    []string          // reports of refunds, by key
	Expired    bool

	PaidBy  string                   // the decision that credited Paid; empty if none did
	Items   map[string]Item          // what waits or has waited for a person, by id
	Reports map[ident.Payment]report // refunds that the provider has reported, by identity
	Intents []Intent                 // refunds that people have decided, oldest first
}

// Clone returns a state that Evolve changes apart from the receiver.
func (s State) Clone() State {
	s.Payments = s.Payments.Clone()
	s.Items, s.Reports = maps.Clone(s.Items), maps.Clone(s.Reports)
	return s
}

// Evolve puts one event on a state, which it takes over: folding goes forward.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case OrderRegistered:
		s.Registered, s.Terms = true, e.Terms
	case OrderLinked:
		s.Registered, s.Terms, s.Site = true, e.Terms, e.Site
	case OrderSettled:
		s.Settled = e.Payment
	case PaymentsSought:
		s.Sought = true
	case FeeReported:
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing { return p.ReportFee(e.Fee) })
	case RefundReported:
		s.Refunds = append(slices.Clip(s.Refunds), e.key())
		return s.reportRefund(e)
	case OrderStatusReported:
		s.Statuses = append(slices.Clip(s.Statuses), e.Status)
	case OrderExpired:
		s.Expired = true
	case PaymentReceived:
		s.Reference = cmp.Or(s.Reference, e.reference())
		return s.with(string(e.Payment), e.receive)
	case PaymentVerified:
		s = s.pay(e.Payment, "").settleItems(e.Closes)
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing {
			if e.Transfer != nil {
				return p.CreditTransfer(*e.Transfer)
			}
			return p.Credit(e.User, e.Amount)
		})
	case PaymentRefuted:
		return s.with(string(e.Payment), payment.Standing.Refute)
	case PaymentHeld:
		s.Reference = cmp.Or(s.Reference, e.Reference)
		s = s.open(e.Hold, Item{held: &e})
		return s.with(e.key(), func(p payment.Standing) payment.Standing { return p.Hold(e.hold()) })
	case PaymentMispaid:
		s = s.open(e.Mispayment, Item{mispaid: &e}).settleItems(e.Closes)
		// The money is in suspense: known, and nobody's until it is decided.
		return s.with(string(e.Payment), func(p payment.Standing) payment.Standing {
			if e.Transfer != nil {
				return p.CreditTransfer(*e.Transfer)
			}
			return p.Credit(e.User, e.Amount)
		})
	case PaymentReleased:
		return s.credit(e)
	case MispaymentCredited:
		return s.release(e.Decision, e.User, e.Amount, e.Transfer, e.Refunded)
	case OrderCompleted:
		return s.pay(e.Payment, e.ID).release(e.Decision, e.User, e.Amount, e.Transfer, e.Refunded)
	case PaymentDismissed:
		return s.dismiss(e)
	case MispaymentDismissed:
		return s.decided(e.Decision)
	case RefundCharged:
		return s.decided(e.Decision).charge(e)
	case RefundDismissed:
		return s.decided(e.Decision).match(e.Item, true)
	case DecisionReversed:
		return s.reverse(e)
	case RefundDecided:
		return s.intend(e)
	case RefundWithdrawn:
		return s.withdraw(e)
	case PaymentRefunded:
		return s.giveBack(e)
	case RefundHeld:
		return s.holdRefund(e)
	}
	return s
}

// isSale reports whether the registered amount is the website's income.
func (s State) isSale() bool { return s.Registered && s.Terms.For == ForSale }

// mispays says why a payment does not pay the registered order; empty if it does,
// or if nothing is registered. When a transfer was made, no provider says, so that it
// is never late.
func (s State) mispays(received PaymentReceived) payment.Reason {
	switch {
	case !s.Registered:
		return ""
	case s.Paid != "" && s.Paid != received.Payment:
		return payment.Second
	}
	reason := s.Terms.unmet(received.Amount)
	if reason == "" && received.Transfer == nil && s.Terms.isAfter(received.OccurredAt) {
		return payment.Late
	}
	return reason
}

// reference returns the website's own name for the order, as the report has it. One
// that is the user's name too stands there alone.
func (e PaymentReceived) reference() string {
	if e.Details != nil && e.Details.Reference != "" {
		return e.Details.Reference
	}
	if e.Transfer != nil {
		return ""
	}
	return e.User
}

func (e PaymentReceived) receive(p payment.Standing) payment.Standing {
	if e.User != "" && !e.Sale {
		p.Pending = e.Amount
	}
	if e.Transfer == nil {
		return p.Receive(e.User, e.Amount)
	}
	p.Needs = e.Needs
	return p.ReceiveTransfer(*e.Transfer)
}

func (s State) with(key string, change func(payment.Standing) payment.Standing) State {
	s.Payments = s.Payments.With(key, change(s.Payments.Of(key)))
	return s
}

func (e PaymentHeld) key() string {
	if e.Payment == "" {
		return "digest:" + e.Digest
	}
	return string(e.Payment)
}

func (e PaymentHeld) hold() payment.HeldReport {
	var amount money.Amount
	if e.Amount != nil {
		amount = *e.Amount
	}
	return payment.HeldReport{
		ID: e.Hold, User: e.User, Amount: amount, Reason: e.Reason,
		Arrived: e.Arrived, Contradiction: e.Contradiction, OccurredAt: e.OccurredAt, Transfer: e.Transfer, Evidence: e.Evidence,
		Registration: e.Registration,
	}
}
