package verify

import (
	"context"

	"daybook/eventstore"
)

// compareRefund says in what a report of a refund differs from a body's.
func (p *prover) compareRefund(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	found.text("amount", said.Amount.text(), c.Amount)
	found.text("refund", said.Refund, c.Refund)
	found.text("status", said.Status, c.Said)
	found.text("reason", said.Reason, c.Problem)
	found.text("hash", said.Hash, c.Hash)
	found.private("digest", said.Digest, c.Digest)
	found.time("occurredAt", said.OccurredAt, c.OccurredAt)
	if said.Intent == "" && c.Said != refundFailed {
		return found, nil
	}
	_, r, err := p.review(ctx, e)
	if err != nil {
		return nil, err
	}
	intent := ""
	if c.Said == refundFailed && c.Refund != "" {
		failed := &refundReport{payment: c.Payment, hash: c.Hash}
		if u, ok := parseText(c.Amount); ok {
			failed.amount = amount{Currency: u.currency, Amount: decimal(u.currency, &u.n)}
		}
		if known := r.openIntentOf(c.Refund, failed); known != nil {
			intent = known.said.Refund
		}
	}
	found.private("intent", said.Intent, intent)
	return found, nil
}
