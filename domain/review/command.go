package review

import (
	"fmt"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
)

// Decide is the command of a person to decide about an item.
type Decide struct {
	Item  string
	Round int
	Asked Asked
	By    string

	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}

// Reverse is the command of a person to undo the decision about an item.
type Reverse struct {
	Item  string
	Round int
	Note  string
	By    string
}

// Decision begins the event of the decision, whose id is the next one's.
func (c Decide) Decision(index int, payment ident.Payment) Decision {
	return Decision{ID: c.EventID(index), Item: c.Item, Payment: payment, Round: c.Round, By: c.By, Asked: c.Asked}
}

// Undo returns the reversal of a decision, unless a later one rests on it.
func (c Reverse) Undo(decision string, payment ident.Payment, opens []string, posted Posted) (Reversal, error) {
	if !posted.IsLast(decision) {
		return Reversal{}, ErrLater
	}
	return Reversal{
		Item: c.Item, Reverses: decision, Payment: payment, Round: c.Round, By: c.By, Note: c.Note,
		Opens: opens, Lines: Opposite(posted.By(decision)),
	}, nil
}

// Confirm is the command of a person who has sent a refund elsewhere.
type Confirm struct {
	Refund    string // or the item that it is of
	Reference string
	SentAt    time.Time
	By        string

	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}

// Withdraw is the command of a person who does not send a refund after all.
type Withdraw struct {
	Refund string // or the item that it is of
	By     string
}

// Book is what stands posted in a stream. It takes the events of a decision as they are
// made.
type Book interface {
	Posted
	Put(event codec.Event) error
}

// Unposted is the error of a decision that needs to know what stands posted.
type Unposted struct{}

func (Unposted) Error() string { return "what stands posted in the stream is not known" }

// Impossible says why an item cannot be decided as it was asked for.
func Impossible(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrImpossible}, arguments...)...)
}

// Missing says what a decision lacks.
func Missing(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMissing}, arguments...)...)
}

// AmountOf returns the amount of an item, which a person says where the item does not.
func (a Asked) AmountOf(amount *money.Amount) (money.Amount, error) {
	isKnown := amount != nil && !amount.IsZero() && amount.Sign() >= 0
	switch by := a.Amount; {
	case isKnown && by != nil:
		return *amount, Impossible("the item says how much it is: %s", amount)
	case isKnown:
		return *amount, nil
	case by == nil:
		return money.Amount{}, Missing("amount and currency, which the item does not say")
	case by.Sign() <= 0:
		return money.Amount{}, Missing("an amount of more than nothing")
	default:
		return *by, nil
	}
}
