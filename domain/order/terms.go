package order

import (
	"errors"
	"fmt"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// Purpose says where the money of an order goes.
type Purpose string

// The purposes.
const (
	ForBalance Purpose = "balance" // all of it to the user
	ForSale    Purpose = "sale"    // the registered amount to the website, the rest to the user
)

// Terms are what the website expects of an order. Once registered they do not
// change.
type Terms struct {
	User      string       `json:"user"`
	Amount    money.Amount `json:"amount"`
	For       Purpose      `json:"for"`
	ExpiresAt time.Time    `json:"expiresAt,omitzero"`
	Reference string       `json:"reference,omitzero"` // the website's own name for it
}

// ErrTerms is wrapped by every error of Check.
var ErrTerms = errors.New("not the terms of an order")

// Check reports why terms cannot be registered.
func (t Terms) Check() error {
	if err := ident.Check(t.User); err != nil {
		return fmt.Errorf("%w: user: %w", ErrTerms, err)
	}
	if t.Amount.Sign() <= 0 {
		return fmt.Errorf("%w: the amount must be more than nothing", ErrTerms)
	}
	if t.For != ForBalance && t.For != ForSale {
		return fmt.Errorf("%w: for must be %s or %s", ErrTerms, ForBalance, ForSale)
	}
	if t.Reference == "" {
		return nil
	}
	if err := ident.Check(t.Reference); err != nil {
		return fmt.Errorf("%w: reference: %w", ErrTerms, err)
	}
	return nil
}

// Equal reports whether two terms say the same.
func (t Terms) Equal(u Terms) bool {
	isSameTime := t.ExpiresAt.Equal(u.ExpiresAt)
	t.ExpiresAt, u.ExpiresAt = time.Time{}, time.Time{}
	return isSameTime && t == u
}

// isAfter reports whether a payment came too late, by the provider's time of it. Where
// the provider says nothing but when the order was made, one that was made too late was
// paid too late. An unknown time is not late.
func (t Terms) isAfter(paidAt time.Time) bool {
	return !t.ExpiresAt.IsZero() && paidAt.After(t.ExpiresAt)
}

// counts returns for how much a transfer counts: what was quoted, where that is in the
// currency of the terms, else what was received.
func (t Terms) counts(transfer payment.Transfer) money.Amount {
	if !transfer.Quoted.IsZero() && transfer.Quoted.Currency() == t.Amount.Currency() {
		return transfer.Quoted
	}
	return transfer.Amount
}

// unmet says why an amount does not meet the terms; empty if it does. More than
// asked for is taken whole.
func (t Terms) unmet(amount money.Amount) payment.Reason {
	if amount.Currency() != t.Amount.Currency() {
		return payment.OtherCurrency
	}
	if rest, err := amount.Sub(t.Amount); err != nil || rest.Sign() < 0 {
		return payment.Underpaid
	}
	return ""
}
