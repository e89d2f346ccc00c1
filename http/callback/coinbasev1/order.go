package coinbasev1

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payment"
)

// The words of a merchant callback. order.status is the order's original
// status; order.event.type is what this callback is about.
const (
	completed = "completed"
	mispaid   = "mispaid"
	mispaying = "mispayment"
)

// testCustom is the custom parameter of the button "Test Now", whose order has
// the id null. The whole body is public, signature included.
const testCustom = "123456789"

func parseOrder(doc *orderDocument) (Message, error) {
	if doc.isTest() {
		return Message{Test: true}, nil
	}
	id, err := doc.ID.identifier()
	if err != nil {
		return Message{}, incomplete("order.id: %w", err)
	}
	report := order.Report{
		Payment:     ident.NewPayment(provider, "order", id),
		OccurredAt:  doc.occurredAt(),
		Mispayments: doc.mispayments(),
	}
	status, event := doc.Status.text, doc.eventType()
	switch {
	case event == mispaying, status == mispaid && event != completed:
		// It says nothing about whether the order was paid, whatever its
		// status and totals say.
		report.Mispayments = doc.announced(report.Mispayments)
	case status == completed && (event == "" || event == completed):
		report.Paid = doc.claim("")
	case status == completed:
		report.Paid = doc.claim(payment.UnknownEvent)
	case event == completed:
		report.Paid = doc.claim(payment.StatusDisagrees)
	case status != "":
		if report.Status, err = doc.Status.identifier(); err != nil {
			return Message{}, incomplete("order.status: %w", err)
		}
	case len(report.Mispayments) == 0:
		return Message{}, incomplete("order has neither status nor event")
	}
	return Message{Order: &Order{ID: order.NewID(provider, id), Report: report}}, nil
}

// isTest recognises what "Test Now" posts. Whatever else lacks an id may be
// somebody's money, and is kept.
func (doc *orderDocument) isTest() bool {
	return doc.ID.kind == 'n' && doc.Custom.kind == '"' && doc.Custom.text == testCustom &&
		doc.Status.text == completed && doc.eventType() != mispaying && len(doc.Mispayments.elements) == 0
}

// eventType returns what the callback is about, empty where it does not say so.
// What is there and is no word must not pass for that.
func (doc *orderDocument) eventType() string {
	word := doc.Event.Type
	if doc.Event.strange || word.text == "" && !word.missing() {
		return "unreadable"
	}
	return word.text
}

// occurredAt prefers completed_at, which the documentation defines and its
// example lacks.
func (doc *orderDocument) occurredAt() time.Time {
	if t := doc.CompletedAt.time(); !t.IsZero() {
		return t
	}
	return doc.CreatedAt.time()
}

func (doc *orderDocument) claim(doubt payment.Reason) *order.Claim {
	custom, fault := doc.custom()
	return &order.Claim{
		Custom:      custom,
		CustomFault: fault,
		Amount:      doc.TotalNative.amount(), // after a discount; never total_original or total_payout
		Doubt:       doubt,
		Evidence:    payment.Evidence{Method: ledger.CoinbaseCallback, Status: doc.Status.detail()},
		Details: order.Details{
			Reference:       custom,
			UUID:            doc.UUID.detail(),
			Bitcoin:         doc.TotalBTC.amount().Optional(),
			TransactionHash: doc.Transaction.Hash.detail(),
			ReceiveAddress:  doc.ReceiveAddress.detail(),
		},
	}
}

// custom returns the payer as the website named him when it made the button.
func (doc *orderDocument) custom() (string, payment.Reason) {
	if doc.Custom.missing() {
		return "", payment.NoUser
	}
	custom, err := doc.Custom.identifier()
	if err != nil {
		return "", payment.UnusableUser
	}
	return custom, ""
}

// mispayments returns those that the callback describes: all that the order
// has received so far, which is more each time.
func (doc *orderDocument) mispayments() []order.Mispayment {
	custom, _ := doc.custom()
	var mispayments []order.Mispayment
	for _, e := range doc.Mispayments.elements {
		m := order.Mispayment{
			Digest:     e.digest,
			Custom:     custom,
			Amount:     e.value.TotalNative.amount(),
			OccurredAt: e.value.CreatedAt.time(),
		}
		if id, err := e.value.ID.identifier(); err == nil {
			m.Payment = mispaymentIdentity(id)
		}
		mispayments = append(mispayments, m)
	}
	return mispayments
}

// announced adds the mispayment that the callback is about, where it is not
// among those it describes.
func (doc *orderDocument) announced(described []order.Mispayment) []order.Mispayment {
	custom, _ := doc.custom()
	missing := order.Mispayment{Custom: custom, Missing: true, Digest: digest(nil)}
	if id, err := doc.Event.MispaymentID.identifier(); err == nil {
		missing.Payment = mispaymentIdentity(id)
		for _, m := range described {
			if m.Payment == missing.Payment {
				return described
			}
		}
		return append(described, missing)
	}
	if len(described) > 0 {
		return described
	}
	if native := doc.MispaidNative; doc.MispaidNative.present {
		// What was paid, without an id to know it again: held, unposted.
		missing.Missing = false
		missing.Amount = native.amount()
		missing.Digest = digest([]byte("mispaid_native " + native.Cents.text + " " + native.Currency.text))
	}
	return append(described, missing)
}

func mispaymentIdentity(id string) ident.Payment {
	return ident.NewPayment(provider, "mispayment", id)
}
