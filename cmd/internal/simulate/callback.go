package simulate

import "strconv"

// Callback is what the callback of an order says that differs from one order
// to the next. Its texts need no escaping in JSON.
type Callback struct {
	ID       string // of the order
	User     string // the custom parameter
	Hash     string // of the transaction
	Status   string
	Event    string // empty for null
	Cents    int64
	Currency string

	Confirmations int

	// Of an event "mispayment".
	MispaymentID string
	MispaidCents int64
}

// AppendTo appends the body, which has the members and the size of one in
// Coinbase's documentation.
func (c Callback) AppendTo(to []byte) []byte {
	if to == nil {
		to = make([]byte, 0, 1536)
	}
	to = text(to, `{"order":{"id":"`, c.ID)
	to = text(to, `","created_at":"2014-12-09T21:23:41-08:00","status":"`, c.Status)
	to = append(to, '"')
	to = c.appendEvent(to)
	to = money(to, `,"total_btc":`, 100*c.Cents, "BTC")
	to = money(to, `,"total_native":`, c.Cents, c.Currency)
	to = money(to, `,"total_payout":`, 0, "USD")
	to = text(to, `,"custom":"`, c.User)
	to = append(to, `","receive_address":"1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My","button":{"type":"buy_now","name":"Alpaca Socks",`+
		`"description":"The ultimate in lightweight footwear","id":"5d37a3b61914d6d0ad15b5135d80c19f"},"transaction":`...)
	to = c.appendTransaction(to)
	return append(to, `,"refund_address":"1HcmQZarSgNuGYz4r7ZkjYumiU4PujrNYk"},"customer":{"email":"payer@example.com",`+
		`"shipping_address":["A Payer","123 Main St.","Springfield, OR 97477","United States"]}}`...)
}

func (c Callback) appendEvent(to []byte) []byte {
	if c.Event == "" {
		return append(to, `,"event":null`...)
	}
	to = text(to, `,"event":{"type":"`, c.Event)
	if c.MispaymentID == "" {
		return append(to, `"}`...)
	}
	to = text(to, `","mispayment_id":"`, c.MispaymentID)
	to = text(to, `"},"mispayments":[{"id":"`, c.MispaymentID)
	to = append(to, `","created_at":"2014-12-09T21:25:36-08:00"`...)
	to = money(to, `,"total_btc":`, 100*c.MispaidCents, "BTC")
	to = money(to, `,"total_native":`, c.MispaidCents, c.Currency)
	return append(to, `}]`...)
}

// appendTransaction writes null where nothing has been paid yet.
func (c Callback) appendTransaction(to []byte) []byte {
	if c.Event == "" {
		return append(to, `null`...)
	}
	to = append(to, `{"id":"514f18b7a5ea3d630a00000f","hash":"`...)
	to = text(to, c.Hash, `","confirmations":`)
	to = strconv.AppendInt(to, int64(c.Confirmations), 10)
	return append(to, '}')
}

func text(to []byte, before, s string) []byte { return append(append(to, before...), s...) }

func money(to []byte, before string, cents int64, currency string) []byte {
	to = strconv.AppendInt(append(append(to, before...), `{"cents":`...), cents, 10)
	return append(text(to, `,"currency_iso":"`, currency), `"}`...)
}
