package coinbasev1

import "github.com/go-json-experiment/json/jsontext"

// The documents, with the members that are read. All others are ignored here
// and kept in the evidence. Names are compared in their exact case.

type document struct {
	object
	Order  *orderDocument
	Payout *payoutDocument

	// A payment to an address has no envelope.
	Address     scalar
	Amount      scalar // of BTC
	Transaction transaction
}

func (d *document) read(dec *jsontext.Decoder) error { return d.readMembers(dec, d.member) }

func (d *document) member(name []byte) value {
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
	object
	ID             scalar
	UUID           scalar
	CreatedAt      scalar
	CompletedAt    scalar
	Status         scalar
	Event          orderEvent
	TotalBTC       cents
	TotalNative    cents
	Custom         scalar
	ReceiveAddress scalar
	Transaction    transaction
	Mispayments    list[mispayment, *mispayment]
	MispaidNative  cents
}

func (d *orderDocument) read(dec *jsontext.Decoder) error { return d.readMembers(dec, d.member) }

func (d *orderDocument) member(name []byte) value {
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
	object
	Type         scalar
	MispaymentID scalar
}

func (e *orderEvent) read(dec *jsontext.Decoder) error { return e.readMembers(dec, e.member) }

func (e *orderEvent) member(name []byte) value {
	switch string(name) {
	case "type":
		return &e.Type
	case "mispayment_id":
		return &e.MispaymentID
	}
	return nil
}

type mispayment struct {
	object
	ID          scalar
	CreatedAt   scalar
	TotalNative cents
}

func (m *mispayment) read(dec *jsontext.Decoder) error { return m.readMembers(dec, m.member) }

func (m *mispayment) member(name []byte) value {
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
	object
	Hash scalar
}

func (t *transaction) read(dec *jsontext.Decoder) error { return t.readMembers(dec, t.member) }

func (t *transaction) member(name []byte) value {
	if string(name) == "hash" {
		return &t.Hash
	}
	return nil
}

// cents is an amount in the currency's smallest units.
type cents struct {
	object
	Cents    scalar
	Currency scalar
}

func (c *cents) read(dec *jsontext.Decoder) error { return c.readMembers(dec, c.member) }

func (c *cents) member(name []byte) value {
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
	object
	Amount   scalar
	Currency scalar
}

func (d *decimal) read(dec *jsontext.Decoder) error { return d.readMembers(dec, d.member) }

func (d *decimal) member(name []byte) value {
	switch string(name) {
	case "amount":
		return &d.Amount
	case "currency":
		return &d.Currency
	}
	return nil
}

type payoutDocument struct {
	object
	ID              scalar
	CreatedAt       scalar
	PayoutDate      scalar
	Status          scalar
	Fees            fees
	BTC             decimal
	Subtotal        decimal
	Total           decimal
	OrderCodes      list[scalar, *scalar]
	MispaymentCodes list[scalar, *scalar]
}

func (d *payoutDocument) read(dec *jsontext.Decoder) error { return d.readMembers(dec, d.member) }

func (d *payoutDocument) member(name []byte) value {
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
	object
	Coinbase cents
	Bank     cents
}

func (f *fees) read(dec *jsontext.Decoder) error { return f.readMembers(dec, f.member) }

func (f *fees) member(name []byte) value {
	switch string(name) {
	case "coinbase":
		return &f.Coinbase
	case "bank":
		return &f.Bank
	}
	return nil
}
