package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/http/coinbase"
)

// coinbaseAnswers asks Coinbase about payments, for the verifier.
type coinbaseAnswers struct {
	client *coinbase.Client
	now    func() time.Time
}

// Payment implements verifier.Provider.
func (a coinbaseAnswers) Payment(ctx context.Context, object, id string) (payment.Evidence, error) {
	ask, other := a.client.Checkout, a.client.PaymentLink
	if object == "payment_link" {
		ask, other = other, ask
	}
	found, err := ask(ctx, id)
	var u *coinbase.Unavailable
	if errors.As(err, &u) && u.Reason == coinbase.NotFound {
		if found, err = other(ctx, id); errors.As(err, &u) && u.Reason == coinbase.NotFound {
			err = u
		}
	}
	if err != nil {
		return payment.Evidence{}, later(err)
	}
	transfer, err := transferOf(found)
	if err != nil {
		return payment.Evidence{}, err
	}
	return payment.Evidence{Method: payment.API, Status: found.Status, Transfer: &transfer, At: a.now().UTC()}, nil
}

// noAnswers stands for Coinbase while there is no API key. Payments that were received
// when there was one still wait for an answer.
type noAnswers struct{}

var errNoKey = errors.New("a payment waits for the answer of Coinbase's API, and there is no API key: set DAYBOOK_COINBASE_KEY_NAME and DAYBOOK_COINBASE_KEY again")

// Payment implements verifier.Provider.
func (noAnswers) Payment(context.Context, string, string) (payment.Evidence, error) {
	return payment.Evidence{}, errNoKey
}

// later has the runner wait for as long as Coinbase asks.
func later(err error) error {
	var u *coinbase.Unavailable
	if errors.As(err, &u) && u.RetryAfter > 0 {
		return errors.Join(err, &backoff.RetryAfterError{Duration: u.RetryAfter})
	}
	return err
}

// errUnreadable says that an answer has amounts that are not those of a payment.
var errUnreadable = errors.New("the answer of Coinbase cannot be read")

func transferOf(c coinbase.Checkout) (payment.Transfer, error) {
	t := payment.Transfer{Network: c.Network, Hash: payment.NormalHash(c.TransactionHash), Payee: payment.NormalAddress(c.Address)}
	var err error
	if t.Amount, err = money.Parse(money.Currency(c.Currency), c.Amount); err != nil {
		return t, fmt.Errorf("%w: amount: %w", errUnreadable, err)
	}
	if c.FiatAmount != "" {
		if t.Quoted, err = money.Parse(money.Currency(c.FiatCurrency), c.FiatAmount); err != nil {
			return t, fmt.Errorf("%w: fiatAmount: %w", errUnreadable, err)
		}
	}
	if t.Fee, err = feeOf(c, t.Amount); err != nil {
		return t, fmt.Errorf("%w: settlement: %w", errUnreadable, err)
	}
	return t, nil
}

// feeOf reads the fee of a settlement, which must be one of the amount.
func feeOf(c coinbase.Checkout, amount money.Amount) (fee money.Amount, err error) {
	s := c.Settlement
	if s.Total == "" && s.Fee == "" && s.Net == "" {
		return fee, nil
	}
	currency := money.Currency(s.Currency)
	if currency == "" {
		currency = amount.Currency()
	}
	var sum, net money.Amount
	if fee, err = money.Parse(currency, s.Fee); err != nil {
		return fee, err
	}
	if net, err = money.Parse(currency, s.Net); err != nil {
		return fee, err
	}
	if sum, err = fee.Add(net); err != nil {
		return fee, err
	}
	if sum != amount {
		return fee, errors.New("fee and net are not the amount")
	}
	return fee, nil
}
