package verify

import (
	"slices"
	"time"
)

// sent checks a refund that was sent: what its payment gives, or what waits for a person.
func (j *judgement) sent(x *proof) {
	if j.e.Type == "RefundHeld" {
		j.held(x)
		return
	}
	s, ok := j.sending(x)
	if !ok {
		return
	}
	said, payment := j.said, j.said.Payment
	key, item := payment, ""
	refund := ""
	if s.intent != nil {
		refund = s.intent.said.Refund
		if i := j.r.items[s.intent.said.Item]; i != nil {
			key, item = i.key(), i.id
		}
	} else if j.r.sameAsSent(s.report) != nil {
		j.add("a person has confirmed a refund of that amount")
	}
	j.same("refund", said.Refund, refund)
	j.facts(&s)
	if s.report != nil && (said.By != "" || said.Reference != "") {
		j.add("a provider has sent it, and no person")
	}
	left := j.r.posted.left(key)
	switch {
	case left == nil && !j.r.hasCome(payment):
		if s.intent == nil {
			j.add("its payment is not posted")
		}
		j.want("amount", said.Amount, textOf(&s.amount))
		j.wantFrom(nil)
	case left != nil && left.currency != s.amount.currency:
		j.add("amount is of another currency than is left of the payment")
	default:
		part, _ := split(&s.amount, left)
		if part.n.Sign() <= 0 {
			j.add("nothing is left of the payment")
			return
		}
		if item == "" && part.n.Cmp(&left.n) == 0 {
			item = j.r.openItem(payment)
		}
		j.want("amount", said.Amount, textOf(part))
		j.wantFrom(j.giversOf(key, part, left))
	}
	j.same("item", said.Item, item)
}

// facts compares what a provider says of a refund.
func (j *judgement) facts(s *sending) {
	if s.isSaid || s.report == nil {
		j.same("hash", j.said.Hash, s.hash)
	}
	if s.isSaid {
		j.happened(s.occurredAt)
	}
}

func (j *judgement) happened(when time.Time) {
	if !j.said.OccurredAt.Equal(when) {
		j.add("occurredAt is not the one of the refund")
	}
}

// held checks why a refund waits for a person.
func (j *judgement) held(x *proof) {
	said := j.said
	if said.Hold != j.e.ID.String() {
		j.add("hold is not the event's id")
	}
	if said.By != "" || said.Reference != "" || len(said.From) > 0 || said.Item != "" {
		j.add("it says more than a held refund does")
	}
	if said.Posted != (said.Reason == refundAbove) {
		j.add("posted is %v, and the reason is %.40q", said.Posted, said.Reason)
	}
	before := &j.r.previousSaid
	isReported := j.r.previous == "RefundReported" && before.Payment == said.Payment && before.Refund == said.Report
	switch said.Reason {
	case refundAbove:
		j.heldAbove(x)
	case refundSame, otherCurrency:
		j.heldWhole(x)
	case contradiction:
		if !isReported || !j.isOther(before) {
			j.add("nothing before it in its stream says otherwise of the refund")
		}
		j.asReported(before)
	default:
		if !isReported || before.Reason != said.Reason || said.Reason == "" || before.Status != refundCompleted && said.Reason != refundMissing {
			j.add("reason is %.40q, which does not follow from what was reported", said.Reason)
		}
		j.asReported(before)
	}
}

// asReported compares a held refund with the report before it.
func (j *judgement) asReported(before *data) {
	j.want("amount", j.said.Amount, before.Amount.text())
	j.same("hash", j.said.Hash, before.Hash)
	j.happened(before.OccurredAt)
	j.same("refund", j.said.Refund, "")
}

// isOther reports whether a report says that another amount was sent than was settled.
func (j *judgement) isOther(before *data) bool {
	known := j.r.reports[before.Refund]
	if before.Status == refundCompleted && j.r.isConfirmedOtherwise(before.Refund, before) {
		return true
	}
	return before.Status == refundCompleted && known != nil && known.isSettled && known.amount.text() != before.Amount.text()
}

// heldWhole checks a refund that is held as it was reported or sent.
func (j *judgement) heldWhole(x *proof) {
	s, ok := j.sending(x)
	if !ok {
		return
	}
	j.facts(&s)
	j.want("amount", j.said.Amount, textOf(&s.amount))
	refund := ""
	if s.intent != nil {
		refund = s.intent.said.Refund
	}
	if j.said.Reason == refundSame {
		if same := j.r.sameAsSent(s.report); s.report == nil || same == nil || s.intent != nil {
			j.add("no person has confirmed a refund of that amount")
		} else {
			refund = same.said.Refund
		}
	} else if left := j.r.posted.left(j.keyOf(&s)); left == nil || left.currency == s.amount.currency {
		j.add("amount is of the currency that is left of the payment")
	}
	j.same("refund", j.said.Refund, refund)
}

// keyOf returns under which is posted what was sent back.
func (j *judgement) keyOf(s *sending) string {
	if s.intent != nil {
		if i := j.r.items[s.intent.said.Item]; i != nil {
			return i.key()
		}
	}
	return j.said.Payment
}

// heldAbove checks what went back beyond what had come. What the payment gave of it stands
// in the event before.
func (j *judgement) heldAbove(x *proof) {
	before := &j.r.previousSaid
	isRest := j.r.previous == "PaymentRefunded" && before.Payment == j.said.Payment && before.Report == j.said.Report && before.Refund == j.said.Refund
	if !isRest {
		s, ok := j.sending(x)
		if !ok {
			return
		}
		refund := ""
		if s.intent != nil {
			refund = s.intent.said.Refund
		}
		j.same("refund", j.said.Refund, refund)
		j.facts(&s)
		j.want("amount", j.said.Amount, textOf(&s.amount))
		if left := j.r.posted.left(j.keyOf(&s)); !j.r.hasCome(j.said.Payment) || left != nil && left.n.Sign() > 0 {
			j.add("something is left of the payment, or it has not come")
		}
		return
	}
	all, isKnown := j.sentInAll(before)
	given, isRead := parseText(before.Amount.text())
	if !isKnown || !isRead || all.currency != given.currency || all.n.Cmp(&given.n) <= 0 {
		j.add("the payment has given all of the refund")
		return
	}
	all.n.Sub(&all.n, &given.n)
	j.want("amount", j.said.Amount, textOf(&all))
	j.same("hash", j.said.Hash, before.Hash)
	j.happened(before.OccurredAt)
}

// sentInAll returns how much a refund was that has been posted in part.
func (j *judgement) sentInAll(before *data) (units, bool) {
	if known := j.r.reports[before.Report]; known != nil {
		return parseText(known.amount.text())
	}
	if at := slices.IndexFunc(j.r.intents, func(i *intent) bool { return i.said.Refund == before.Refund }); at >= 0 {
		return parseText(j.r.intents[at].said.Amount.text())
	}
	return units{}, false
}
