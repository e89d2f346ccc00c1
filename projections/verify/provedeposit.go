package verify

import (
	"cmp"
	"math/big"
)

// maxTimes bounds how many deposits without a hash one decision counts.
const maxTimes = 10_000

// releasedDeposit checks a credit of a held deposit; of one without a hash, of as many as
// came.
func (j *judgement) releasedDeposit() {
	i, asked := j.item, j.said.Asked
	j.only(true, true, i.said.Payment == "", false)
	amount := j.amountOf(i.said.Amount.text())
	if n := asked.Times; n != nil {
		if *n < 0 || *n > maxTimes {
			j.add("times is %d", *n)
		}
		u, _ := parseText(amount)
		u.n = *new(big.Int).Mul(&u.n, big.NewInt(int64(*n)))
		amount = textOf(&u)
	}
	j.same("user", j.said.User, cmp.Or(asked.User, i.said.User, j.h.owner))
	if j.said.User == "" {
		j.add("there is no user")
	}
	if j.said.Contradiction != i.isContradiction() {
		j.add("contradiction is not the one of the item")
	}
	j.takes(true)
	j.closes(j.r.openBeside(i))
	j.want("amount", j.said.Amount, amount)
	j.refunded(amount, amount)
}

// dismissedDeposit checks a held deposit that was settled without a credit.
func (j *judgement) dismissedDeposit() {
	i := j.item
	if i.isContradiction() {
		j.only(false, false, false, false)
		j.dismissedAs("", nil, false)
		return
	}
	j.only(false, false, false, true)
	arrived := j.said.Asked.Arrived.text()
	isSaid := arrived != ""
	switch {
	case isSaid && !j.isPart(arrived, i.said.Amount.text()):
		arrived = ""
	case !isSaid && i.said.Arrived.is:
		arrived = i.said.Amount.text()
		if u, _ := parseText(arrived); u.n.Sign() == 0 {
			arrived = ""
		}
	}
	j.dismissedAs(arrived, nil, i.said.Arrived.is)
}

// sentDeposit checks a held deposit that was sent back as a person had decided.
func (j *judgement) sentDeposit() {
	i, known := j.r.items[j.said.Item], j.r.intent(j.said.Refund)
	if i == nil || known == nil || known.said.Item != i.id || known.status != intentOpen {
		j.add("no refund of the item is open")
		return
	}
	j.item = i
	if j.said.Payment != i.said.Payment {
		j.add("payment is not the one of the item")
	}
	j.want("amount", j.said.Amount, known.said.Amount.text())
	if !isPosted(j.said.From, opposite(j.r.posted.holders(i.key()))) {
		j.add("from are not the lines of those who have the money")
	}
}
