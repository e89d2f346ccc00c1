package coinbase

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxToken bounds the token of a page, which goes into the next request's URL.
const maxToken = 4 << 10

var (
	errTooLarge = errors.New("the answer is larger than 1 MiB")
	errTwice    = errors.New("the answer has a member twice")
	errShape    = errors.New("the answer is not the JSON that the API documents")
	errOther    = errors.New("the answer is about another id")
	errEndless  = errors.New("the answer's page token leads to the same page")
	errToken    = errors.New("the answer's page token is longer than 4 KiB")
)

// decode reads one strict JSON value: no member twice, names in their exact case.
// The decoder's errors can quote the body, so they are replaced.
func decode(body []byte, v any) error {
	if len(body) > maxBody {
		return errTooLarge
	}
	err := json.Unmarshal(body, v)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errTwice
	case err != nil:
		return errShape
	}
	return nil
}

func decodeCheckout(body []byte, id string) (Checkout, error) {
	var c Checkout
	if err := decode(body, &c); err != nil {
		return Checkout{}, err
	}
	if err := c.check(); err != nil {
		return Checkout{}, err
	}
	if c.ID != id {
		return Checkout{}, errOther
	}
	c.inUTC()
	return c, nil
}

// decodePage reads a page that was asked for with a token.
func decodePage(body []byte, folder, asked string) (Page, error) {
	var list struct {
		Checkouts     *[]Checkout `json:"checkouts"`
		PaymentLinks  *[]Checkout `json:"paymentLinks"`
		NextPageToken string      `json:"nextPageToken"`
	}
	if err := decode(body, &list); err != nil {
		return Page{}, err
	}
	items := list.Checkouts
	if folder == "/payment-links" {
		items = list.PaymentLinks
	}
	if items == nil {
		return Page{}, errShape // an empty list would say that there are none
	}
	if err := checkToken(list.NextPageToken, asked); err != nil {
		return Page{}, err
	}
	for i := range *items {
		if err := (*items)[i].check(); err != nil {
			return Page{}, err
		}
		(*items)[i].inUTC()
	}
	return Page{Items: *items, NextPageToken: list.NextPageToken}, nil
}

// checkToken refuses the token of a next page that cannot be followed.
func checkToken(next, asked string) error {
	switch {
	case len(next) > maxToken:
		return errToken
	case next != "" && next == asked:
		return errEndless
	}
	return nil
}

func (c *Checkout) inUTC() {
	times := []*time.Time{&c.ExpiresAt, &c.CreatedAt, &c.UpdatedAt}
	for i := range c.Refunds {
		times = append(times, &c.Refunds[i].CreatedAt, &c.Refunds[i].CompletedAt)
	}
	for _, t := range times {
		*t = t.UTC()
	}
}
