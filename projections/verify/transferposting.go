package verify

import "fmt"

// postFee posts a fee that was learned after its payment.
func (f *fact) postFee() error {
	if f.said.Fee == nil {
		return fmt.Errorf("%w: there is no fee", errAmount)
	}
	var fee units
	if err := fee.parse(*f.said.Fee); err != nil {
		return err
	}
	f.move(f.account(fees), f.account(coinbase), &fee)
	return nil
}

// postTransfer posts what a provider has received: as a whole to suspense, or to the user
// and the website.
func (f *fact) postTransfer() error {
	r := f.rule
	if r.debit == nowhere || r.ifArrived && !f.said.Arrived.is {
		return nil
	}
	if r.credit == suspense {
		received, err := f.receive()
		if err == nil {
			f.move(f.account(coinbase), f.account(suspense), received)
		}
		return err
	}
	if err := f.take(&f.amount); err != nil {
		return err
	}
	return f.shareSale(&f.amount)
}

// receive returns what the provider of a transfer has received, and posts what it has kept
// of it.
func (f *fact) receive() (*units, error) {
	if f.said.Transfer.Amount == nil {
		return nil, fmt.Errorf("%w: the transfer has none", errAmount)
	}
	received := new(units)
	if err := received.parse(*f.said.Transfer.Amount); err != nil {
		return nil, err
	}
	if f.said.Transfer.Fee == nil {
		return received, nil
	}
	var fee units
	if err := fee.parse(*f.said.Transfer.Fee); err != nil {
		return nil, err
	}
	if fee.currency != received.currency {
		return nil, fmt.Errorf("%w: the fee is in another currency", errAmount)
	}
	if fee.n.Sign() != 0 {
		f.move(f.account(fees), f.account(coinbase), &fee)
	}
	return received, nil
}

// take posts the debits of an amount that was received. Where its owner gets another
// currency than the provider has received, both meet in exchange.
func (f *fact) take(amount *units) error {
	if f.said.Transfer == nil {
		f.debit(f.account(coinbase), amount.currency, &amount.n)
		return nil
	}
	received, err := f.receive()
	switch {
	case err != nil:
		return err
	case received.currency != amount.currency:
		f.move(f.account(coinbase), f.account(exchange), received)
		f.debit(f.account(exchange), amount.currency, &amount.n)
	case received.n.Cmp(&amount.n) != 0:
		return fmt.Errorf("%w: credited is another amount than was received", errAmount)
	default:
		f.debit(f.account(coinbase), received.currency, &received.n)
	}
	return nil
}
