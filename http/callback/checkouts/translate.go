package checkouts

import (
	"cmp"
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/http/callback/strictjson"
)

// referenceMember is the member of the metadata that names the website's order. Nothing
// else of the metadata is read: whoever creates a checkout writes it.
const referenceMember = "reference"

// report says what a document reports of its order.
func report(d Document) recorder.Report {
	said := order.Report{Payment: d.Payment, OccurredAt: d.UpdatedAt, Refunds: d.refunds()}
	switch {
	case d.isPaid():
		said.Paid = d.claim()
	case len(said.Refunds) == 0:
		said.Status = cmp.Or(d.Status, d.Event, string(Unknown))
	}
	return recorder.Report{Order: &recorder.OrderReport{ID: order.NewID(provider, d.ID), Report: said}}
}

// isPaid reports whether a payment is reported. A refund and an unknown event report one
// too if the status says that the checkout was paid: the webhook of its success may be
// lost.
func (d Document) isPaid() bool {
	switch d.Kind {
	case Success:
		return true
	case RefundSuccess, RefundFailed, Unknown:
		return slices.Contains(events["payment.success"].statuses, d.Status)
	}
	return false
}

func (d Document) claim() *order.Claim {
	reference, _ := d.Metadata.Value(referenceMember)
	if ident.Check(reference) != nil {
		reference = ""
	}
	claim := &order.Claim{
		Amount:   d.Amount,
		Evidence: payment.Evidence{Method: BySignature, Status: d.Status},
		Details:  order.Details{Reference: reference},
		Transfer: &payment.Transfer{Amount: d.Amount, Quoted: d.Fiat, Network: d.Network, Hash: d.TransactionHash, Payee: payment.NormalAddress(d.Address)},
	}
	if object, _, _ := strings.Cut(d.Event, "."); object == "payment_link" {
		claim.Details.Object = object
	}
	if s := d.Settlement; s != nil && s.Fee.Currency() == d.Amount.Currency() {
		claim.Transfer.Fee = s.Fee
	}
	for _, doubt := range d.Doubts {
		if doubt.Member != "refunds" && claim.Doubt == "" {
			claim.Doubt = doubt.Reason
		}
	}
	return claim
}

// refunds are those that the document has, and one that is announced and missing.
func (d Document) refunds() []order.Refund {
	var all []order.Refund
	for _, r := range d.Refunds {
		refund := order.Refund{
			Payment: r.Identity, Amount: r.Amount, Status: r.Status, Doubt: r.Doubt, Hash: r.TransactionHash, OccurredAt: r.CompletedAt,
		}
		if refund.OccurredAt.IsZero() {
			refund.OccurredAt = r.CreatedAt
		}
		if r.Identity == "" {
			refund.Digest = r.Digest
		}
		all = append(all, refund)
	}
	for _, doubt := range d.Doubts {
		if doubt.Reason == payment.RefundMissing {
			all = append(all, order.Refund{Digest: strictjson.Digest([]byte(d.Event)), Doubt: doubt.Reason, OccurredAt: d.UpdatedAt})
		}
	}
	return all
}
