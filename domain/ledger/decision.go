package ledger

import (
	"errors"
	"fmt"

	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/review"
)

// decided begins the entry of a decision: all that stood posted of its payment is taken
// back.
func decided(d review.Decision, user string) Entry {
	e := Entry{Payment: d.Payment, User: user, By: d.By, Note: d.Asked.Note}
	return e.debitAll(review.Opposite(d.Takes))
}

// debitAll adds lines as they are.
func (e Entry) debitAll(lines []review.Line) Entry {
	for _, l := range lines {
		e.Lines = append(e.Lines, Line{Account(l.Account), l.Amount})
	}
	return e
}

// reversed is the entry of what undoes a decision.
func reversed(r review.Reversal) Entry {
	return Entry{Payment: r.Payment, By: r.By, Note: r.Note}.debitAll(r.Lines)
}

func postReleased(e order.PaymentReleased) (Entry, error) {
	return decided(e.Decision, e.User).give(UserAccount(e.User), e.Amount, e.Transfer, e.Refunded)
}

func postMispaymentCredited(e order.MispaymentCredited) (Entry, error) {
	return decided(e.Decision, e.User).give(UserAccount(e.User), e.Amount, e.Transfer, e.Refunded)
}

func postDepositReleased(e deposit.DepositReleased) (Entry, error) {
	entry := decided(e.Decision, e.User)
	if e.Amount.Sign() == 0 {
		return entry, nil // none came
	}
	return entry.give(UserAccount(e.User), e.Amount, nil, e.Refunded)
}

// postCompleted sells what came, and what is missing is the website's loss.
func postCompleted(e order.OrderCompleted) (Entry, error) {
	entry, err := decided(e.Decision, e.User).take(e.Amount, e.Transfer)
	if err != nil {
		return Entry{}, err
	}
	count, missing := e.Amount, e.Short
	if missing != nil {
		entry.Lines = append(entry.Lines, Line{Shortfall, *missing})
		if count, err = count.Add(*missing); err != nil {
			return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
		}
	}
	rest, err := count.Sub(e.Sold)
	if err == nil && rest.Sign() < 0 {
		err = errors.New("sold for more than was received")
	}
	if err != nil {
		return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
	}
	var holders []review.Line
	if rest.Sign() > 0 {
		holders = append(holders, review.Line{Account: string(UserAccount(e.User)), Amount: rest.Neg()})
	}
	holders = append(holders, review.Line{Account: string(Sales), Amount: e.Sold.Neg()})
	return entry.debitAll(holders).charge(holders, e.Refunded)
}

// postDismissed gives the website what a person says has arrived.
func postDismissed(d review.Decision, arrived *money.Amount, transfer *payment.Transfer, refunded *review.Refunded) (Entry, error) {
	entry := decided(d, "")
	if arrived == nil {
		return entry, nil
	}
	return entry.give(Unclaimed, *arrived, transfer, refunded)
}

// give posts what was received for an account, and charges it with what was sent back.
func (e Entry) give(account Account, amount money.Amount, transfer *payment.Transfer, refunded *review.Refunded) (Entry, error) {
	e, err := e.take(amount, transfer)
	if err != nil {
		return Entry{}, err
	}
	holders := []review.Line{{Account: string(account), Amount: amount.Neg()}}
	return e.debitAll(holders).charge(holders, refunded)
}

// charge takes what was sent back from those who have the payment, in turn.
func (e Entry) charge(holders []review.Line, refunded *review.Refunded) (Entry, error) {
	if refunded == nil {
		return e, nil
	}
	from, err := review.Share(holders, refunded.Share)
	if err != nil {
		return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
	}
	return e.giveBack(from, refunded.Amount)
}

// giveBack posts what is sent back: from those who have it, through the exchange of the
// payment where they have another currency than was received.
func (e Entry) giveBack(from []review.Line, amount money.Amount) (Entry, error) {
	back := Entry{Payment: e.Payment}.debitAll(from)
	back.Lines = append(back.Lines, Line{AssetAccount(e.Payment), amount.Neg()})
	sums, err := back.Sums()
	if err != nil {
		return Entry{}, fmt.Errorf("post %s: %w", e.Payment, err)
	}
	for _, sum := range sums {
		switch {
		case sum.Sign() == 0:
		case len(sums) == 1:
			return Entry{}, fmt.Errorf("post %s: sent back is another amount than was given", e.Payment)
		default:
			back.Lines = append(back.Lines, Line{exchangeAccount(e.Payment), sum.Neg()})
		}
	}
	e.Lines = append(e.Lines, back.Lines...)
	return e, nil
}

func postRefunded(e order.PaymentRefunded) (Entry, error) {
	entry := about(e.Payment, "", e.OccurredAt)
	entry.By = e.By
	if len(e.From) == 0 {
		return entry, nil
	}
	return entry.giveBack(e.From, e.Amount)
}

func postDepositRefunded(e deposit.DepositRefunded) (Entry, error) {
	entry := about(e.Payment, "", e.OccurredAt)
	entry.By = e.By
	if len(e.From) == 0 {
		return entry, nil
	}
	return entry.giveBack(e.From, e.Amount)
}

func postRefundHeld(e order.RefundHeld) Entry {
	entry := about(e.Payment, "", e.OccurredAt)
	if !e.Posted || e.Amount == nil {
		return entry
	}
	return entry.move(suspenseAccount(e.Hold), AssetAccount(e.Payment), *e.Amount)
}

// postCharged takes a refund from what the payment has left, and the rest from the user.
func postCharged(e order.RefundCharged) (Entry, error) {
	entry := decided(e.Decision, e.User)
	if e.Charged != nil {
		entry = entry.move(UserAccount(e.User), AssetAccount(e.Payment), *e.Charged)
	}
	if e.Within == nil {
		return entry, nil
	}
	return entry.giveBack(e.From, *e.Within)
}

func postRefundDismissed(e order.RefundDismissed) Entry {
	entry := decided(e.Decision, "")
	if e.Amount == nil {
		return entry
	}
	return entry.move(Unexplained, AssetAccount(e.Payment), *e.Amount)
}

func postPayoutReleased(e payout.PayoutReleased) (Entry, error) {
	return decided(e.Decision, "").payOut(e.Facts)
}
