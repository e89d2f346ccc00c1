package coinbasev1

import (
	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// The documents, with the members that are read. All others are ignored here
// and kept in the evidence. Names are compared in their exact case.

type document struct {
	strictjson.Object
	Order  *orderDocument
	Payout *payoutDocument

	// A payment to an address has no envelope.
	Address     strictjson.Scalar
	Amount      strictjson.Scalar // of BTC
	Transaction transaction
}

func (d *document) Read(dec *jsontext.Decoder) error { return d.ReadMembers(dec, d.member) }

func (d *document) member(name []byte) strictjson.Value {
	switch string(name) {
	case "order":
		d.Order = new(orderDocument)
		return d.Order
	case "payout":
		d.Payout = new(payoutDocument)
		return d.Payout
	case "address":
		return &d.Address
	case "amount":
		return &d.Amount
	case "transaction":
		return &d.Transaction
	}
	return nil
}

type orderDocument struct {
	strictjson.Object
	ID             strictjson.Scalar
	UUID           strictjson.Scalar
	CreatedAt      strictjson.Scalar
	CompletedAt    strictjson.Scalar
	Status         strictjson.Scalar
	Event          orderEvent
	TotalBTC       cents
	TotalNative    cents
	Custom         strictjson.Scalar
	ReceiveAddress strictjson.Scalar
	Transaction    transaction
	Mispayments    strictjson.List[mispayment, *mispayment]
	MispaidNative  cents
}

func (d *orderDocument) Read(dec *jsontext.Decoder) error { return d.ReadMembers(dec, d.member) }

func (d *orderDocument) member(name []byte) strictjson.Value {
	switch string(name) {
	case "id":
		return &d.ID
	case "uuid":
		return &d.UUID
	case "created_at":
		return &d.CreatedAt
	case "completed_at":
		return &d.CompletedAt
	case "status":
		return &d.Status
	case "event":
		return &d.Event
	case "total_btc":
		return &d.TotalBTC
	case "total_native":
		return &d.TotalNative
	case "custom":
		return &d.Custom
	case "receive_address":
		return &d.ReceiveAddress
	case "transaction":
		return &d.Transaction
	case "mispayments":
		return &d.Mispayments
	case "mispaid_native":
		return &d.MispaidNative
	}
	return nil
}

type orderEvent struct {
	strictjson.Object
	Type         strictjson.Scalar
	MispaymentID strictjson.Scalar
}

func (e *orderEvent) Read(dec *jsontext.Decoder) error { return e.ReadMembers(dec, e.member) }

func (e *orderEvent) member(name []byte) strictjson.Value {
	switch string(name) {
	case "type":
		return &e.Type
	case "mispayment_id":
		return &e.MispaymentID
	}
	return nil
}

type mispayment struct {
	strictjson.Object
	ID          strictjson.Scalar
	CreatedAt   strictjson.Scalar
	TotalNative cents
}

func (m *mispayment) Read(dec *jsontext.Decoder) error { return m.ReadMembers(dec, m.member) }

func (m *mispayment) member(name []byte) strictjson.Value {
	switch string(name) {
	case "id":
		return &m.ID
	case "created_at":
		return &m.CreatedAt
	case "total_native":
		return &m.TotalNative
	}
	return nil
}

type transaction struct {
	strictjson.Object
	Hash strictjson.Scalar
}

func (t *transaction) Read(dec *jsontext.Decoder) error { return t.ReadMembers(dec, t.member) }

func (t *transaction) member(name []byte) strictjson.Value {
	if string(name) == "hash" {
		return &t.Hash
	}
	return nil
}

// cents is an amount in the currency's smallest units.
type cents struct {
	strictjson.Object
	Cents    strictjson.Scalar
	Currency strictjson.Scalar
}

func (c *cents) Read(dec *jsontext.Decoder) error { return c.ReadMembers(dec, c.member) }

func (c *cents) member(name []byte) strictjson.Value {
	switch string(name) {
	case "cents":
		return &c.Cents
	case "currency_iso":
		return &c.Currency
	}
	return nil
}

// decimal is an amount in the currency's units.
type decimal struct {
	strictjson.Object
	Amount   strictjson.Scalar
	Currency strictjson.Scalar
}

func (d *decimal) Read(dec *jsontext.Decoder) error { return d.ReadMembers(dec, d.member) }

func (d *decimal) member(name []byte) strictjson.Value {
	switch string(name) {
	case "amount":
		return &d.Amount
	case "currency":
		return &d.Currency
	}
	return nil
}

type payoutDocument struct {
	strictjson.Object
	ID              strictjson.Scalar
	CreatedAt       strictjson.Scalar
	PayoutDate      strictjson.Scalar
	Status          strictjson.Scalar
	Fees            fees
	BTC             decimal
	Subtotal        decimal
	Total           decimal
	OrderCodes      strictjson.List[strictjson.Scalar, *strictjson.Scalar]
	MispaymentCodes strictjson.List[strictjson.Scalar, *strictjson.Scalar]
}

func (d *payoutDocument) Read(dec *jsontext.Decoder) error { return d.ReadMembers(dec, d.member) }

func (d *payoutDocument) member(name []byte) strictjson.Value {
	switch string(name) {
	case "id":
		return &d.ID
	case "created_at":
		return &d.CreatedAt
	case "payout_date":
		return &d.PayoutDate
	case "status":
		return &d.Status
	case "fees":
		return &d.Fees
	case "btc":
		return &d.BTC
	case "subtotal":
		return &d.Subtotal
	case "total":
		return &d.Total
	case "order_codes":
		return &d.OrderCodes
	case "mispayment_codes":
		return &d.MispaymentCodes
	}
	return nil
}

type fees struct {
	strictjson.Object
	Coinbase cents
	Bank     cents
}

func (f *fees) Read(dec *jsontext.Decoder) error { return f.ReadMembers(dec, f.member) }

func (f *fees) member(name []byte) strictjson.Value {
	switch string(name) {
	case "coinbase":
		return &f.Coinbase
	case "bank":
		return &f.Bank
	}
	return nil
}
