// Package ledger says what events mean in money. It is pure.
//
// Balances, statements and exports are folds of the entries that Post returns. An
// entry depends on one event alone, so anybody can repeat it on a log.
package ledger

import (
	"errors"
	"fmt"
	"time"

	"daybook/domain/claim"
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
)

// Entry is what one event means in money. The zero value means nothing.
type Entry struct {
	Payment    ident.Payment // the money it is about
	User       string        // whose it is, as far as that is known
	OccurredAt time.Time     // as the sender says; zero if he does not
	By         string        // the person who has decided or sent it; empty if none has
	Note       string        // of that person

	// Pending is the change of what has been received for User and neither been
	// verified nor refuted. It is shown beside the balance and is not posted; zero
	// if nothing changes.
	Pending money.Amount

	// Lines add up to zero in every currency.
	Lines []Line
}

// Line is one side of an entry: a debit is positive, a credit negative.
type Line struct {
	Account Account
	Amount  money.Amount
}

// Post returns what an event means in money. Every event type is listed here,
// also those that mean nothing; one that is not is an error, because skipping it
// could lose money.
func Post(event codec.Event) (Entry, error) {
	switch e := event.(type) {
	case order.PaymentReceived:
		return about(e.Payment, e.User, e.OccurredAt).pendUnless(e.Sale || e.User == "", e.Amount), nil
	case order.PaymentVerified:
		entry := about(e.Payment, e.User, e.OccurredAt)
		if e.Sold != nil || e.Transfer != nil {
			return entry.ended(e.Received).settle(e.Closes).sell(e.Amount, e.Sold, e.Transfer)
		}
		return entry.pend(e.Amount.Neg()).settle(e.Closes).credit(e.Amount), nil
	case order.PaymentRefuted:
		if e.Transfer != nil {
			return about(e.Payment, e.User, e.OccurredAt).ended(e.Received), nil
		}
		return about(e.Payment, e.User, e.OccurredAt).pendUnless(e.Sale, e.Amount.Neg()), nil
	case order.PaymentHeld:
		entry := about(e.Payment, e.User, e.OccurredAt).ended(e.Received)
		if e.Transfer != nil && e.Arrived {
			return entry.receive(suspenseAccount(e.Hold), *e.Transfer)
		}
		return entry.hold(e.Hold, e.Arrived, e.Amount), nil
	case order.PaymentReleased:
		return postReleased(e)
	case order.MispaymentCredited:
		return postMispaymentCredited(e)
	case order.OrderCompleted:
		return postCompleted(e)
	case order.PaymentDismissed:
		return postDismissed(e.Decision, e.Arrived, e.Transfer, e.Refunded)
	case order.MispaymentDismissed:
		return postDismissed(e.Decision, e.Arrived, e.Transfer, e.Refunded)
	case order.PaymentRefunded:
		return postRefunded(e)
	case order.RefundHeld:
		return postRefundHeld(e), nil
	case order.RefundCharged:
		return postCharged(e)
	case order.RefundDismissed:
		return postRefundDismissed(e), nil
	case order.DecisionReversed:
		return reversed(e.Reversal), nil
	case order.PaymentMispaid:
		entry := about(e.Payment, e.User, e.OccurredAt).ended(e.Received).settle(e.Closes)
		if e.Transfer != nil {
			return entry.receive(suspenseAccount(e.Mispayment), *e.Transfer)
		}
		return entry.hold(e.Mispayment, true, &e.Amount), nil
	case order.FeeReported:
		return about(e.Payment, "", e.OccurredAt).move(FeeAccount(e.Payment), AssetAccount(e.Payment), e.Fee), nil
	case deposit.DepositReceived:
		return about(e.Payment, e.User, e.OccurredAt).pend(e.Amount), nil
	case deposit.DepositVerified:
		return about(e.Payment, e.User, e.OccurredAt).pend(e.Amount.Neg()).settle(e.Closes).credit(e.Amount), nil
	case deposit.DepositHeld:
		return about(e.Payment, e.User, e.OccurredAt).hold(e.Hold, e.Arrived, e.Amount), nil
	case deposit.DepositReleased:
		return postDepositReleased(e)
	case deposit.DepositDismissed:
		return postDismissed(e.Decision, e.Arrived, nil, e.Refunded)
	case deposit.DepositRefunded:
		return postDepositRefunded(e)
	case deposit.DecisionReversed:
		return reversed(e.Reversal), nil
	case payout.PayoutCompleted:
		return about(e.Payment, "", e.OccurredAt).payOut(e.Facts)
	case payout.PayoutReleased:
		return postPayoutReleased(e)
	case payout.PayoutDismissed:
		return decided(e.Decision, ""), nil
	case payout.DecisionReversed:
		return reversed(e.Reversal), nil
	case order.OrderRegistered, order.OrderLinked, order.OrderSettled, order.PaymentsSought, order.RefundReported, order.OrderStatusReported, order.OrderExpired,
		order.RefundDecided, order.RefundWithdrawn,
		deposit.AddressRegistered, deposit.DepositSeenAgain, deposit.RefundDecided, deposit.RefundWithdrawn,
		payout.PayoutPending, payout.PayoutHeld,
		claim.PaymentClaimed,
		quarantine.CallbackQuarantined, quarantine.CallbackRedriven,
		eventstore.LogCreated, eventstore.LossFound, eventstore.LossAccepted:
		return Entry{}, nil
	}
	return Entry{}, fmt.Errorf("%w: %s has no posting", codec.ErrUnknown, event.EventType())
}

