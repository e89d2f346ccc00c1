package verify

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// The words of a provider for refunds.
const (
	refundCompleted = "COMPLETED"
	refundFailed    = "FAILED"
)

// refundReport is a provider's refund as it was last reported.
type refundReport struct {
	payment, hash string
	amount        amount
	occurredAt    time.Time
	isDone        bool // the provider says that it was sent
	isSettled     bool // it is posted, or waits for a person
}

// intent is a refund that a person has decided.
type intent struct {
	said    data // of the decision
	status  intentStatus
	done    *data // how it was sent, as the event says
	matched bool  // a report was taken for the same
}

type intentStatus uint8

const (
	intentOpen intentStatus = iota
	intentSent
	intentWithdrawn
)

func (r *reviewed) report(said *data) {
	if said.Refund == "" || said.Reason != "" || said.Amount == nil {
		return
	}
	if known := r.reports[said.Refund]; known != nil && known.isSettled {
		return
	}
	r.reports[said.Refund] = &refundReport{
		payment: said.Payment, amount: *said.Amount, hash: said.Hash, occurredAt: said.OccurredAt, isDone: said.Status == refundCompleted,
	}
}

func (r *reviewed) settleReport(id string) {
	if known := r.reports[id]; known != nil {
		known.isSettled = true
	}
}

func (r *reviewed) intend(said *data) {
	decided := &intent{said: *said}
	if said.Amount == nil {
		decided.said.Amount = new(amount) // a difference of its own
	}
	r.intents = append(r.intents, decided)
	if i := r.items[said.Item]; i != nil {
		i.decision, i.settled = said.Refund, said.Refund
	}
}

func (r *reviewed) withdraw(said *data) {
	if known := r.intent(said.Refund); known != nil {
		known.status = intentWithdrawn
	}
	if i := r.items[said.Item]; i != nil {
		i.round++
		i.settled = ""
	}
}

// intent returns a decided refund by its id; nil if there is none.
func (r *reviewed) intent(id string) *intent {
	for _, known := range slices.Backward(r.intents) {
		if id != "" && known.said.Refund == id {
			return known
		}
	}
	return nil
}

// hasOpenIntent reports whether money of a payment, or of an item without one, is about to
// be sent back.
func (r *reviewed) hasOpenIntent(i *reviewItem) bool {
	return slices.ContainsFunc(r.intents, func(known *intent) bool {
		return known.status == intentOpen && (i.said.Payment != "" && known.said.Payment == i.said.Payment || known.said.Item == i.id)
	})
}

// refund takes note of what was sent back.
func (r *reviewed) refund(said *data) {
	r.settleReport(said.Report)
	key := said.Payment
	if key == "" {
		key = said.Item
	}
	if known := r.intent(said.Refund); known != nil {
		known.status, known.done = intentSent, said
	}
	if i := r.items[said.Item]; i != nil && i.settled == "" {
		i.settled = byRule
	}
	r.sendBack(key, said.Amount, said.From, 1)
}

// charge notes, or forgets, what a held refund was found to have sent back of its payment.
func (r *reviewed) charge(said *data, sign int64) {
	if said.Within != nil {
		r.sendBack(said.Payment, said.Within, said.From, sign)
	}
}

func (r *reviewed) sendBack(key string, is *amount, from []statedLine, sign int64) {
	var amount units
	if is == nil || amount.parse(*is) != nil {
		return
	}
	share := units{}
	for _, s := range from {
		l, err := s.line()
		if err != nil {
			return
		}
		share.currency = l.currency
		share.n.Add(&share.n, l.n)
	}
	if r.backs[key] == nil {
		r.backs[key] = &sent{before: make(map[string]units)}
	}
	r.backs[key].add(&amount, &share, sign)
}

