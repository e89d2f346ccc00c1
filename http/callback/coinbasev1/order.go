package coinbasev1

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/http/callback/strictjson"
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

func parseOrder(doc *orderDocument) (recorder.Report, error) {
	if doc.isTest() {
		return recorder.Report{Test: true}, nil
	}
	id, err := doc.ID.Identifier()
	if err != nil {
		return recorder.Report{}, callback.Refuse(quarantine.Incomplete, "order.id: %w", err)
	}
	report := order.Report{
		Payment:     ident.NewPayment(provider, "order", id),
		OccurredAt:  doc.occurredAt(),
		Mispayments: doc.mispayments(),
	}
	status, event := doc.Status.Text, doc.eventType()
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
		if report.Status, err = doc.Status.Identifier(); err != nil {
			return recorder.Report{}, callback.Refuse(quarantine.Incomplete, "order.status: %w", err)
		}
	case len(report.Mispayments) == 0:
		return recorder.Report{}, callback.Refuse(quarantine.Incomplete, "order has neither status nor event")
	}
	return recorder.Report{Order: &recorder.OrderReport{ID: order.NewID(provider, id), Report: report}}, nil
}

// isTest recognises what "Test Now" posts. Whatever else lacks an id may be
// somebody's money, and is kept.
func (doc *orderDocument) isTest() bool {
	return doc.ID.Kind == 'n' && doc.Custom.Kind == '"' && doc.Custom.Text == testCustom &&
		doc.Status.Text == completed && doc.eventType() != mispaying && len(doc.Mispayments.Elements) == 0
}

// eventType returns what the callback is about, empty where it does not say so.
// What is there and is no word must not pass for that.
func (doc *orderDocument) eventType() string {
	word := doc.Event.Type
	if doc.Event.Strange || word.Text == "" && !word.Missing() {
		return "unreadable"
	}
	return word.Text
}

// occurredAt prefers completed_at, which the documentation defines and its
// example lacks.
func (doc *orderDocument) occurredAt() time.Time {
	if t := doc.CompletedAt.Time(); !t.IsZero() {
		return t
	}
	return doc.CreatedAt.Time()
}

func (doc *orderDocument) claim(doubt payment.Reason) *order.Claim {
	custom, fault := doc.custom()
	return &order.Claim{
		Custom:      custom,
		CustomFault: fault,
		Amount:      doc.TotalNative.amount(), // after a discount; never total_original or total_payout
		Doubt:       doubt,
		Evidence:    payment.Evidence{Method: recorder.CoinbaseCallback, Status: doc.Status.Detail()},
		Details: order.Details{
			Reference:       custom,
			UUID:            doc.UUID.Detail(),
			Bitcoin:         doc.TotalBTC.amount().Optional(),
			TransactionHash: doc.Transaction.Hash.Detail(),
			ReceiveAddress:  doc.ReceiveAddress.Detail(),
		},
	}
}

// custom returns the payer as the website named him when it made the button.
func (doc *orderDocument) custom() (string, payment.Reason) {
	if doc.Custom.Missing() {
		return "", payment.NoUser
	}
	custom, err := doc.Custom.Identifier()
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
	for _, e := range doc.Mispayments.Elements {
		m := order.Mispayment{
			Digest:     e.Digest,
			Custom:     custom,
			Amount:     e.Value.TotalNative.amount(),
			OccurredAt: e.Value.CreatedAt.Time(),
		}
		if id, err := e.Value.ID.Identifier(); err == nil {
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
	missing := order.Mispayment{Custom: custom, Missing: true, Digest: strictjson.Digest(nil)}
	if id, err := doc.Event.MispaymentID.Identifier(); err == nil {
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
	if native := doc.MispaidNative; doc.MispaidNative.Present {
		// What was paid, without an id to know it again: held, unposted.
		missing.Missing = false
		missing.Amount = native.amount()
		missing.Digest = strictjson.Digest([]byte("mispaid_native " + native.Cents.Text + " " + native.Currency.Text))
	}
	return append(described, missing)
}

func mispaymentIdentity(id string) ident.Payment {
	return ident.NewPayment(provider, "mispayment", id)
}
