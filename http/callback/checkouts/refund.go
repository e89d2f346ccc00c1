package checkouts

import (
	"slices"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/http/callback/strictjson"
)

// Refund is one refund of a checkout. A document has all refunds so far, so that the
// same one comes again with each later event.
type Refund struct {
	ID              string
	Identity        ident.Payment // checkout/<checkout's id>/refund/<id>; empty without an id
	Amount          money.Amount
	Status          string // RefundPending, RefundCompleted, RefundFailure or another word
	TransactionHash string
	CreatedAt       time.Time
	CompletedAt     time.Time
	Digest          string         // of its bytes, to know one without an id again
	Doubt           payment.Reason // why it cannot be acted on; empty if it can
}

// The statuses of a refund.
const (
	RefundPending   = "PENDING"
	RefundCompleted = "COMPLETED"
	RefundFailure   = "FAILED"
)

// readRefunds reads refunds[] and compares it with the event.
func (d *Document) readRefunds(b *document) {
	for _, e := range b.Refunds.Elements {
		d.addRefund(d.refund(&e.Value, e.Digest, b.Currency))
	}
	d.Refunded, _ = amount(b.RefundedAmount, b.Currency) // the refunds themselves count
	announced := map[Kind]string{RefundSuccess: RefundCompleted, RefundFailed: RefundFailure}[d.Kind]
	if announced == "" {
		return
	}
	if !slices.ContainsFunc(d.Refunds, func(r Refund) bool { return r.Status == announced }) {
		d.doubt(payment.RefundMissing, "refunds")
	}
}

func (d *Document) refund(e *refund, digest string, currency strictjson.Scalar) Refund {
	if !e.Currency.Missing() {
		currency = e.Currency
	}
	r := Refund{
		ID:              text(e.ID),
		Status:          text(e.Status),
		TransactionHash: hash(e.TransactionHash),
		CreatedAt:       e.CreatedAt.Time(),
		CompletedAt:     e.CompletedAt.Time(),
		Digest:          digest,
	}
	var readable bool
	r.Amount, readable = amount(e.Amount, currency)
	if r.ID != "" {
		r.Identity = d.Payment.Of("refund").Of(r.ID)
	}
	switch {
	case r.ID == "":
		r.Doubt = payment.RefundNoID
	case !e.CheckoutID.Missing() && text(e.CheckoutID) != d.ID:
		r.Doubt = payment.RefundOfAnother
	case r.Status != RefundPending && r.Status != RefundCompleted && r.Status != RefundFailure:
		r.Doubt = payment.UnknownStatus
	case !readable:
		r.Doubt = payment.UnreadableAmount
	}
	return r
}

// addRefund adds a refund unless the document has the same already. Two of one id that
// differ are both doubtful.
func (d *Document) addRefund(r Refund) {
	for i := range d.Refunds {
		other := &d.Refunds[i]
		switch {
		case r.ID == "" && r.Digest == other.Digest, r.ID != "" && r.sameAs(*other):
			return
		case r.ID != "" && r.ID == other.ID:
			other.Doubt, r.Doubt = payment.RefundContradictsSelf, payment.RefundContradictsSelf
		}
	}
	d.Refunds = append(d.Refunds, r)
}

// sameAs compares what two refunds say, however they are written.
func (r Refund) sameAs(other Refund) bool {
	r.Digest, other.Digest = "", ""
	r.Doubt, other.Doubt = "", ""
	return r == other
}
