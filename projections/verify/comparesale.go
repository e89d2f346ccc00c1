package verify

import (
	"context"
	"slices"

	"daybook/eventstore"
)

// compareSale compares a payout.
func (p *prover) compareSale(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	found.time("occurredAt", said.OccurredAt, c.OccurredAt)
	found.compareFacts(said.Facts, c.Sale)
	if e.Type != "PayoutHeld" {
		found.time("arrivesBy", said.Arrives, c.Arrives)
		if e.Type != c.EventType {
			found.add("the kept body is not one of a %s", e.Type)
		}
		return found, nil
	}
	if said.Hold != e.ID.String() {
		found.add("hold is not the event's id")
	}
	found.text("status", said.Status, c.Said)
	found.private("digest", said.Digest, c.Digest)
	switch {
	case said.Reason == contradiction && c.Sale != nil:
		return p.checkOtherFacts(ctx, e, said, found)
	case said.Reason == unreadableSum && c.Sale == nil, said.Reason == unknownStatus && c.EventType == "":
	default:
		found.add("reason is %.40q, which does not follow from the kept body", said.Reason)
	}
	return found, nil
}

func (d *differences) compareFacts(is *soldFacts, want *Sale) {
	if is == nil || want == nil {
		if (is == nil) != (want == nil) {
			d.add("the amounts can be read in one of event and kept body")
		}
		return
	}
	d.text("subtotal", is.Subtotal.text(), want.Subtotal)
	d.text("total", is.Total.text(), want.Total)
	d.text("feeCoinbase", is.FeeOwn.text(), want.FeeOwn)
	d.text("feeBank", is.FeeBank.text(), want.FeeBank)
	d.text("bitcoin", is.Bitcoin.text(), want.Bitcoin)
	if !slices.Equal(is.Orders, want.Orders) || !slices.Equal(is.Mispaid, want.Mispaid) {
		d.add("orders or mispayments are not those in the kept body")
	}
}

// agrees reports whether two reports of a payout say the same. The order in which
// they list ids means nothing.
func (f *soldFacts) agrees(g *soldFacts) bool {
	return g != nil &&
		f.Subtotal.text() == g.Subtotal.text() && f.Total.text() == g.Total.text() &&
		f.FeeOwn.text() == g.FeeOwn.text() && f.FeeBank.text() == g.FeeBank.text() && f.Bitcoin.text() == g.Bitcoin.text() &&
		haveSame(f.Orders, g.Orders) && haveSame(f.Mispaid, g.Mispaid)
}

func haveSame(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
