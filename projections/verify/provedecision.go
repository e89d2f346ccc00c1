package verify

import (
	"context"
	"slices"
	"strings"

	"daybook/eventstore"
)

// decides says of an event of a decision what it is about: the types of the events that
// open such an item, and the word by which it was asked for.
type decides struct {
	opened []string
	word   string
}

var decisions = map[string]decides{
	"PaymentReleased":     {[]string{"PaymentHeld"}, "credit"},
	"PaymentDismissed":    {[]string{"PaymentHeld"}, "dismiss"},
	"MispaymentCredited":  {[]string{"PaymentMispaid"}, "credit"},
	"MispaymentDismissed": {[]string{"PaymentMispaid"}, "dismiss"},
	"OrderCompleted":      {[]string{"PaymentHeld", "PaymentMispaid"}, "complete"},
	"RefundCharged":       {[]string{"RefundHeld"}, "charge"},
	"RefundDismissed":     {[]string{"RefundHeld"}, "dismiss"},
	"DepositReleased":     {[]string{"DepositHeld"}, "credit"},
	"DepositDismissed":    {[]string{"DepositHeld"}, "dismiss"},
	"PayoutReleased":      {[]string{"PayoutHeld"}, "credit"},
	"PayoutDismissed":     {[]string{"PayoutHeld"}, "dismiss"},
	"RefundDecided":       {[]string{"PaymentHeld", "PaymentMispaid", "DepositHeld"}, "refund"},
}

// judgement is what the proof of one event of a decision works on.
type judgement struct {
	e    *eventstore.Recorded
	said *statement
	h    *history
	r    *reviewed
	item *reviewItem // nil for a refund of an order's payment
	differences
}

// isReviewed reports whether a person makes an event, or a refund that was sent. What such
// an event says follows from what stands before it, and not from a body.
func isReviewed(e *eventstore.Recorded) bool { return ruleOfEvent(e).by&byDecision != 0 }

// proveReviewed checks what a person has decided, and what was sent back.
func (p *prover) proveReviewed(ctx context.Context, e *eventstore.Recorded, x *proof) error {
	h, r, err := p.review(ctx, e)
	if err != nil {
		return err
	}
	j := &judgement{e: e, said: &x.said, h: h, r: r}
	isRefund := e.Type == "PaymentRefunded" || e.Type == "RefundHeld"
	switch {
	case isRefund && !x.hasEvidence && isCallback(x.actor):
		j.add("it has no evidence, although a callback caused it")
	case isRefund && p.append.isRead && p.append.reading.Stream != string(e.Stream):
		j.add("the kept body is about another stream")
	case isRefund:
	case x.hasEvidence:
		j.add("no callback makes such an event")
	case !strings.HasPrefix(x.actor, "operator:"):
		j.add("its actor is %.40q, and only a person decides", x.actor)
	}
	if name := strange(e); name != "" {
		j.add("it says %.40q, which such an event does not", name)
	}
	if !isRefund || x.said.By != "" {
		j.same("by", x.said.By, x.actor)
	}
	switch {
	case isRefund:
		j.sent(x)
	case e.Type == "DepositRefunded":
		j.sentDeposit()
	case e.Type == "RefundWithdrawn":
		j.withdrawn()
	case e.Type == "DecisionReversed":
		j.reversed()
	case e.Type == "RefundDecided" && x.said.Item == "":
		j.intended()
	default:
		err = p.proveDecision(ctx, j)
	}
	if len(j.differences) > 0 {
		p.note(e, "%s", strings.Join(j.differences, "; "))
	}
	return err
}

// proveDecision checks a decision about an item.
func (p *prover) proveDecision(ctx context.Context, j *judgement) error {
	if !j.begin() {
		return nil
	}
	switch j.e.Type {
	case "PaymentReleased", "MispaymentCredited":
		j.released()
	case "OrderCompleted":
		reason, err := p.bySite(ctx, j.e, j.h, j.said.Payment, "")
		if err != nil {
			return err
		}
		if reason != "" {
			j.add("the payment has not settled the order of the website")
		}
		j.completed()
	case "PaymentDismissed", "MispaymentDismissed":
		j.dismissed()
	case "DepositReleased":
		j.releasedDeposit()
	case "DepositDismissed":
		j.dismissedDeposit()
	case "PayoutReleased", "PayoutDismissed":
		j.decidedPayout()
	case "RefundCharged":
		j.charged()
	case "RefundDismissed":
		j.dismissedRefund()
	case "RefundDecided":
		j.intendedItem()
	}
	return nil
}

