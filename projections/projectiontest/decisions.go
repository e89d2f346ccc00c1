package projectiontest

import (
	"time"

	"pgregory.net/rapid"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/review"
	"daybook/eventstore"
)

// item waits for a person: a held report, a mispayment or a held refund.
type item struct {
	id      string
	payment ident.Payment
	user    string
	amount  money.Amount
	round   int

	isContradiction, isMispaid, isRefund, isPosted bool
}

// key is under what is posted of the item.
func (i item) key() string {
	if i.isRefund {
		return i.id
	}
	return string(i.payment)
}

// decided is a decision that can be reversed.
type decided struct {
	item
	decision string
}

// By is the person of the suite's decisions.
const By = "operator:alice"

func (h *history) stream(i item) eventstore.StreamName {
	return eventstore.StreamName(h.orderOf[i.payment].Stream())
}

// about begins the event of a decision. With takes it takes back all that stands posted.
func (h *history) about(i item, verb review.Verb, takes bool) review.Decision {
	d := review.Decision{
		ID: h.nextID("decision"), Item: i.id, Payment: i.payment, Round: i.round, By: By,
		Asked: review.Asked{Decision: verb, User: i.user, Note: "looked at " + i.id},
	}
	if takes {
		d.Takes = h.book(h.stream(i)).Of(i.key())
	}
	return d
}

// decide decides about an item.
func (h *history) decide(t *rapid.T, i item) {
	if i.isRefund {
		h.decideRefund(t, i)
		return
	}
	user, id := drawUser(t), h.orderOf[i.payment]
	made := decided{i, h.nextID("decision")}
	switch rapid.SampledFrom([]review.Verb{review.Credit, review.Complete, review.Refund, review.Dismiss}).Draw(t, "decision") {
	case review.Credit:
		d := h.about(i, review.Credit, true)
		if i.isMispaid {
			h.addOrder(id, order.MispaymentCredited{Decision: d, User: user, Amount: i.amount})
			break
		}
		h.addOrder(id, order.PaymentReleased{Decision: d, User: user, Amount: i.amount, Contradiction: i.isContradiction})
	case review.Complete:
		e := order.OrderCompleted{Decision: h.about(i, review.Complete, true), User: user, Amount: i.amount, Sold: i.amount}
		if price, err := money.Parse(i.amount.Currency(), "3"); err == nil && rapid.Bool().Draw(t, "another price") {
			e.Sold = price
			if short, err := price.Sub(i.amount); err == nil && short.Sign() > 0 {
				e.Short = &short
			}
		}
		h.addOrder(id, e)
	case review.Refund:
		if !i.isContradiction {
			h.intend(i)
			return
		}
		fallthrough
	case review.Dismiss:
		d := h.about(i, review.Dismiss, !i.isContradiction)
		arrived := &i.amount
		if i.isContradiction || rapid.Bool().Draw(t, "nothing came") {
			arrived = nil
		}
		if i.isMispaid {
			h.addOrder(id, order.MispaymentDismissed{Decision: d, Arrived: arrived})
			break
		}
		h.addOrder(id, order.PaymentDismissed{Decision: d, Arrived: arrived})
	}
	h.decided = append(h.decided, made)
}

// decideRefund decides about a held refund.
func (h *history) decideRefund(t *rapid.T, i item) {
	made := decided{i, h.nextID("decision")}
	if rapid.Bool().Draw(t, "charge") {
		h.addOrder(h.orderOf[i.payment], order.RefundCharged{
			Decision: h.about(i, review.Charge, i.isPosted), User: drawUser(t), Amount: i.amount, Charged: &i.amount,
		})
	} else {
		e := order.RefundDismissed{Decision: h.about(i, review.Dismiss, i.isPosted)}
		if i.isPosted {
			e.Amount = &i.amount
		}
		h.addOrder(h.orderOf[i.payment], e)
	}
	h.decided = append(h.decided, made)
}

// reverse undoes a decision, unless something was posted on it since.
func (h *history) reverse(d decided) {
	book := h.book(h.stream(d.item))
	if !book.IsLast(d.decision) {
		return
	}
	lines := book.By(d.decision)
	h.addOrder(h.orderOf[d.payment], order.DecisionReversed{Reversal: review.Reversal{
		Item: d.id, Reverses: d.decision, Payment: d.payment, Round: d.round, By: By, Note: "wrong", Lines: review.Opposite(lines),
	}})
	d.round++
	h.items = append(h.items, d.item)
}

// intent is a refund that is decided, of an item or of a verified payment.
type intent struct {
	item
	refund string
	isOf   bool // the item
}

// intend decides that the money of an item is sent back.
func (h *history) intend(i item) {
	asked := review.Asked{Decision: review.Refund, Note: "back"}
	r := intent{item: i, refund: h.nextID("refund"), isOf: true}
	h.addOrder(h.orderOf[i.payment], order.RefundDecided{
		Refund: r.refund, Item: i.id, Round: i.round, Asked: &asked, Payment: i.payment, Amount: i.amount, By: By, Note: asked.Note,
	})
	h.intents = append(h.intents, r)
}

