// Package ledger turns events into double entry, and has the use cases: what
// the outside asks for, recorded in streams. It knows no HTTP, no format of a
// provider and no database.
//
// Balances, statements and exports are folds of Post. It depends on one event
// alone, so that anybody can repeat it on a log.
package ledger

import (
	"fmt"

	"daybook/domain/claim"
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
)

// Line is one side of a posting: a debit is positive, a credit negative.
type Line struct {
	Account Account
	Amount  money.Amount
}

// Posting is a balanced double entry: its lines add up to zero in every
// currency. The empty posting moves nothing.
type Posting []Line

// Post returns what an event posts. Every event type is listed here, also
// those that post nothing; one that is not is an error, because skipping it
// could lose money.
func Post(event codec.Event) (Posting, error) {
	switch e := event.(type) {
	case order.PaymentVerified:
		return settle(e.Closes).move(Coinbase, UserAccount(e.User), e.Amount), nil
	case order.PaymentHeld:
		return held(e.Arrived, e.Hold, e.Amount), nil
	case order.PaymentReleased:
		return settle(e.Closes).move(Coinbase, UserAccount(e.User), e.Amount), nil
	case order.PaymentMispaid:
		return Posting{}.move(Coinbase, mispaymentAccount(e.Payment), e.Amount), nil
	case order.MispaymentCredited:
		return Posting{}.move(mispaymentAccount(e.Payment), UserAccount(e.User), e.Amount), nil
	case order.MispaymentRefunded:
		return Posting{}.move(mispaymentAccount(e.Payment), Coinbase, e.Amount), nil
	case order.MispaymentDismissed:
		return Posting{}.move(mispaymentAccount(e.Payment), Unclaimed, e.Amount), nil
	case order.PaymentRefunded:
		return Posting{}.move(UserAccount(e.User), Coinbase, e.Amount), nil
	case deposit.DepositVerified:
		return settle(e.Closes).move(Coinbase, UserAccount(e.User), e.Amount), nil
	case deposit.DepositHeld:
		return held(e.Arrived, e.Hold, e.Amount), nil
	case deposit.DepositReleased:
		return settle(e.Closes).move(Coinbase, UserAccount(e.User), e.Amount), nil
	case deposit.DepositDismissed:
		if e.Amount == nil {
			return nil, nil
		}
		return Posting{}.move(holdAccount(e.Hold), Unclaimed, *e.Amount), nil
	case payout.PayoutCompleted:
		return paidOut(e)
	case order.OrderRegistered, order.OrderStatusReported, order.OrderExpired,
		order.PaymentReceived, order.PaymentRefuted,
		deposit.AddressRegistered, deposit.DepositReceived, deposit.DepositSeenAgain,
		payout.PayoutPending, payout.PayoutHeld,
		claim.PaymentClaimed,
		quarantine.CallbackQuarantined, quarantine.CallbackRedriven,
		eventstore.LogCreated, eventstore.LossFound, eventstore.LossAccepted:
		return nil, nil
	}
	return nil, fmt.Errorf("%w: %s has no posting", codec.ErrUnknown, event.EventType())
}

// move adds a debit of one account and a credit of another.
func (p Posting) move(debit, credit Account, amount money.Amount) Posting {
	return append(p, Line{debit, amount}, Line{credit, amount.Neg()})
}

// held puts money that has arrived into suspense.
func held(arrived bool, hold string, amount *money.Amount) Posting {
	if !arrived || amount == nil {
		return nil
	}
	return Posting{}.move(Coinbase, holdAccount(hold), *amount)
}

// settle takes money of closed holds out of suspense again, because the
// credit that closes them posts its arrival itself. Not every hold has put
// something there, so that a release is no plain move from it to the user.
func settle(closes []payment.ClosedHold) Posting {
	var p Posting
	for _, c := range closes {
		if c.Amount != nil {
			p = p.move(holdAccount(c.Hold), Coinbase, *c.Amount)
		}
	}
	return p
}

// paidOut moves money to the bank. Where bitcoin was moved for the sale, the
// provider gave up bitcoin; else it gave up the subtotal, which it owed for
// orders already sold. What does not add up is a gain or loss of exchange.
func paidOut(e payout.PayoutCompleted) (Posting, error) {
	f := e.Facts
	p := Posting{{Bank, f.Total}}
	if f.FeeOwn != nil {
		p = append(p, Line{CoinbaseFees, *f.FeeOwn})
	}
	if f.FeeBank != nil {
		p = append(p, Line{BankFees, *f.FeeBank})
	}
	given := f.Subtotal
	if f.Bitcoin != nil && f.Bitcoin.Sign() != 0 {
		given = *f.Bitcoin
	}
	p = append(p, Line{Coinbase, given.Neg()})

	sums, err := p.Sums()
	if err != nil {
		return nil, fmt.Errorf("post %s: %w", e.Payment, err)
	}
	for _, sum := range sums {
		if sum.Sign() != 0 {
			p = append(p, Line{exchangeAccount(e.Payment), sum.Neg()})
		}
	}
	return p, nil
}

// Sums adds the lines up by currency, in the order in which currencies first
// appear. They are zero for every posting that Post returns.
func (p Posting) Sums() ([]money.Amount, error) {
	var sums []money.Amount
next:
	for _, line := range p {
		for i := range sums {
			if sums[i].Currency() == line.Amount.Currency() {
				sum, err := sums[i].Add(line.Amount)
				if err != nil {
					return nil, err
				}
				sums[i] = sum
				continue next
			}
		}
		sums = append(sums, line.Amount)
	}
	return sums, nil
}