// begin checks what is true of all decisions about an item, and finds the item; false if
// there is none.
func (j *judgement) begin() bool {
	said, about := j.said, decisions[j.e.Type]
	i := j.r.items[said.Item]
	if i == nil || !slices.Contains(about.opened, i.opened) {
		j.add("its stream has no such item before it")
		return false
	}
	if said.Asked == nil {
		j.add("it does not say what was asked for")
		return false
	}
	j.item = i
	if is := said.Asked.Decision; is != about.word {
		j.add("asked for was %.20q, and it is a %s", is, about.word)
	}
	id := said.ID
	if j.e.Type == "RefundDecided" {
		id = said.Refund
	}
	if id != j.e.ID.String() {
		j.add("its id is not the event's")
	}
	j.round(i)
	if i.settled != "" {
		j.add("the item was decided before")
	}
	if !i.isRefund() && j.r.hasOpenIntent(i) {
		j.add("a refund of the money is open")
	}
	return true
}

// round checks that an event is about an item as it is now.
func (j *judgement) round(i *reviewItem) {
	if j.said.Payment != i.said.Payment {
		j.add("payment is not the one of the item")
	}
	if j.said.Round != i.round {
		j.add("round is %d, and the item was opened again %d times", j.said.Round, i.round)
	}
}

// takes checks that a decision takes back exactly what stands posted.
func (j *judgement) takes(all bool) {
	var want []line
	if all {
		want = j.r.posted.of(j.item.key())
	}
	if !isPosted(j.said.Takes, want) {
		j.add("takes are not the lines that stand posted")
	}
}

// closes checks which other items a decision settles.
func (j *judgement) closes(want []string) {
	if !slices.EqualFunc(j.said.Closes, want, func(c closed, id string) bool { return c == closed{Hold: id} }) {
		j.add("closes are not the other items that it settles")
	}
}

// same compares a text with what stands before the event.
func (j *judgement) same(name, is, want string) {
	if is != want {
		j.add("%s is not the one of what it is about", name)
	}
}

// want compares an amount of the event.
func (j *judgement) want(name string, is *amount, want string) {
	if text := is.text(); text != want {
		j.add("%s is %s, and what it decides about is %s", name, orNone(text), orNone(want))
	}
}

// wantTransfer compares the transfer of the event.
func (j *judgement) wantTransfer(want *Transfer) {
	is := j.said.Transfer.texts()
	if (is == nil) != (want == nil) || is != nil && *is != *want {
		j.add("transfer is not the one of the item")
	}
}

// only checks that a person has asked for nothing but what a decision may be asked for.
func (j *judgement) only(user, amount, times, arrived bool) {
	a := j.said.Asked
	if a.User != "" && !user || a.Amount != nil && !amount || a.Times != nil && !times || a.Arrived != nil && !arrived {
		j.add("asked for is more than such a decision can be asked for")
	}
}

// amountOf returns how much an item is; where it does not say, as a person has asked for.
func (j *judgement) amountOf(of string) string {
	by := j.said.Asked.Amount.text()
	if u, ok := parseText(of); ok && u.n.Sign() >= 0 {
		if by != "" {
			j.add("asked for is an amount, and the item says how much it is")
		}
		return of
	}
	if u, ok := parseText(by); !ok || u.n.Sign() <= 0 {
		j.add("nobody says how much it is")
	}
	return by
}

// parseText reads an amount as text writes it.
func parseText(text string) (units, bool) {
	var u units
	decimal, currency, _ := strings.Cut(text, " ")
	return u, u.parse(amount{Currency: currency, Amount: decimal}) == nil
}