// holdRefund takes note of a refund that waits for a person.
func (r *reviewed) holdRefund(eventType string, said *data) {
	if eventType != "RefundHeld" {
		return
	}
	r.settleReport(said.Report)
	if known := r.intent(said.Refund); known != nil && said.Posted {
		known.status = intentSent
	}
}

// match notes whether a report was taken for a refund that a person has confirmed.
func (r *reviewed) match(i *reviewItem, isSame bool) {
	if !i.isRefund() || i.said.Posted {
		return
	}
	if known := r.intent(i.said.Refund); known != nil {
		known.matched = isSame
	}
}

// openIntentOf returns the decided refund that a report completes: the one it names, else
// the oldest of its amount.
func (r *reviewed) openIntentOf(id string, of *refundReport) *intent {
	for _, isThat := range []func(*intent) bool{
		func(known *intent) bool { return names(known.said.Refund, id, of) },
		func(known *intent) bool { return known.said.Amount.text() == of.amount.text() },
	} {
		for _, known := range r.intents {
			if known.status == intentOpen && known.isOf(of.payment) && isThat(known) {
				return known
			}
		}
	}
	return nil
}

// completes returns the decided refund that a report completes. One of its amount alone it
// does not, if it may be the refund that a person has confirmed.
func (r *reviewed) completes(id string, of *refundReport) *intent {
	found := r.openIntentOf(id, of)
	if found != nil && !names(found.said.Refund, id, of) && r.sameAsSent(of) != nil {
		return nil
	}
	return found
}

// isConfirmedOtherwise reports whether a person has confirmed the refund of a report with
// another amount.
func (r *reviewed) isConfirmedOtherwise(id string, of *data) bool {
	for _, known := range r.intents {
		report := &refundReport{payment: of.Payment, hash: of.Hash}
		if known.isConfirmed() && known.isOf(of.Payment) && known.said.Amount.text() != of.Amount.text() && names(known.done.Reference, id, report) {
			return true
		}
	}
	return false
}

// isConfirmed reports whether a person says that the refund was sent.
func (i *intent) isConfirmed() bool {
	return i.status == intentSent && i.done != nil && i.done.By != ""
}

// isOf reports whether the refund is one of a payment, or of a further transfer to what was
// paid by it: a report does not say of which.
func (i *intent) isOf(payment string) bool {
	return i.said.Payment == payment || strings.HasPrefix(i.said.Payment, payment+"/")
}

// isNamed reports whether a report is of a refund that a person has confirmed by its id or
// hash.
func (r *reviewed) isNamed(id string, of *refundReport) bool {
	return slices.ContainsFunc(r.intents, func(known *intent) bool {
		return known.isOf(of.payment) && known.isConfirmed() && names(known.done.Reference, id, of)
	})
}

// sameAsSent returns the confirmed refund of the same amount that no report was taken for.
func (r *reviewed) sameAsSent(of *refundReport) *intent {
	for _, known := range r.intents {
		if !known.isConfirmed() || known.matched || !known.isOf(of.payment) || known.said.Amount.text() != of.amount.text() {
			continue
		}
		isNamed := false
		for id, other := range r.reports {
			isNamed = isNamed || names(known.done.Reference, id, other)
		}
		if !isNamed {
			return known
		}
	}
	return nil
}

// names reports whether a text is the id or the hash of a provider's refund.
func names(text, id string, of *refundReport) bool {
	own, err := url.PathUnescape(id[strings.LastIndexByte(id, '/')+1:])
	return text != "" && (err == nil && text == own || of.hash != "" && normalHash(text) == of.hash)
}

// normalHash returns the one form of a transaction's hash. Hexadecimal digits are in lower
// case, after 0x if there are 64 of them.
func normalHash(text string) string {
	text = strings.TrimSpace(text)
	lower := strings.ToLower(text)
	digits := strings.TrimPrefix(lower, "0x")
	for _, c := range digits {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return text
		}
	}
	if len(digits) == 64 {
		return "0x" + digits
	}
	return lower
}
