package verify

import (
	"fmt"
	"math/big"
	"strings"
)

// assets is where the provider of the payment has its money.
func (f *fact) assets() place {
	if strings.HasPrefix(f.said.Payment, "checkout/") {
		return checkout
	}
	return coinbase
}

// postFee posts a fee that was learned after its payment.
func (f *fact) postFee() error {
	if f.said.Fee == nil {
		return fmt.Errorf("%w: there is no fee", errAmount)
	}
	var fee units
	if err := fee.parse(*f.said.Fee); err != nil {
		return err
	}
	f.move(fees, f.assets(), &fee)
	return nil
}

// postTransfer posts what a provider has received: without its fee to its account, and
// as a whole to suspense or to the user and the website. Where those get another
// currency, both meet in exchange.
func (f *fact) postTransfer() error {
	r := f.rule
	if r.debit == nowhere || r.ifArrived && !f.said.Arrived {
		return nil
	}
	if f.said.Transfer.Amount == nil {
		return fmt.Errorf("%w: the transfer has none", errAmount)
	}
	var received units
	if err := received.parse(*f.said.Transfer.Amount); err != nil {
		return err
	}
	if f.said.Transfer.Fee != nil {
		var fee units
		if err := fee.parse(*f.said.Transfer.Fee); err != nil {
			return err
		}
		if fee.currency != received.currency {
			return fmt.Errorf("%w: the fee is in another currency", errAmount)
		}
		if fee.n.Sign() != 0 {
			f.move(fees, f.assets(), &fee)
		}
	}
	if r.credit == suspense {
		f.move(f.assets(), suspense, &received)
		return nil
	}
	return f.share(&received)
}

// share gives what was received to whom it belongs.
func (f *fact) share(received *units) error {
	if received.currency != f.amount.currency {
		f.move(f.assets(), exchange, received)
		f.posting = append(f.posting, line{place: exchange, currency: f.amount.currency, n: &f.amount.n})
	} else {
		if received.n.Cmp(&f.amount.n) != 0 {
			return fmt.Errorf("%w: credited is another amount than was received", errAmount)
		}
		f.posting = append(f.posting, line{place: f.assets(), currency: received.currency, n: &received.n})
	}
	rest := &f.amount.n
	if f.said.Sold != nil {
		var price units
		if err := price.parse(*f.said.Sold); err != nil {
			return err
		}
		rest = new(big.Int).Sub(&f.amount.n, &price.n)
		if price.currency != f.amount.currency || rest.Sign() < 0 {
			return fmt.Errorf("%w: sold for more than was received", errAmount)
		}
		f.posting = append(f.posting, line{place: sales, currency: price.currency, n: &price.n, negative: true})
	}
	if rest.Sign() > 0 {
		f.posting = append(f.posting, line{place: users, currency: f.amount.currency, n: rest, negative: true})
	}
	return nil
}