// refund adds a refund of a verified payment: reported, above it, or decided.
func (h *history) refund(t *rapid.T, occurred time.Time) {
	e, ok := take(t, &h.verified)
	if !ok {
		return
	}
	i := item{id: h.nextID("hold"), payment: e.Payment, amount: e.Amount, isRefund: true}
	switch rapid.IntRange(0, 2).Draw(t, "refund") {
	case 0:
		h.sendBack(intent{item: item{payment: e.Payment, amount: e.Amount}}, occurred)
	case 1:
		i.isPosted = rapid.Bool().Draw(t, "posted")
		reason := payment.RefundSame
		if i.isPosted {
			reason = payment.RefundAbove
		}
		h.addOrder(h.orderOf[e.Payment], order.RefundHeld{Hold: i.id, Payment: e.Payment, Amount: &i.amount, Posted: i.isPosted, Reason: reason, OccurredAt: occurred})
		h.items = append(h.items, i)
	case 2:
		r := intent{item: item{payment: e.Payment, amount: e.Amount}, refund: h.nextID("refund")}
		h.addOrder(h.orderOf[e.Payment], order.RefundDecided{Refund: r.refund, Payment: e.Payment, Amount: e.Amount, By: By, Note: "returned"})
		h.intents = append(h.intents, r)
	}
}

// endIntent sends a decided refund, or withdraws it.
func (h *history) endIntent(t *rapid.T, i intent, occurred time.Time) {
	if rapid.Bool().Draw(t, "sent") {
		h.sendBack(i, occurred)
		return
	}
	e := order.RefundWithdrawn{Refund: i.refund, Payment: i.payment, Amount: i.amount, By: By}
	if i.isOf {
		e.Item, e.Round = i.id, i.round
		i.round++
		h.items = append(h.items, i.item)
	}
	h.addOrder(h.orderOf[i.payment], e)
}

// sendBack sends back all that is left of a payment.
func (h *history) sendBack(i intent, occurred time.Time) {
	book := h.book(h.stream(i.item))
	e := order.PaymentRefunded{Payment: i.payment, Refund: i.refund, Amount: i.amount, OccurredAt: occurred}
	if left := book.Left(string(i.payment)); !left.IsZero() && left.Sign() > 0 {
		e.Amount, e.From = left, review.Opposite(book.Holders(string(i.payment)))
	}
	if i.isOf {
		e.Item = i.id
	}
	if i.refund != "" {
		e.By, e.Reference = By, "transfer 7"
	}
	h.addOrder(h.orderOf[i.payment], e)
}

// decidePayout adds a payout that waits, with what becomes of it.
func (h *history) decidePayout(t *rapid.T, facts payout.Facts, occurred time.Time) {
	stream, hold := eventstore.StreamName("payout-"+h.nextID("P")), h.nextID("hold")
	identity := ident.Payment("coinbase/payout/" + string(stream))
	h.add(stream, payout.PayoutHeld{Hold: hold, Payment: identity, Digest: "d", Facts: &facts, Status: "x", Reason: payment.UnknownStatus, OccurredAt: occurred})
	d := review.Decision{
		ID: h.nextID("decision"), Item: hold, Payment: identity, By: By, Asked: review.Asked{Decision: review.Credit, Note: "arrived"}, Takes: h.book(stream).Of(string(identity)),
	}
	if rapid.Bool().Draw(t, "released") {
		h.add(stream, payout.PayoutReleased{Decision: d, Facts: facts})
	} else {
		d.Asked.Decision, d.Takes = review.Dismiss, nil
		h.add(stream, payout.PayoutDismissed{Decision: d})
	}
	if rapid.Bool().Draw(t, "reversed") {
		h.add(stream, payout.DecisionReversed{Reversal: review.Reversal{
			Item: hold, Reverses: d.ID, Payment: identity, By: By, Note: "wrong", Lines: review.Opposite(h.book(stream).By(d.ID)),
		}})
	}
}

// decideDeposit adds a deposit without a hash, with what becomes of it.
func (h *history) decideDeposit(t *rapid.T, stream eventstore.StreamName, user string, amount money.Amount, occurred time.Time) {
	hold := h.nextID("hold")
	h.add(stream, deposit.DepositHeld{Hold: hold, Digest: "d", Amount: &amount, Arrived: true, Reason: payment.NoHash, OccurredAt: occurred})
	h.add(stream, deposit.DepositSeenAgain{Hold: hold, Digest: "d", ReceivedAt: occurred})
	about := func(verb review.Verb) review.Decision {
		return review.Decision{
			ID: h.nextID("decision"), Item: hold, By: By, Asked: review.Asked{Decision: verb, Note: "counted"}, Takes: h.book(stream).Of(hold),
		}
	}
	d := about(review.Credit)
	switch rapid.IntRange(0, 3).Draw(t, "decision") {
	case 0:
		h.add(stream, deposit.DepositReleased{Decision: d, User: user, Amount: amount})
	case 1:
		d.Asked.Decision = review.Dismiss
		h.add(stream, deposit.DepositDismissed{Decision: d, Arrived: &amount})
	case 2:
		h.add(stream, deposit.DepositReleased{Decision: d, User: user, Amount: amount})
		h.add(stream, deposit.DecisionReversed{Reversal: review.Reversal{
			Item: hold, Reverses: d.ID, By: By, Note: "wrong", Lines: review.Opposite(h.book(stream).By(d.ID)),
		}})
	case 3:
		asked := review.Asked{Decision: review.Refund, Note: "back"}
		refund := h.nextID("refund")
		h.add(stream, deposit.RefundDecided{Refund: refund, Item: hold, Asked: &asked, Amount: amount, By: By, Note: asked.Note})
		if rapid.Bool().Draw(t, "withdrawn") {
			h.add(stream, deposit.RefundWithdrawn{Refund: refund, Item: hold, Amount: amount, By: By})
			return
		}
		h.add(stream, deposit.DepositRefunded{
			Refund: refund, Item: hold, Amount: amount, From: review.Opposite(h.book(stream).Holders(hold)), Reference: "0xab", By: By, OccurredAt: occurred,
		})
	}
}
