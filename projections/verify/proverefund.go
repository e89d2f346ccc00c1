package verify

import (
	"cmp"
	"time"
)

// The reasons for which a refund is held.
const (
	refundAbove   = "refund-above-payment"
	refundSame    = "refund-as-sent"
	refundMissing = "refund-missing"
)

// intendedItem checks that a person wants to send an item's money back.
func (j *judgement) intendedItem() {
	i := j.item
	j.only(false, true, false, false)
	if i.isContradiction() {
		j.add("the payment of a contradiction stands posted as it was reported first")
	}
	amount := i.said.Amount.text()
	if left := j.r.posted.left(i.key()); left != nil {
		amount = textOf(left)
	}
	j.want("amount", j.said.Amount, j.amountOf(amount))
	j.same("note", j.said.Note, j.said.Asked.Note)
}

// intended checks that a person wants to send money of the order's payment back: no more
// than is left of it, beside what other refunds have reserved.
func (j *judgement) intended() {
	if j.said.Asked != nil || j.said.Round != 0 {
		j.add("it is about no item")
	}
	if j.said.Refund == "" || j.r.intent(j.said.Refund) != nil || j.r.items[j.said.Refund] != nil {
		j.add("there is a refund of its id")
	}
	if j.said.Payment == "" || j.said.Payment != j.h.paid {
		j.add("the payment has not paid the order")
		return
	}
	left, amount := j.r.posted.left(j.said.Payment), new(units)
	if left == nil || j.said.Amount == nil || amount.parse(*j.said.Amount) != nil || amount.currency != left.currency || amount.n.Sign() <= 0 {
		j.add("amount is none of what is left of the payment")
		return
	}
	for _, known := range j.r.intents {
		var reserved units
		if known.status == intentOpen && known.said.Payment == j.said.Payment && reserved.parse(*known.said.Amount) == nil && reserved.currency == left.currency {
			left.n.Sub(&left.n, &reserved.n)
		}
	}
	if amount.n.Cmp(&left.n) > 0 {
		j.add("amount is %s, and %s are left", textOf(amount), textOf(left))
	}
}

// withdrawn checks that a refund that is not sent was open.
func (j *judgement) withdrawn() {
	known := j.r.intent(j.said.Refund)
	if known == nil || known.status != intentOpen {
		j.add("no such refund is open")
		return
	}
	is := &known.said
	if j.said.Item != is.Item || j.said.Round != is.Round || j.said.Payment != is.Payment {
		j.add("item, round or payment are not those of the refund")
	}
	j.want("amount", j.said.Amount, is.Amount.text())
}

// charged checks a held refund that a person takes from the payment, if it is one of its
// own, and from a user.
func (j *judgement) charged() {
	i := j.item
	j.closes(nil)
	j.only(true, true, false, false)
	j.takes(i.said.Posted)
	text := j.amountOf(i.said.Amount.text())
	j.want("amount", j.said.Amount, text)
	amount, _ := parseText(text)
	rest, within, from := &amount, "", []line(nil)
	payment := i.said.Payment
	if left := j.r.posted.left(payment); !i.said.Posted && left != nil && left.currency == amount.currency {
		var part *units
		if part, rest = split(&amount, left); part.n.Sign() > 0 {
			within = textOf(part)
			from = j.giversOf(payment, part, left)
		}
	}
	j.want("within", j.said.Within, within)
	j.wantFrom(from)
	charged, user := "", ""
	if rest.n.Sign() > 0 {
		k := j.h.payments[payment]
		charged, user = textOf(rest), cmp.Or(j.said.Asked.User, k.owner, j.registered(), k.user)
		if user == "" {
			j.add("there is no user")
		}
	}
	j.want("charged", j.said.Charged, charged)
	j.same("user", j.said.User, user)
}

// dismissedRefund checks a held refund that is settled without a charge.
func (j *judgement) dismissedRefund() {
	i, amount := j.item, ""
	j.closes(nil)
	j.only(false, false, false, false)
	j.takes(i.said.Posted)
	if i.said.Posted {
		amount = i.said.Amount.text()
	}
	j.want("amount", j.said.Amount, amount)
}

func (j *judgement) giversOf(key string, part, left *units) []line {
	from, ok := j.r.givers(key, part, left)
	if !ok {
		j.add("those who have the money cannot give so much")
	}
	return from
}

func (j *judgement) wantFrom(want []line) {
	if !isPosted(j.said.From, want) {
		j.add("from are not the lines of those who have the money")
	}
}

// sending is a refund that was sent, as a person or the provider says.
type sending struct {
	amount     units // in all
	intent     *intent
	report     *refundReport
	hash       string
	occurredAt time.Time
	isSaid     bool // occurredAt and hash are known
}

// sending returns of what an event of a refund that was sent is made; false if of nothing.
func (j *judgement) sending(x *proof) (s sending, ok bool) {
	said := j.said
	if said.Report == "" {
		s.intent = j.r.intent(said.Refund)
		if s.intent == nil || s.intent.status != intentOpen {
			j.add("no such refund is open")
			return s, false
		}
		if x.hasEvidence || x.actor == "" || j.e.Type == "PaymentRefunded" && said.By == "" {
			j.add("no person says that it was sent")
		}
		if said.Payment != s.intent.said.Payment {
			j.add("payment is not the one of the refund")
			return s, false
		}
		s.amount, ok = parseText(s.intent.said.Amount.text())
		return s, ok
	}
	s.report = j.r.reports[said.Report]
	if s.report == nil || !s.report.isDone || s.report.isSettled {
		j.add("no report before it says that this refund was sent, or it is settled")
		return s, false
	}
	s.intent, s.hash, s.occurredAt, s.isSaid = j.r.completes(said.Report, s.report), s.report.hash, s.report.occurredAt, true
	payment := s.report.payment
	if s.intent != nil {
		payment = s.intent.said.Payment
	}
	if said.Payment != payment {
		j.add("payment is not the one that was reported")
		return s, false
	}
	if j.r.isNamed(said.Report, s.report) {
		j.add("a person has confirmed the refund by its name")
	}
	s.amount, ok = parseText(s.report.amount.text())
	return s, ok
}
