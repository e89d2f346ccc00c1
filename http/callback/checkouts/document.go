package checkouts

import (
	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// document is a body, with the members that are read. All others are checked for
// their syntax, and stay in the evidence.
type document struct {
	strictjson.Object
	ID, EventType, Status                  strictjson.Scalar
	Amount, Currency, FiatAmount, FiatCode strictjson.Scalar
	Network, Address, TokenAddress         strictjson.Scalar
	TransactionHash, RefundedAmount        strictjson.Scalar
	ExpiresAt, CreatedAt, UpdatedAt        strictjson.Scalar
	Settlement                             settlement
	Refunds                                strictjson.List[refund, *refund]
	Metadata                               metadata
}

func (b *document) Read(dec *jsontext.Decoder) error { return b.ReadMembers(dec, b.member) }

func (b *document) member(name []byte) strictjson.Value {
	switch string(name) {
	case "id":
		return &b.ID
	case "eventType":
		return &b.EventType
	case "status":
		return &b.Status
	case "amount":
		return &b.Amount
	case "currency":
		return &b.Currency
	case "fiatAmount":
		return &b.FiatAmount
	case "fiatCurrency":
		return &b.FiatCode
	case "network":
		return &b.Network
	case "address":
		return &b.Address
	case "tokenAddress":
		return &b.TokenAddress
	case "transactionHash":
		return &b.TransactionHash
	case "refundedAmount":
		return &b.RefundedAmount
	case "expiresAt":
		return &b.ExpiresAt
	case "createdAt":
		return &b.CreatedAt
	case "updatedAt":
		return &b.UpdatedAt
	case "settlement":
		return &b.Settlement
	case "refunds":
		return &b.Refunds
	case "metadata":
		return &b.Metadata
	}
	return nil
}

type settlement struct {
	strictjson.Object
	Total, Fee, Net, Currency strictjson.Scalar
}

func (s *settlement) Read(dec *jsontext.Decoder) error { return s.ReadMembers(dec, s.member) }

func (s *settlement) member(name []byte) strictjson.Value {
	switch string(name) {
	case "totalAmount":
		return &s.Total
	case "feeAmount":
		return &s.Fee
	case "netAmount":
		return &s.Net
	case "currency":
		return &s.Currency
	}
	return nil
}

type refund struct {
	strictjson.Object
	ID, CheckoutID, Status, TransactionHash strictjson.Scalar
	Amount, Currency                        strictjson.Scalar
	CreatedAt, CompletedAt                  strictjson.Scalar
}

func (r *refund) Read(dec *jsontext.Decoder) error { return r.ReadMembers(dec, r.member) }

func (r *refund) member(name []byte) strictjson.Value {
	switch string(name) {
	case "id":
		return &r.ID
	case "checkoutId":
		return &r.CheckoutID
	case "status":
		return &r.Status
	case "transactionHash":
		return &r.TransactionHash
	case "amount":
		return &r.Amount
	case "currency":
		return &r.Currency
	case "createdAt":
		return &r.CreatedAt
	case "completedAt":
		return &r.CompletedAt
	}
	return nil
}
