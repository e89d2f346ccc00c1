package order

import (
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// settleRefunds posts the refunds that the provider has sent, as soon as their payment is
// posted.
func (d *decision) settleRefunds() {
	for _, id := range sortedKeys(d.state.Reports) {
		r := d.state.Reports[id]
		if !r.isDone || r.isSettled || d.isConfirmed(id, r) {
			continue
		}
		if d.command.Book == nil {
			d.lack(review.Unposted{})
			return
		}
		d.settleRefund(id, r)
	}
}

func (d *decision) settleRefund(id ident.Payment, r report) {
	if d.state.Payments.Of(string(r.payment)).Awaits() {
		return // the provider's answer posts the payment first
	}
	sent := PaymentRefunded{Report: id, Hash: r.hash, OccurredAt: r.occurredAt}
	if d.isContradicted(id, r) {
		d.holdReport(RefundHeld{Payment: r.payment, Report: id, Amount: &r.amount, Reason: payment.Contradiction, Hash: r.hash, OccurredAt: r.occurredAt})
		return
	}
	intent := d.openIntent(id, r)
	if intent != nil && !names(intent.Refund, id, r) && d.sameAsSent(r) != nil {
		intent = nil // it may be the one that was confirmed: a person decides
	}
	if intent != nil {
		sent.Refund, r.payment = intent.Refund, intent.Payment
	} else if same := d.sameAsSent(r); same != nil {
		d.holdReport(RefundHeld{Payment: r.payment, Report: id, Refund: same.Refund, Amount: &r.amount, Reason: payment.RefundSame, Hash: r.hash, OccurredAt: r.occurredAt})
		return
	} else if !d.hasCome(r.payment) {
		return // it is kept until its payment is posted
	}
	if err := d.sendBack(r.payment, r.amount, sent); err != nil {
		d.lack(err)
	}
}

// hasCome reports whether a payment is posted, or was.
func (d *decision) hasCome(identity ident.Payment) bool {
	p := d.state.Payments.Of(string(identity))
	return !d.command.Book.Left(string(identity)).IsZero() || !p.Refunded.IsZero()
}

// sendBack posts a refund that was sent: what is left of its payment as PaymentRefunded, and
// any excess as RefundHeld.
func (d *decision) sendBack(identity ident.Payment, amount money.Amount, sent PaymentRefunded) error {
	sent.Payment = identity
	intent := d.state.Intent(sent.Refund)
	key := string(identity)
	if intent != nil && intent.Item != "" {
		sent.Item, key = intent.Item, d.state.Items[intent.Item].posted(intent.Item)
	}
	left := d.command.Book.Left(key)
	if left.IsZero() && !d.hasCome(identity) {
		sent.Amount = amount
		d.add(sent) // of a payment that has posted nothing
		return nil
	}
	if !left.IsZero() && left.Currency() != amount.Currency() {
		d.holdReport(RefundHeld{Payment: identity, Report: sent.Report, Refund: sent.Refund, Amount: &amount, Reason: payment.OtherCurrency, Hash: sent.Hash, OccurredAt: sent.OccurredAt})
		return nil
	}
	part, above := split(amount, left)
	if part.Sign() > 0 {
		from, err := d.givers(key, identity, part, left)
		if err != nil {
			return err
		}
		sent.Amount, sent.From = part, from
		if sent.Item == "" && part == left {
			sent.Item = d.openItem(identity)
		}
		d.add(sent)
	}
	if above.Sign() > 0 {
		d.holdReport(RefundHeld{Payment: identity, Report: sent.Report, Refund: sent.Refund, Amount: &above, Posted: true, Reason: payment.RefundAbove, Hash: sent.Hash, OccurredAt: sent.OccurredAt})
	}
	return nil
}

// split divides an amount into what is left and what is above it.
func split(amount, left money.Amount) (part, above money.Amount) {
	if left.IsZero() {
		return money.Zero(amount.Currency()), amount
	}
	above, err := amount.Sub(left)
	if err != nil || above.Sign() < 0 {
		return amount, money.Zero(amount.Currency())
	}
	return left, above
}

// givers returns who gives what is sent back. Of a payment that is credited in another
// currency they give the same share of it, rounded down; the last refund takes the rest.
func (d *decision) givers(key string, identity ident.Payment, part, left money.Amount) ([]review.Line, error) {
	holders := d.command.Book.Holders(key)
	if part == left {
		return review.Opposite(holders), nil
	}
	has, err := sum(holders)
	if err != nil {
		return nil, err
	}
	share := part
	if has.Currency() != part.Currency() {
		p := d.state.Payments.Of(string(identity))
		credited, err := has.Neg().Add(p.Share)
		if err != nil {
			return nil, err
		}
		received, err := left.Add(p.Refunded)
		if err != nil {
			return nil, err
		}
		if share, err = credited.Portion(part, received); err != nil {
			return nil, err
		}
	}
	return review.Share(holders, share)
}

// openItem returns the open item that has the money of a payment in suspense.
func (d *decision) openItem(identity ident.Payment) string {
	for _, id := range sortedKeys(d.state.Items) {
		i := d.state.Items[id]
		if i.IsOpen() && i.refund == nil && i.identity() == identity && (i.mispaid != nil || i.held.Arrived) {
			return id
		}
	}
	return ""
}

// openIntent returns the decided refund that a report completes: the one it names, else
// the oldest of its amount.
func (d *decision) openIntent(id ident.Payment, r report) *Intent {
	for _, isThat := range []func(Intent) bool{
		func(i Intent) bool { return names(i.Refund, id, r) },
		func(i Intent) bool { return i.Amount == r.amount },
	} {
		at := slices.IndexFunc(d.state.Intents, func(i Intent) bool {
			return i.Status == RefundOpen && i.isOf(r.payment) && isThat(i)
		})
		if at >= 0 {
			return &d.state.Intents[at]
		}
	}
	return nil
}

// isOf reports whether the refund is one of a payment, or of a further transfer to what was
// paid by it: a report does not say of which.
func (i Intent) isOf(identity ident.Payment) bool {
	return i.Payment == identity || strings.HasPrefix(string(i.Payment), string(identity)+"/")
}

// names reports whether a text is the id or the hash of a provider's refund.
func names(text string, id ident.Payment, r report) bool {
	own, err := ident.Unescape(string(id[strings.LastIndexByte(string(id), '/')+1:]))
	return text != "" && (err == nil && text == own || r.hash != "" && payment.NormalHash(text) == r.hash)
}

// isConfirmed reports whether a report is of a refund that a person has confirmed by its id
// or hash.
func (d *decision) isConfirmed(id ident.Payment, r report) bool {
	return slices.ContainsFunc(d.state.Intents, func(i Intent) bool {
		return i.isOf(r.payment) && i.isConfirmed() && i.Amount == r.amount && names(i.Done.Reference, id, r)
	})
}

// isContradicted reports whether a person has confirmed the refund of a report with another
// amount.
func (d *decision) isContradicted(id ident.Payment, r report) bool {
	return slices.ContainsFunc(d.state.Intents, func(i Intent) bool {
		return i.isOf(r.payment) && i.isConfirmed() && i.Amount != r.amount && names(i.Done.Reference, id, r)
	})
}

// isReported reports whether a text names a refund of a payment that the provider has
// reported, and that is posted or waits.
func (s State) isReported(identity ident.Payment, text string) bool {
	for id, r := range s.Reports {
		if r.isSettled && (Intent{RefundDecided: RefundDecided{Payment: identity}}).isOf(r.payment) && names(text, id, r) {
			return true
		}
	}
	return false
}

// isConfirmed reports whether a person says that the refund was sent.
func (i Intent) isConfirmed() bool { return i.Status == RefundSent && i.Done != nil && i.Done.By != "" }

// sameAsSent returns the confirmed refund of the same amount that no report was taken for.
func (d *decision) sameAsSent(r report) *Intent {
	for at := range d.state.Intents {
		i := &d.state.Intents[at]
		if !i.isConfirmed() || i.matched || !i.isOf(r.payment) || i.Amount != r.amount {
			continue
		}
		isNamed := false
		for id, other := range d.state.Reports {
			isNamed = isNamed || names(i.Done.Reference, id, other)
		}
		if !isNamed {
			return i
		}
	}
	return nil
}

// holdReport adds a held refund.
func (d *decision) holdReport(e RefundHeld) {
	if len(d.state.Items) > payment.Max {
		d.lack(payment.ErrTooMany)
		return
	}
	e.Hold = d.command.EventID(len(d.events))
	d.add(e)
}
