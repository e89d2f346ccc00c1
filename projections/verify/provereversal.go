package verify

import "slices"

// reversed checks that a reversal is the exact opposite of the decision that stands, and
// that no later one rests on that.
func (j *judgement) reversed() {
	i := j.r.items[j.said.Item]
	if i == nil {
		j.add("its stream has no such item before it")
		return
	}
	j.item = i
	j.round(i)
	decision := j.said.Reverses
	if !i.hasStanding() || i.decision != decision {
		j.add("it reverses no decision that stands")
		return
	}
	if !slices.Equal(j.said.Opens, j.r.closedBy(decision, i)) {
		j.add("opens are not the other items that the decision had closed")
	}
	posted := j.r.posted.by(decision)
	if !isPosted(j.said.Lines, opposite(posted)) {
		j.add("lines are not the opposite of what the decision has posted")
	}
	for key := range j.r.posted.decisions[decision] {
		if j.r.posted.last(key) != decision {
			j.add("a later decision rests on it")
		}
	}
	back := j.r.backs[i.back()]
	switch known := j.r.intent(decision); {
	case known != nil:
		j.add("it reverses a refund")
	case j.r.hasOpenIntent(i):
		j.add("a refund of the money is open")
	case !i.isRefund() && back != nil && back.amount.n.Sign() != 0:
		j.add("the money was sent back")
	}
}

// decidedPayout checks a decision about a held report of a payout.
func (j *judgement) decidedPayout() {
	j.closes(nil)
	isReleased := j.e.Type == "PayoutReleased"
	j.only(false, isReleased, false, false)
	j.takes(isReleased)
	held := j.item.said.Facts
	switch is, by := j.said.Facts, j.said.Asked.Amount; {
	case !isReleased:
		if is != nil {
			j.add("it says what a payout is, and is none")
		}
	case held != nil:
		if by != nil {
			j.add("asked for is an amount, and the item says how much it is")
		}
		if is == nil || !held.isSame(is) {
			j.add("facts are not those of the item")
		}
	default:
		want := &soldFacts{Subtotal: by, Total: by}
		if is == nil || by == nil || !want.isSame(is) {
			j.add("facts are not those that were asked for")
		}
	}
}

// isSame reports whether two events say the same of a payout, in the same order.
func (f *soldFacts) isSame(g *soldFacts) bool {
	return f.agrees(g) && slices.Equal(f.Orders, g.Orders) && slices.Equal(f.Mispaid, g.Mispaid)
}
