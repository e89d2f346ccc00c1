package coinbasev1

import (
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payout"
)

func parsePayout(doc *payoutDocument, digest string) (Message, error) {
	id, err := doc.ID.identifier()
	if err != nil {
		return Message{}, incomplete("payout.id: %w", err)
	}
	status, err := doc.Status.identifier()
	if err != nil {
		return Message{}, incomplete("payout.status: %w", err)
	}
	report := payout.Report{
		Payment:    ident.NewPayment(provider, "payout", id),
		Progress:   progress(status),
		Status:     status,
		Digest:     digest,
		OccurredAt: doc.CreatedAt.time(),
		Arrives:    doc.PayoutDate.time(),
	}
	if facts, ok := doc.facts(); ok {
		report.Facts = &facts
	}
	return Message{Payout: &Payout{ID: payout.NewID(id), Report: report}}, nil
}

// progress knows the words of the documentation, Pending and Complete, and the
// spellings that orders use.
func progress(status string) payout.Progress {
	switch strings.ToLower(status) {
	case "pending":
		return payout.Pending
	case "complete", completed:
		return payout.Complete
	}
	return payout.Unknown
}

// facts reads the amounts: fees in cents, the others as decimal text. All that
// is there must be readable.
func (doc *payoutDocument) facts() (payout.Facts, bool) {
	facts := payout.Facts{
		Subtotal: doc.Subtotal.amount(),
		Total:    doc.Total.amount(),
		FeeOwn:   doc.Fees.Coinbase.amount().Optional(),
		FeeBank:  doc.Fees.Bank.amount().Optional(),
		Bitcoin:  doc.BTC.amount().Optional(),
	}
	fees := doc.Fees
	readable := !facts.Subtotal.IsZero() && !facts.Total.IsZero() && !doc.Fees.strange &&
		(fees.Coinbase.present || fees.Coinbase.strange) == (facts.FeeOwn != nil) &&
		(fees.Bank.present || fees.Bank.strange) == (facts.FeeBank != nil) &&
		(doc.BTC.present || doc.BTC.strange) == (facts.Bitcoin != nil)
	if facts.Bitcoin != nil && facts.Bitcoin.Sign() == 0 {
		facts.Bitcoin = nil // null and 0.00 both say that the orders were sold as they came
	}
	if facts.Bitcoin != nil && facts.Bitcoin.Currency() != money.BTC {
		return payout.Facts{}, false
	}
	var ok bool
	if facts.Orders, ok = codes(doc.OrderCodes); !ok {
		return payout.Facts{}, false
	}
	if facts.Mispaid, ok = codes(doc.MispaymentCodes); !ok {
		return payout.Facts{}, false
	}
	return facts, readable
}

func codes(l list[scalar, *scalar]) ([]string, bool) {
	var all []string
	for _, e := range l.elements {
		code, err := e.value.identifier()
		if err != nil {
			return nil, false
		}
		all = append(all, code)
	}
	return all, true
}
