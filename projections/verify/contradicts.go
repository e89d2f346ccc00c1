package verify

// reported is what a report says of a payment, as far as it can contradict what
// is known.
type reported struct {
	payment, user, amount string
	unusable              bool // it names a payer, and the name is of no use
	credits               bool // nothing is wrong with it, and it is enough for a credit
	isOutput              bool // another amount is another payment: a deposit's
}

// contradicts reports whether a report says otherwise than what is known of its
// payment: what was received, else what is in suspense. What is held without
// having arrived is not known to be so, and contradicts nothing; and a report
// that names no payment contradicts none.
func (h *history) contradicts(r reported) bool {
	if r.payment == "" {
		return false
	}
	if received, known := h.payments[r.payment]; known {
		return r.differs(received.user, received.amount) || received.refuted && !received.verified && r.credits
	}
	for _, hold := range h.holds {
		if hold.payment == r.payment && hold.arrived && r.differs(hold.user, hold.amount) {
			return true
		}
	}
	return false
}

func (r *reported) differs(user, amount string) bool {
	if r.amount != amount {
		return !r.isOutput
	}
	return user != "" && (r.unusable || r.user != "" && r.user != user)
}

// backs reports whether money of a payment came before, as much as this: held as
// arrived, or received. who it was for is what a credit may name beside the owner
// of the stream.
func (h *history) backs(payment, amount string) (who []string, ok bool) {
	isHeld := false
	for _, hold := range h.holds {
		if hold.payment != payment || hold.posted() == "" {
			continue
		}
		if isHeld = true; hold.amount == amount {
			who, ok = append(who, hold.user), true
		}
	}
	if received, known := h.payments[payment]; known && !isHeld {
		return []string{received.user}, received.amount == amount
	}
	return who, ok
}
