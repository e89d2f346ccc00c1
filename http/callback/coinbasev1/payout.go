package coinbasev1

import (
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/http/callback/strictjson"
)

func parsePayout(doc *payoutDocument, digest string) (recorder.Report, error) {
	id, err := doc.ID.Identifier()
	if err != nil {
		return recorder.Report{}, callback.Refuse(quarantine.Incomplete, "payout.id: %w", err)
	}
	status, err := doc.Status.Identifier()
	if err != nil {
		return recorder.Report{}, callback.Refuse(quarantine.Incomplete, "payout.status: %w", err)
	}
	report := payout.Report{
		Payment:    ident.NewPayment(provider, "payout", id),
		Progress:   progress(status),
		Status:     status,
		Digest:     digest,
		OccurredAt: doc.CreatedAt.Time(),
		Arrives:    doc.PayoutDate.Time(),
	}
	if facts, ok := doc.facts(); ok {
		report.Facts = &facts
	}
	return recorder.Report{Payout: &recorder.PayoutReport{ID: payout.NewID(id), Report: report}}, nil
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
	readable := !facts.Subtotal.IsZero() && !facts.Total.IsZero() && !doc.Fees.Strange &&
		(fees.Coinbase.Present || fees.Coinbase.Strange) == (facts.FeeOwn != nil) &&
		(fees.Bank.Present || fees.Bank.Strange) == (facts.FeeBank != nil) &&
		(doc.BTC.Present || doc.BTC.Strange) == (facts.Bitcoin != nil)
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

func codes(l strictjson.List[strictjson.Scalar, *strictjson.Scalar]) ([]string, bool) {
	var all []string
	for _, e := range l.Elements {
		code, err := e.Value.Identifier()
		if err != nil {
			return nil, false
		}
		all = append(all, code)
	}
	return all, true
}
