package verify

import (
	"fmt"
	"math/big"
)

// postDecision posts what a person has decided: first the opposite of all that stood
// posted, then the decision's own row.
func (f *fact) postDecision() error {
	if err := f.enterAll(f.said.Takes, true); err != nil {
		return err
	}
	switch r := f.rule; {
	case r.sold:
		return f.postSale()
	case r.completes:
		return f.postCompleted()
	case r.charges:
		return f.postCharged()
	case r.debit == unexplained:
		if f.said.Amount != nil {
			f.move(f.account(unexplained), f.account(coinbase), &f.amount)
		}
	case r.credit == unclaimed:
		if f.said.Arrived.amount != nil {
			return f.give(unclaimed, f.said.Arrived.amount)
		}
	case r.credit == users:
		if f.said.Amount == nil {
			return fmt.Errorf("%w: there is none", errAmount)
		}
		if f.event.Type != "DepositReleased" || f.amount.n.Sign() != 0 { // else none came
			return f.give(users, f.said.Amount)
		}
	}
	return nil
}

// enterAll posts lines that an event names, or their opposite.
func (f *fact) enterAll(lines []statedLine, opposite bool) error {
	for _, l := range lines {
		entered, err := l.line()
		if err != nil {
			return err
		}
		entered.negative = opposite
		f.posting = append(f.posting, entered)
	}
	return nil
}

// line reads a line of an event. Its number has a sign of its own.
func (s statedLine) line() (line, error) {
	account, err := parseAccount(s.Account)
	if err != nil {
		return line{}, err
	}
	u := new(units)
	if err := u.parse(s.Amount); err != nil {
		return line{}, err
	}
	return line{account: account, currency: u.currency, n: &u.n}, nil
}

// give posts what was received for an account, and charges it with what was sent back.
func (f *fact) give(to place, is *amount) error {
	u := new(units)
	if err := u.parse(*is); err != nil {
		return err
	}
	if err := f.take(u); err != nil {
		return err
	}
	f.credit(f.account(to), u.currency, &u.n)
	return f.chargeBack(f.posting[len(f.posting)-1:])
}

// postCompleted sells what came. What is missing is the website's loss.
func (f *fact) postCompleted() error {
	if f.said.Amount == nil || f.said.Sold == nil {
		return fmt.Errorf("%w: amount or price is missing", errAmount)
	}
	if err := f.take(&f.amount); err != nil {
		return err
	}
	count := &f.amount
	if f.said.Short != nil {
		var short units
		if err := short.parse(*f.said.Short); err != nil {
			return err
		}
		if short.currency != count.currency {
			return fmt.Errorf("%w: what is missing is in another currency", errAmount)
		}
		f.debit(accountName{place: shortfall}, short.currency, &short.n)
		count = &units{currency: short.currency}
		count.n.Add(&f.amount.n, &short.n)
	}
	before := len(f.posting)
	if err := f.shareSale(count); err != nil {
		return err
	}
	return f.chargeBack(f.posting[before:])
}

// chargeBack takes what had been sent back from those who have got the payment: users
// first.
func (f *fact) chargeBack(holders []line) error {
	back := f.said.Refunded
	if back == nil {
		return nil
	}
	var share, amount units
	if err := share.parse(back.Share); err != nil {
		return err
	}
	if err := amount.parse(back.Amount); err != nil {
		return err
	}
	from, rest := takeFrom(usersFirst(holders), &share)
	if rest.Sign() > 0 {
		return fmt.Errorf("%w: more was sent back than its holders have", errAmount)
	}
	return f.sendBack(from, &amount)
}

// takeFrom returns the debits that take an amount from credits, in turn, and how much they
// lack of it.
func takeFrom(holders []line, amount *units) (from []line, rest *big.Int) {
	rest = new(big.Int).Set(&amount.n)
	for _, h := range holders {
		has := h.signed()
		if has.Neg(has); rest.Sign() <= 0 || has.Sign() <= 0 || h.currency != amount.currency {
			continue
		}
		if has.Cmp(rest) > 0 {
			has.Set(rest)
		}
		rest.Sub(rest, has)
		from = append(from, line{account: h.account, currency: h.currency, n: has})
	}
	return from, rest
}

// usersFirst returns lines in the order in which they give what is sent back.
func usersFirst(lines []line) (all []line) {
	for _, kinds := range [][]place{{users}, {suspense}, {sales, unclaimed}, {shortfall}} {
		for _, l := range lines {
			for _, k := range kinds {
				if l.account.place == k {
					all = append(all, l)
				}
			}
		}
	}
	return all
}

// signed returns the line's number: a debit is positive.
func (l line) signed() *big.Int {
	n := new(big.Int).Set(l.n)
	if l.negative {
		n.Neg(n)
	}
	return n
}

// sendBack posts what is sent back. Where its holders have another currency than was
// received, both meet in exchange.
func (f *fact) sendBack(from []line, amount *units) error {
	before := len(f.posting)
	f.posting = append(f.posting, from...)
	f.credit(f.account(coinbase), amount.currency, &amount.n)
	rest := sums(f.posting[before:])
	for currency, sum := range rest {
		switch {
		case sum.Sign() == 0:
		case len(rest) == 1:
			return fmt.Errorf("%w: sent back is another amount than was given", errAmount)
		default:
			f.credit(f.account(exchange), currency, sum)
		}
	}
	return nil
}

// postRefund posts what its holders give for what was sent back; nothing of a payment that
// was not posted.
func (f *fact) postRefund() error {
	if len(f.said.From) == 0 {
		return nil
	}
	if f.said.Amount == nil {
		return fmt.Errorf("%w: there is none", errAmount)
	}
	return f.postFrom(f.said.Amount)
}

// postFrom posts the event's givers against an amount that was sent back.
func (f *fact) postFrom(is *amount) error {
	amount := new(units)
	if err := amount.parse(*is); err != nil {
		return err
	}
	var from []line
	for _, s := range f.said.From {
		l, err := s.line()
		if err != nil {
			return err
		}
		from = append(from, l)
	}
	return f.sendBack(from, amount)
}

// postCharged takes a held refund from the user, and from what its payment has left.
func (f *fact) postCharged() error {
	if is := f.said.Charged; is != nil {
		charged := new(units)
		if err := charged.parse(*is); err != nil {
			return err
		}
		f.move(f.account(users), f.account(coinbase), charged)
	}
	if f.said.Within == nil {
		return nil
	}
	before := len(f.posting)
	err := f.postFrom(f.said.Within)
	f.within = len(f.posting) - before
	return err
}
