// Package checkouts reads the webhooks of Coinbase Business about checkouts and payment
// links. It says what a body reports and what is doubtful about it; it decides nothing.
//
// A webhook's body is the checkout itself with an eventType beside its members
// (docs.cdp.coinbase.com: checkouts, webhooks; payment links: the same shape). Members
// that no decision needs, such as description, URLs and the reasons of refunds, are
// not read, because they may be personal.
package checkouts

import (
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/generation"
	"daybook/http/callback/strictjson"
)

// Document is what a webhook says. Zero values stand for what is missing or cannot be
// read; where that matters, there is a doubt.
type Document struct {
	ID      string
	Payment ident.Payment // checkout/<id>, under checkout.* and payment_link.* alike
	Event   string        // eventType
	Status  string        // Coinbase's word, known or not
	Kind    Kind
	Doubts  []Doubt // the gravest first; those of single refunds are with them

	Amount     money.Amount // asked for, in the checkout's currency
	Fiat       money.Amount // the same in a national currency; optional
	Refunded   money.Amount // the sum that Coinbase states; optional
	Settlement *Settlement
	Refunds    []Refund

	Network         string // as it came: base
	Address         string // that is paid to
	Token           string // its contract
	TransactionHash string // hexadecimal ones in lower case, with 0x
	Metadata        Metadata

	ExpiresAt, CreatedAt, UpdatedAt time.Time
}

// Settlement is what reaches the merchant: Total = Fee + Net, in one currency.
type Settlement struct{ Total, Fee, Net money.Amount }

// Doubt says why a document cannot be acted on as it stands.
type Doubt struct {
	Reason payment.Reason
	Member string // of the document
}

// maxRefunds bounds the refunds of one document. Each one is an event.
const maxRefunds = 100

// Parse reads a body. Every error is a *callback.Refusal without anything of the body.
// One of a body that belongs to another route says so with generation.Elsewhere.
func Parse(body []byte) (Document, error) {
	var b document
	if err := strictjson.Unmarshal(body, &b); err != nil {
		return Document{}, callback.Refuse(quarantine.NotJSON, "the body is not strict JSON")
	}
	if !b.isCheckout() {
		refusal := callback.Refuse(quarantine.UnknownDocument, "the body is neither a checkout nor a payment link")
		return Document{}, generation.Redirect(refusal, body, generation.Checkout)
	}
	if b.ID.Kind != '"' {
		return Document{}, callback.Refuse(quarantine.Incomplete, "id is missing or no text")
	}
	id, err := b.ID.Identifier()
	if err != nil {
		return Document{}, callback.Refuse(quarantine.Incomplete, "id: %w", err)
	}
	if len(b.Refunds.Elements) > maxRefunds {
		return Document{}, callback.Refuse(quarantine.TooMany, "more than %d refunds", maxRefunds)
	}
	return b.translate(id), nil
}

// isCheckout takes a body without an eventType for a checkout if it has a checkout's
// members: it may be somebody's money, and is kept as doubtful.
func (b *document) isCheckout() bool {
	if b.EventType.Kind == '"' && b.EventType.Text != "" {
		return generation.IsCheckout(b.EventType.Text)
	}
	return b.ID.Kind == '"' && b.Status.Kind == '"' && b.Currency.Kind == '"' && b.Amount.Kind != 0
}

func (b *document) translate(id string) Document {
	d := Document{
		ID:              id,
		Payment:         ident.NewPayment(provider, ident.Escape(id)), // it stands where others have a kind, unescaped
		Event:           text(b.EventType),
		Status:          text(b.Status),
		Network:         b.Network.Detail(),
		Address:         text(b.Address),
		Token:           text(b.TokenAddress),
		TransactionHash: hash(b.TransactionHash),
		Metadata:        b.Metadata.texts(),
		ExpiresAt:       b.ExpiresAt.Time(),
		CreatedAt:       b.CreatedAt.Time(),
		UpdatedAt:       b.UpdatedAt.Time(),
	}
	var doubt payment.Reason
	switch d.Kind, doubt = classify(b.EventType, b.Status); doubt {
	case "":
	case payment.UnknownEvent:
		d.doubt(doubt, "eventType")
	default:
		d.doubt(doubt, "status")
	}
	d.readMoney(b)
	d.readRefunds(b)
	return d
}

func (d *Document) doubt(reason payment.Reason, member string) {
	d.Doubts = append(d.Doubts, Doubt{reason, member})
}

// provider is how payment identities name checkouts.
const provider = "checkout"
