package order

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// DecideRefund is the command of a person to send back money of the order's payment.
type DecideRefund struct {
	Refund string // its id, by which it is known
	Amount money.Amount
	Note   string
	By     string
	Claims
}

// DecideIntent returns the event that reserves money for a refund, none if the same refund
// is decided.
func DecideIntent(s State, c DecideRefund) ([]Event, error) {
	if known := s.Intent(c.Refund); known != nil {
		if known.Item != "" || known.Amount != c.Amount || known.Note != c.Note {
			return nil, review.ErrDecided
		}
		return nil, nil
	}
	if len(s.Intents) >= payment.Max {
		return nil, payment.ErrTooMany
	}
	switch {
	case s.Paid == "":
		return nil, review.Impossible("the order is not paid; refund its items in review")
	case c.Book == nil:
		return nil, review.Unposted{}
	}
	left := c.Book.Left(string(s.Paid))
	for _, i := range s.Intents {
		if i.Status == RefundOpen && i.Payment == s.Paid {
			left, _ = left.Sub(i.Amount)
		}
	}
	if err := within(c.Amount, left); err != nil {
		return nil, err
	}
	return []Event{RefundDecided{Refund: c.Refund, Payment: s.Paid, Amount: c.Amount, By: c.By, Note: c.Note}}, nil
}

// within checks that an amount can be sent back of what is left.
func within(amount, left money.Amount) error {
	switch {
	case left.IsZero():
		return review.Impossible("nothing is left of it")
	case amount.Currency() != left.Currency():
		return review.Missing("an amount in %s, which is what was received", left.Currency())
	case amount.Sign() <= 0:
		return review.Missing("an amount of more than nothing")
	}
	if rest, err := left.Sub(amount); err != nil || rest.Sign() < 0 {
		return review.Impossible("%s are left of it", left)
	}
	return nil
}

// intend decides that the money of an item is sent back.
func (d *decision) intend(c DecideItem, i Item) error {
	if i.isContradiction() {
		return review.Impossible("the payment of a contradiction stands posted; refund its order")
	}
	if c.Asked.User != "" || c.Asked.Times != nil || c.Asked.Arrived != nil {
		return review.Impossible("a refund has no user, times or arrived")
	}
	amount := d.command.Book.Left(i.posted(c.Item))
	if amount.IsZero() {
		amount = i.amount()
	}
	amount, err := c.Asked.AmountOf(&amount)
	if err != nil {
		return err
	}
	d.add(RefundDecided{
		Refund: c.EventID(len(d.events)), Item: c.Item, Round: c.Round, Asked: &c.Asked, Payment: i.identity(), Amount: amount,
		By: c.By, Note: c.Asked.Note,
	})
	return nil
}

// amount returns what an item says of its amount; the zero value if it does not.
func (i Item) amount() money.Amount {
	if i.mispaid != nil {
		return i.mispaid.Amount
	}
	return deref(i.held.Amount)
}

// ConfirmRefund is the command of a person who has sent a refund elsewhere.
type ConfirmRefund struct {
	review.Confirm
	Claims
}

// DecideSent returns the events of a refund that a person has sent, none if it is known.
func DecideSent(s State, c ConfirmRefund) ([]Event, error) {
	i := s.Intent(c.Refund)
	switch {
	case i == nil:
		return nil, review.ErrNoItem
	case i.Status == RefundCancelled:
		return nil, review.Impossible("the refund was withdrawn")
	case i.Status == RefundSent && i.Done != nil && i.Done.Reference == c.Reference && i.Done.OccurredAt.Equal(c.SentAt) && i.Done.By != "":
		return nil, nil
	case i.Status == RefundSent:
		return nil, review.ErrRefundDone
	case c.Book == nil:
		return nil, review.Unposted{}
	}
	d := decision{state: s.Clone(), command: Report{EventID: c.EventID, Claims: c.Claims}}
	err := d.sendBack(i.Payment, i.Amount, PaymentRefunded{Refund: i.Refund, Reference: c.Reference, By: c.By, OccurredAt: c.SentAt})
	if err != nil {
		return nil, err
	}
	return d.decided()
}

// DecideWithdraw returns the event that frees what a refund has reserved, none if it is
// withdrawn.
func DecideWithdraw(s State, c review.Withdraw) ([]Event, error) {
	i := s.Intent(c.Refund)
	switch {
	case i == nil:
		return nil, review.ErrNoItem
	case i.Status == RefundSent:
		return nil, review.ErrRefundDone
	case i.Status == RefundCancelled:
		return nil, nil
	}
	return []Event{RefundWithdrawn{Refund: i.Refund, Item: i.Item, Round: i.Round, Payment: i.Payment, Amount: i.Amount, By: c.By}}, nil
}

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
	sent := PaymentRefunded{Report: id, Hash: r.hash, OccurredAt: r.occurredAt}
	if intent := d.openIntent(id, r); intent != nil {
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

// sendBack posts what was sent back: what the payment gives, and beyond that what waits
// for a person.
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
	return d.command.Book.Share(key, share)
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
		return i.isOf(r.payment) && i.isConfirmed() && names(i.Done.Reference, id, r)
	})
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

// decideRefund decides about a held refund.
func (d *decision) decideRefund(c DecideItem, i Item) error {
	if c.Asked.Times != nil || c.Asked.Arrived != nil {
		return review.Impossible("times and arrived say nothing of a refund")
	}
	switch c.Asked.Decision {
	case review.Dismiss:
		if c.Asked.User != "" || c.Asked.Amount != nil {
			return review.Impossible("a dismissal has no user and no amount")
		}
		dismissed := RefundDismissed{Decision: d.about(c, i, i.refund.Posted)}
		if i.refund.Posted {
			dismissed.Amount = i.refund.Amount
		}
		d.add(dismissed)
		return nil
	case review.Charge:
		return d.charge(c, i)
	}
	return review.Impossible("a refund is charged or dismissed")
}

// charge takes a refund from the payment, if it turns out to be one of its own, and what
// the payment does not have from a user.
func (d *decision) charge(c DecideItem, i Item) error {
	amount, err := c.Asked.AmountOf(i.refund.Amount)
	if err != nil {
		return err
	}
	charged := RefundCharged{Decision: d.about(c, i, i.refund.Posted), Amount: amount}
	rest := amount
	if !i.refund.Posted {
		key := string(i.refund.Payment)
		if left := d.command.Book.Left(key); !left.IsZero() && left.Currency() == amount.Currency() {
			var part money.Amount
			if part, rest = split(amount, left); part.Sign() > 0 {
				charged.Within = &part
				if charged.From, err = d.givers(key, i.refund.Payment, part, left); err != nil {
					return err
				}
			}
		}
	}
	if rest.Sign() > 0 {
		standing := d.state.Payments.Of(string(i.refund.Payment))
		charged.Charged = &rest
		charged.User = cmp.Or(c.Asked.User, standing.Owner, d.state.Terms.User, standing.User)
		if err := ident.Check(charged.User); err != nil {
			return review.Missing("a user to charge")
		}
	}
	d.add(charged)
	return nil
}

func sortedKeys[K cmp.Ordered, V any](all map[K]V) []K { return slices.Sorted(maps.Keys(all)) }
