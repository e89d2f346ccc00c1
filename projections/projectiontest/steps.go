package projectiontest

import (
	"fmt"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/claim"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
)

// nextPayment returns a payment identity of an order.
func (h *history) nextPayment(t *rapid.T, kind string) (order.ID, ident.Payment) {
	h.payments++
	id := drawOrder(t)
	identity := ident.NewPayment("coinbase", kind, fmt.Sprintf("%s-%d", id, h.payments))
	h.orderOf[identity] = id
	return id, identity
}

func (h *history) receive(t *rapid.T, occurred time.Time) {
	id, identity := h.nextPayment(t, "order")
	e := order.PaymentReceived{Payment: identity, User: drawUser(t), Amount: drawAmount(t), Sale: rapid.Bool().Draw(t, "sale"), OccurredAt: occurred}
	if rapid.Bool().Draw(t, "details") {
		e.Details = &order.Details{Reference: "reference", UUID: "uuid"}
	}
	h.addOrder(id, e)
	if rapid.Bool().Draw(t, "verified at once") {
		h.verify(t, e, occurred)
		return
	}
	h.received = append(h.received, e)
}

func (h *history) verify(t *rapid.T, received order.PaymentReceived, occurred time.Time) {
	e := order.PaymentVerified{
		Payment: received.Payment, User: received.User, Amount: received.Amount,
		OccurredAt: occurred, Evidence: evidence,
	}
	switch {
	case received.Sale:
		price := e.Amount
		if price.Sign() > 0 && rapid.Bool().Draw(t, "overpaid") {
			price = money.Zero(price.Currency())
		}
		e.Sold = &price
	case rapid.IntRange(0, 3).Draw(t, "registered as a sale since") == 0:
		e.Sold, e.Received = &e.Amount, &received.Amount
	}
	if i, ok := take(t, &h.items); ok && !i.isMispaid && !i.isRefund {
		closed := payment.ClosedHold{Hold: i.id}
		if !i.isContradiction { // which has put nothing into suspense
			closed.Amount = &i.amount
		}
		e.Closes = []payment.ClosedHold{closed}
	} else if ok {
		h.items = append(h.items, i)
	}
	h.addOrder(h.orderOf[e.Payment], e)
	h.verified = append(h.verified, e)
}

func (h *history) hold(t *rapid.T, occurred time.Time) {
	id, identity := h.nextPayment(t, "order")
	amount := drawAmount(t)
	known, isKnown := take(t, &h.verified)
	if isKnown { // the report says otherwise of it
		id, identity = h.orderOf[known.Payment], known.Payment
	}
	e := order.PaymentHeld{
		Hold: h.nextID("hold"), Payment: identity, User: drawUser(t), Amount: &amount,
		Arrived: !isKnown, Contradiction: isKnown, Reason: payment.StatusDisagrees, OccurredAt: occurred,
	}
	h.addOrder(id, e)
	h.items = append(h.items, item{id: e.Hold, payment: identity, user: e.User, amount: amount, isContradiction: isKnown})
}

// nextID returns an id that stands for that of the next event.
func (h *history) nextID(kind string) string { return kind + "-" + strconv.Itoa(len(h.log)) }

// mispay adds a mispayment.
func (h *history) mispay(t *rapid.T, occurred time.Time) {
	if pending, ok := take(t, &h.received); ok && rapid.Bool().Draw(t, "by our terms") {
		h.mispayPending(pending, occurred)
		return
	} else if ok {
		h.received = append(h.received, pending)
	}
	id, identity := h.nextPayment(t, "mispayment")
	e := order.PaymentMispaid{Mispayment: h.nextID("mispayment"), Payment: identity, User: drawUser(t), Amount: drawAmount(t), OccurredAt: occurred}
	h.addOrder(id, e)
	h.items = append(h.items, item{id: e.Mispayment, payment: identity, amount: e.Amount, isMispaid: true})
}

// mispayPending finds that a payment does not pay its order.
func (h *history) mispayPending(pending order.PaymentReceived, occurred time.Time) {
	e := order.PaymentMispaid{
		Mispayment: h.nextID("mispayment"), Payment: pending.Payment, User: pending.User, Amount: pending.Amount,
		Reason: payment.Underpaid, OccurredAt: occurred,
	}
	if !pending.Sale {
		e.Received = &pending.Amount
	}
	h.addOrder(h.orderOf[pending.Payment], e)
	h.items = append(h.items, item{id: e.Mispayment, payment: e.Payment, amount: e.Amount, isMispaid: true})
}

// deposit adds a deposit, or what becomes of one.
func (h *history) deposit(t *rapid.T, occurred time.Time) {
	const address = "mzVXZfqeRHSf3kUr4uMqvLhVzLbJqKeGkA"
	stream := eventstore.StreamName(deposit.NewID(address).Stream())
	if known, ok := take(t, &h.deposits); ok && rapid.Bool().Draw(t, "known") {
		h.add(stream, deposit.DepositVerified{
			Payment: known.Payment, User: known.User, Amount: known.Amount, OccurredAt: occurred, Evidence: evidence,
		})
		return
	} else if ok {
		h.deposits = append(h.deposits, known)
	}
	h.payments++
	identity := ident.NewPayment("coinbase", "address", address, strconv.Itoa(h.payments))
	user, amount := drawUser(t), drawAmount(t)
	switch rapid.IntRange(0, 2).Draw(t, "deposit") {
	case 0:
		e := deposit.DepositReceived{Payment: identity, User: user, Amount: amount, OccurredAt: occurred}
		h.add(stream, e)
		h.deposits = append(h.deposits, e)
	case 1:
		h.decideDeposit(t, stream, user, amount, occurred)
	case 2:
		h.add(stream, deposit.AddressRegistered{User: user})
		h.decideDeposit(t, stream, user, amount, occurred)
	}
}

// mention adds what moves nobody's money.
func (h *history) mention(t *rapid.T, occurred time.Time) {
	amount := drawAmount(t)
	switch rapid.IntRange(0, 6).Draw(t, "mention") {
	case 0:
		terms := order.Terms{User: drawUser(t), Amount: amount, For: order.ForSale}
		if h.payments%2 == 0 {
			terms.Reference = "reference"
		}
		if id := drawOrder(t); !h.registered[id] {
			h.registered[id] = true
			h.addOrder(id, order.OrderRegistered{Terms: terms, OccurredAt: occurred})
		}
	case 1:
		h.addOrder(drawOrder(t), order.OrderStatusReported{Status: rapid.SampledFrom([]string{"new", "canceled"}).Draw(t, "status"), OccurredAt: occurred})
	case 2:
		h.addOrder(drawOrder(t), order.OrderExpired{OccurredAt: occurred})
	case 3:
		h.add("payout-P1", payout.PayoutPending{Payment: "coinbase/payout/P1", Facts: payout.Facts{Total: amount, Subtotal: amount}, OccurredAt: occurred})
	case 4:
		h.add("quarantine-abc", quarantine.CallbackQuarantined{Format: "coinbase-v1", Reason: quarantine.Incomplete, Digest: "abc", Length: 3})
	case 5:
		identity := ident.NewPayment("coinbase", "mispayment", strconv.Itoa(len(h.log)))
		h.add(eventstore.StreamName(claim.NewID(identity).Stream()), claim.PaymentClaimed{Payment: identity, Owner: "order-coinbase.A"})
	case 6:
		h.decidePayout(t, payout.Facts{Total: amount, Subtotal: amount}, occurred)
	}
}
