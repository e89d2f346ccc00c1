package verify

// undone is what a decision has changed, so that its reversal restores that.
type undone struct {
	payment  string
	isCredit bool
	isKnown  bool
	known    known
	holds    map[string]heldBefore
}

// takeDecision takes note of what a person has decided, or of what undoes it.
func (h *history) takeDecision(eventType string, said *data) {
	switch eventType {
	case "PaymentReleased", "MispaymentCredited", "OrderCompleted", "DepositReleased":
		h.remember(said, true)
		defer h.forget(said.ID)
		h.pay(eventType, said)
		h.close(said.Item)
		if said.Payment == "" {
			return
		}
		if _, again := h.payments[said.Payment]; !again {
			h.receive(said)
		}
		h.settle(said.Payment)
		h.change(said.Payment, func(k *known) { k.owner, k.given = said.User, said.Transfer.texts() })
	case "PaymentDismissed", "DepositDismissed":
		h.remember(said, false)
		h.dismiss(said)
		h.forget(said.ID)
	case "PayoutReleased":
		h.remember(said, true)
		h.receive(said)
		h.change(said.Payment, func(k *known) { k.sale = said.Facts })
	case "RefundDecided":
		if said.Item != "" {
			reserved := data{Payment: said.Payment, decisionData: decisionData{ID: said.Refund, Item: said.Item}}
			h.remember(&reserved, false)
			h.close(said.Item)
			h.forget(said.Refund)
		}
	case "RefundWithdrawn":
		h.restore(said.Refund)
	case "DecisionReversed":
		h.restore(said.Reverses)
	}
}

// dismiss closes a hold; what has arrived of it is what the person says.
func (h *history) dismiss(said *data) {
	hold := h.holds[said.Item]
	if hold == nil {
		return
	}
	hold.closed = true
	if hold.contradiction {
		return
	}
	if hold.arrived = said.Arrived.amount != nil; hold.arrived {
		hold.amount = said.Arrived.amount.text()
	}
}

// remember notes what a decision is going to change.
func (h *history) remember(said *data, isCredit bool) {
	u := undone{payment: said.Payment, isCredit: isCredit, holds: make(map[string]heldBefore)}
	u.known, u.isKnown = h.payments[said.Payment]
	for id, hold := range h.holds {
		if id == said.Item || said.Payment != "" && hold.payment == said.Payment {
			u.holds[id] = *hold
		}
	}
	if h.undo == nil {
		h.undo = make(map[string]undone)
	}
	h.undo[said.ID] = u
}

// forget drops the holds that a decision has left as they were.
func (h *history) forget(decision string) {
	u := h.undo[decision]
	for id, before := range u.holds {
		if *h.holds[id] == before {
			delete(u.holds, id)
		}
	}
}

// restore puts back what a decision has changed.
func (h *history) restore(decision string) {
	if h.paidBy != "" && h.paidBy == decision {
		h.paid, h.paidBy = "", ""
	}
	u, known := h.undo[decision]
	if !known {
		return
	}
	delete(h.undo, decision)
	for id, before := range u.holds {
		if hold := h.holds[id]; hold != nil {
			*hold = before
		}
	}
	switch {
	case !u.isCredit:
	case !u.isKnown:
		delete(h.payments, u.payment)
	default:
		h.change(u.payment, u.restore)
	}
}

func (u *undone) restore(k *known) {
	b := &u.known
	k.user, k.amount, k.transfer, k.verified, k.owner, k.given, k.sale = b.user, b.amount, b.transfer, b.verified, b.owner, b.given, b.sale
}
