package checkouts

import (
	"cmp"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
)

// unverified holds a payment whose order is not registered. A signature shows that
// Coinbase reports it, not that it is ours: a registration alone must not credit it.
const unverified payment.Reason = "unverified"

// referenceMember is the member of the metadata that names the website's order.
const referenceMember = "reference"

// report says what a document reports of its order. A success is received, and credits
// nothing: a signature alone is not sufficient evidence.
func report(d Document) recorder.Report {
	said := order.Report{Payment: d.Payment, OccurredAt: d.UpdatedAt}
	if d.isPaid() {
		said.Paid = d.claim()
	} else {
		said.Status = cmp.Or(d.Status, d.Event, string(Unknown))
	}
	return recorder.Report{Order: &recorder.OrderReport{ID: order.NewID(provider, d.ID), Report: said}}
}

// isPaid takes an unknown event of a paid checkout for a payment: it has a doubt.
func (d Document) isPaid() bool {
	return d.Kind == Success || d.Kind == Unknown && slices.Contains(events["payment.success"].statuses, d.Status)
}

func (d Document) claim() *order.Claim {
	reference, _ := d.Metadata.Value(referenceMember)
	if ident.Check(reference) != nil {
		reference = ""
	}
	claim := &order.Claim{
		CustomFault: unverified,
		Amount:      d.Amount,
		Evidence:    payment.Evidence{Method: BySignature, Status: d.Status},
		Details: order.Details{
			Reference: reference, TransactionHash: d.TransactionHash, ReceiveAddress: d.Address,
		},
	}
	if len(d.Doubts) > 0 {
		claim.Doubt = d.Doubts[0].Reason
	}
	return claim
}
