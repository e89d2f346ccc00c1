package verify

import (
	"cmp"
	"math/big"
)

// given is what an item says of its payment, completed by the person who decides.
type given struct {
	user, amount string // in the currency that was received
	counts       string // by the terms of the order
	transfer     *Transfer
}

// reading returns what a decision to give the payment of an item to somebody is about.
func (j *judgement) reading() (g given) {
	i, k := j.item, j.h.payments[j.item.said.Payment]
	_, isReceived := j.h.payments[j.item.said.Payment]
	if !i.isMispayment() && isReceived && !k.verified && !k.refuted && !k.answered {
		j.add("its provider has not answered about the payment yet")
	}
	g = given{user: i.said.User, amount: i.said.Amount.text(), transfer: i.said.Transfer.texts()}
	if i.said.Registration {
		g.amount, g.transfer = k.amount, k.transfer
	}
	g.amount = j.amountOf(g.amount)
	g.user = cmp.Or(j.said.Asked.User, g.user, j.registered())
	g.transfer = j.withFee(g.transfer)
	g.counts = g.amount
	if !i.isMispayment() && g.transfer != nil {
		g.counts = j.counts(g.transfer)
	}
	return g
}

// registered returns the user of the registered order; empty if it is not registered.
func (j *judgement) registered() string {
	if j.h.terms == nil {
		return ""
	}
	return j.h.owner
}

// withFee returns a transfer with the fee that was posted by itself.
func (j *judgement) withFee(t *Transfer) *Transfer {
	if t == nil {
		return nil
	}
	with := *t
	with.Fee = cmp.Or(t.Fee, j.r.fees[j.item.said.Payment])
	return &with
}

// counts returns for how much a transfer counts: in the currency that is registered, if it
// was quoted so.
func (j *judgement) counts(t *Transfer) string {
	currency := ""
	switch {
	case j.item.said.Registration && j.item.said.Amount != nil:
		currency = j.item.said.Amount.Currency
	case j.h.terms != nil:
		currency = j.h.terms.price.Currency
	}
	if quoted, ok := parseText(t.Quoted); ok && quoted.currency == currency {
		return t.Quoted
	}
	return t.Amount
}

// released checks a credit of a held report, or of a mispayment.
func (j *judgement) released() {
	j.only(true, true, false, false)
	g := j.reading()
	j.takes(true)
	j.closes(j.r.openBeside(j.item))
	amount := g.counts
	if j.item.isMispayment() {
		amount = g.amount
	} else if j.said.Contradiction != j.item.isContradiction() {
		j.add("contradiction is not the one of the item")
	}
	j.same("user", j.said.User, g.user)
	if j.said.User == "" {
		j.add("there is no user")
	}
	j.want("amount", j.said.Amount, amount)
	j.wantTransfer(g.transfer)
	j.refunded(g.amount, amount)
}

// completed checks a payment that was taken for the sale that it was meant for.
func (j *judgement) completed() {
	j.only(false, true, false, false)
	terms := j.h.terms
	switch {
	case terms == nil || !terms.isSale:
		j.add("its order is not registered for a sale")
		return
	case j.h.paid != "" && j.h.paid != j.said.Payment:
		j.add("another payment has paid the order")
	case j.said.Payment == "":
		j.add("it is about no payment")
	}
	g := j.reading()
	j.takes(true)
	j.closes(j.r.openBeside(j.item))
	amount, transfer := g.amount, g.transfer
	if transfer != nil {
		amount = transfer.Amount
		if quoted, ok := parseText(transfer.Quoted); ok && quoted.currency == terms.price.Currency {
			amount = transfer.Quoted
		}
	}
	short := ""
	count, _ := parseText(amount)
	price, _ := parseText(terms.price.text())
	switch {
	case count.currency != price.currency: // both meet in exchange
		if amount = terms.price.text(); transfer == nil {
			transfer = &Transfer{Amount: g.amount}
		}
	case price.n.Cmp(&count.n) > 0:
		short = textOf(&units{currency: price.currency, n: *new(big.Int).Sub(&price.n, &count.n)})
	}
	j.same("user", j.said.User, j.h.owner)
	j.want("amount", j.said.Amount, amount)
	j.want("sold", j.said.Sold, terms.price.text())
	j.want("short", j.said.Short, short)
	j.wantTransfer(transfer)
	j.refunded(g.amount, amount)
}

// dismissed checks a report, or a mispayment, that was settled without a credit.
func (j *judgement) dismissed() {
	i := j.item
	if i.isContradiction() {
		j.only(false, false, false, false)
		j.dismissedAs("", nil, false)
		return
	}
	j.only(false, false, false, true)
	hasPosted := i.isMispayment() || i.said.Arrived.is
	amount, asked := i.said.Amount.text(), j.said.Asked.Arrived.text()
	arrived, transfer := asked, (*Transfer)(nil)
	switch {
	case asked == "" && !hasPosted:
	case asked == "" || asked == amount:
		arrived, transfer = amount, j.withFee(i.said.Transfer.texts())
	case !j.isPart(asked, amount):
		arrived = ""
	}
	j.dismissedAs(arrived, transfer, hasPosted)
}

// isPart reports whether something has arrived by what a person says: of the currency of
// what was announced.
func (j *judgement) isPart(asked, of string) bool {
	is, ok := parseText(asked)
	announced, isKnown := parseText(of)
	if !ok || is.n.Sign() < 0 || isKnown && announced.currency != is.currency {
		j.add("arrived is asked for as no amount of the payment's currency")
	}
	return is.n.Sign() > 0
}

// dismissedAs compares a dismissal with what has arrived. If something has, nothing is left
// to decide about the payment.
func (j *judgement) dismissedAs(arrived string, transfer *Transfer, hasPosted bool) {
	j.want("arrived", j.said.Arrived.amount, arrived)
	j.wantTransfer(transfer)
	var closes []string
	if arrived != "" {
		closes = j.r.openBeside(j.item)
	}
	j.closes(closes)
	j.takes(hasPosted || arrived != "")
	if !hasPosted && len(j.said.Takes) > 0 {
		j.add("what came of the payment stands posted already")
	}
	switch {
	case hasPosted || arrived != "":
		j.refunded(arrived, arrived)
	case j.said.Refunded != nil:
		j.add("nothing has arrived, and something of it was sent back")
	}
}

// refunded checks with what a new holder of a payment is charged: with what had been sent
// back before.
func (j *judgement) refunded(received, amount string) {
	back := j.r.backs[j.item.back()]
	var is sentBefore
	if j.said.Refunded != nil {
		is = *j.said.Refunded
	}
	if back == nil || back.amount.n.Sign() == 0 {
		if j.said.Refunded != nil {
			j.add("nothing was sent back before it")
		}
		return
	}
	of, _ := parseText(received)
	given, _ := parseText(amount)
	if of.currency != back.amount.currency || of.n.Cmp(&back.amount.n) < 0 || of.n.Sign() == 0 {
		j.add("more was sent back than came by it")
		return
	}
	share := units{currency: given.currency}
	share.n.Quo(new(big.Int).Mul(&given.n, &back.amount.n), &of.n)
	j.want("refunded.amount", &is.Amount, textOf(&back.amount))
	j.want("refunded.share", &is.Share, textOf(&share))
}

// textOf writes units like those of a Claim.
func textOf(u *units) string { return decimal(u.currency, &u.n) + " " + u.currency }
