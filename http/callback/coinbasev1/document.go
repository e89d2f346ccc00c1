package coinbasev1

// The documents, with the members that are read. All others are ignored here
// and kept in the evidence.

type document struct {
	Order  object[orderDocument]  `json:"order"`
	Payout object[payoutDocument] `json:"payout"`

	// A payment to an address has no envelope.
	Address     scalar              `json:"address"`
	Amount      scalar              `json:"amount"` // of BTC
	Transaction object[transaction] `json:"transaction"`
}

type orderDocument struct {
	ID             scalar                   `json:"id"`
	UUID           scalar                   `json:"uuid"`
	CreatedAt      scalar                   `json:"created_at"`
	CompletedAt    scalar                   `json:"completed_at"`
	Status         scalar                   `json:"status"`
	Event          object[orderEvent]       `json:"event"`
	TotalBTC       object[cents]            `json:"total_btc"`
	TotalNative    object[cents]            `json:"total_native"`
	Custom         scalar                   `json:"custom"`
	ReceiveAddress scalar                   `json:"receive_address"`
	Transaction    object[transaction]      `json:"transaction"`
	Mispayments    list[object[mispayment]] `json:"mispayments"`
	MispaidNative  object[cents]            `json:"mispaid_native"`
}

type orderEvent struct {
	Type         scalar `json:"type"`
	MispaymentID scalar `json:"mispayment_id"`
}

type mispayment struct {
	ID          scalar        `json:"id"`
	CreatedAt   scalar        `json:"created_at"`
	TotalNative object[cents] `json:"total_native"`
}

type transaction struct {
	Hash scalar `json:"hash"`
}

// cents is an amount in the currency's smallest units.
type cents struct {
	Cents    scalar `json:"cents"`
	Currency scalar `json:"currency_iso"`
}

// decimal is an amount in the currency's units.
type decimal struct {
	Amount   scalar `json:"amount"`
	Currency scalar `json:"currency"`
}

type payoutDocument struct {
	ID              scalar          `json:"id"`
	CreatedAt       scalar          `json:"created_at"`
	PayoutDate      scalar          `json:"payout_date"`
	Status          scalar          `json:"status"`
	Fees            object[fees]    `json:"fees"`
	BTC             object[decimal] `json:"btc"`
	Subtotal        object[decimal] `json:"subtotal"`
	Total           object[decimal] `json:"total"`
	OrderCodes      list[scalar]    `json:"order_codes"`
	MispaymentCodes list[scalar]    `json:"mispayment_codes"`
}

type fees struct {
	Coinbase object[cents] `json:"coinbase"`
	Bank     object[cents] `json:"bank"`
}
