package coinbase

import (
	"errors"
	"time"

	"daybook/domain/ident"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Checkout is what Coinbase says about a checkout or a payment link. Amounts are
// decimal text as it was sent, digits with at most one point. Empty text and zero
// times stand for members that are missing.
type Checkout struct {
	ID              string     `json:"id"`
	Status          string     `json:"status"` // Coinbase's word, known to us or not
	Amount          string     `json:"amount"`
	Currency        string     `json:"currency"`
	Network         string     `json:"network"`
	Address         string     `json:"address"`
	TokenAddress    string     `json:"tokenAddress"`
	TransactionHash string     `json:"transactionHash"`
	FiatAmount      string     `json:"fiatAmount"`
	FiatCurrency    string     `json:"fiatCurrency"`
	Settlement      Settlement `json:"settlement"`
	RefundedAmount  string     `json:"refundedAmount"`
	Refunds         []Refund   `json:"refunds"`
	Metadata        Metadata   `json:"metadata"`
	ExpiresAt       time.Time  `json:"expiresAt"`
	CreatedAt       time.Time  `json:"createdAt"`
	UpdatedAt       time.Time  `json:"updatedAt"`
}

// Settlement is what reaches the merchant's account. Payment links may leave out the
// currency.
type Settlement struct {
	Total    string `json:"totalAmount"`
	Fee      string `json:"feeAmount"`
	Net      string `json:"netAmount"`
	Currency string `json:"currency"`
}

// Refund is one refund of a checkout.
type Refund struct {
	ID              string    `json:"id"`
	CheckoutID      string    `json:"checkoutId"`
	Amount          string    `json:"amount"`
	Currency        string    `json:"currency"`
	Status          string    `json:"status"`
	Reason          string    `json:"reason"`
	TransactionHash string    `json:"transactionHash"`
	FiatAmount      string    `json:"fiatAmount"`
	FiatCurrency    string    `json:"fiatCurrency"`
	CreatedAt       time.Time `json:"createdAt"`
	CompletedAt     time.Time `json:"completedAt"`
}

// Metadata is written by the creator of a checkout. Values that are not text are
// left out.
type Metadata map[string]string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (m *Metadata) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var members map[string]jsontext.Value
	if err := json.UnmarshalDecode(dec, &members); err != nil {
		return err
	}
	*m = nil
	for name, value := range members {
		if value.Kind() != '"' {
			continue
		}
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return err
		}
		if *m == nil {
			*m = Metadata{}
		}
		(*m)[name] = string(text)
	}
	return nil
}

// check reports the first member that cannot be used as evidence. No error contains
// a member's value.
func (c *Checkout) check() error {
	switch "" {
	case c.ID:
		return errors.New("id is missing")
	case c.Status:
		return errors.New("status is missing")
	case c.Amount:
		return errors.New("amount is missing")
	case c.Currency:
		return errors.New("currency is missing")
	}
	err := errors.Join(
		texts(c.ID, c.Status, c.Currency, c.Network, c.Address, c.TokenAddress, c.TransactionHash, c.FiatCurrency, c.Settlement.Currency),
		decimals(c.Amount, c.FiatAmount, c.RefundedAmount, c.Settlement.Total, c.Settlement.Fee, c.Settlement.Net),
	)
	for _, r := range c.Refunds {
		err = errors.Join(err,
			texts(r.ID, r.CheckoutID, r.Currency, r.Status, r.TransactionHash, r.FiatCurrency),
			decimals(r.Amount, r.FiatAmount))
	}
	return err
}

func texts(all ...string) error {
	for _, text := range all {
		if text == "" {
			continue
		}
		if err := ident.Check(text); err != nil {
			return err
		}
	}
	return nil
}