// about begins an entry.
func about(payment ident.Payment, user string, occurredAt time.Time) Entry {
	return Entry{Payment: payment, User: user, OccurredAt: occurredAt}
}

// move adds a debit of one account and a credit of another.
func (e Entry) move(debit, credit Account, amount money.Amount) Entry {
	e.Lines = append(e.Lines, Line{debit, amount}, Line{credit, amount.Neg()})
	return e
}

// pend changes what is pending for the user.
func (e Entry) pend(amount money.Amount) Entry {
	e.Pending = amount
	return e
}

// pendUnless is pend, except for a sale, which is not the user's.
func (e Entry) pendUnless(isSale bool, amount money.Amount) Entry {
	if isSale {
		return e
	}
	return e.pend(amount)
}

// ended takes off what was pending for the user, if anything was.
func (e Entry) ended(received *money.Amount) Entry {
	if received == nil {
		return e
	}
	return e.pend(received.Neg())
}

// sell gives the website the price of a sale, and the user the rest: all of it if
// nothing was sold.
func (e Entry) sell(amount money.Amount, price *money.Amount, transfer *payment.Transfer) (Entry, error) {
	e, err := e.take(amount, transfer)
	if err != nil {
		return Entry{}, err
	}
	rest := amount
	if price != nil {
		rest, err = amount.Sub(*price)
		if err == nil && rest.Sign() < 0 {
			err = errors.New("sold for more than was received")
		}
		if err != nil {
			return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
		}
		e.Lines = append(e.Lines, Line{Sales, price.Neg()})
	}
	if rest.Sign() > 0 {
		e.Lines = append(e.Lines, Line{UserAccount(e.User), rest.Neg()})
	}
	return e, nil
}

// take adds the debits of an amount that was received. The provider has it without its
// fee; and where it has another currency, both meet in the payment's exchange.
func (e Entry) take(amount money.Amount, transfer *payment.Transfer) (Entry, error) {
	if transfer == nil {
		e.Lines = append(e.Lines, Line{AssetAccount(e.Payment), amount})
		return e, nil
	}
	if transfer.Amount.Currency() != amount.Currency() {
		e, err := e.receive(exchangeAccount(e.Payment), *transfer)
		e.Lines = append(e.Lines, Line{exchangeAccount(e.Payment), amount})
		return e, err
	}
	if transfer.Amount != amount {
		return Entry{}, fmt.Errorf("post %s: credited is another amount than was received", e.Payment)
	}
	return e.debit(*transfer)
}

// receive credits an account with what the provider has received.
func (e Entry) receive(account Account, t payment.Transfer) (Entry, error) {
	e, err := e.debit(t)
	e.Lines = append(e.Lines, Line{account, t.Amount.Neg()})
	return e, err
}

// debit adds what the provider has of a transfer, and what it has kept.
func (e Entry) debit(t payment.Transfer) (Entry, error) {
	if t.Fee.IsZero() || t.Fee.Sign() == 0 {
		e.Lines = append(e.Lines, Line{AssetAccount(e.Payment), t.Amount})
		return e, nil
	}
	net, err := t.Amount.Sub(t.Fee)
	if err != nil {
		return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
	}
	e.Lines = append(e.Lines, Line{AssetAccount(e.Payment), net}, Line{FeeAccount(e.Payment), t.Fee})
	return e, nil
}

// credit gives the user what the provider has received for him.
func (e Entry) credit(amount money.Amount) Entry {
	return e.move(AssetAccount(e.Payment), UserAccount(e.User), amount)
}

// hold puts money that has arrived into suspense.
func (e Entry) hold(item string, arrived bool, amount *money.Amount) Entry {
	if !arrived || amount == nil {
		return e
	}
	return e.move(AssetAccount(e.Payment), suspenseAccount(item), *amount)
}

// settle takes the money of closed holds out of suspense again, because the
// credit that closes them posts its arrival itself. Not every hold has put
// something there, so a release is not a plain move from it to the user.
func (e Entry) settle(closes []payment.ClosedHold) Entry {
	for _, c := range closes {
		if c.Amount == nil {
			continue
		}
		e = e.move(suspenseAccount(c.Hold), AssetAccount(e.Payment), *c.Amount)
		if c.Fee != nil {
			e = e.move(AssetAccount(e.Payment), FeeAccount(e.Payment), *c.Fee)
		}
	}
	return e
}

// payOut moves money to the bank. Where bitcoin was moved for the sale, the
// provider gave up bitcoin; else it gave up the subtotal, which it owed for
// orders already sold. What does not add up is a gain or loss of exchange.
func (e Entry) payOut(f payout.Facts) (Entry, error) {
	e.Lines = append(e.Lines, Line{Bank, f.Total})
	if f.FeeOwn != nil {
		e.Lines = append(e.Lines, Line{CoinbaseFees, *f.FeeOwn})
	}
	if f.FeeBank != nil {
		e.Lines = append(e.Lines, Line{BankFees, *f.FeeBank})
	}
	given := f.Subtotal
	if f.Bitcoin != nil && f.Bitcoin.Sign() != 0 {
		given = *f.Bitcoin
	}
	e.Lines = append(e.Lines, Line{AssetAccount(e.Payment), given.Neg()})

	sums, err := e.Sums()
	if err != nil {
		return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
	}
	for _, sum := range sums {
		if sum.Sign() != 0 {
			e.Lines = append(e.Lines, Line{exchangeAccount(e.Payment), sum.Neg()})
		}
	}
	return e, nil
}
