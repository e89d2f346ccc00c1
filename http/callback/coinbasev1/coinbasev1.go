// Package coinbasev1 reads the callbacks of Coinbase's merchant API, version
// 1: orders, payouts and payments to an address. It authenticates them and
// translates them into commands; it decides nothing.
//
// The shapes are those of Coinbase's page "Callbacks" (2015) and of what was
// recorded in practice, where nearly every member has been seen missing, null
// or of another JSON type. Whatever a command does not need may be anything.
package coinbasev1

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
)

// Format names these callbacks in evidence.
const Format = "coinbase-v1"

// Reader is the number of this reader of the format. A newer one understands more,
// and reads what an older one has understood as that did: else it is another format.
const Reader = 1

// Method is by which means callbacks are authenticated: the secret in their URL.
const Method = "secret"

// Actor is who sends them, in the metadata of events.
const Actor = "callback:coinbase"

// provider is how payment identities and orders name Coinbase.
const provider = "coinbase"

// Message is what a callback says: exactly one of its members is set.
type Message struct {
	Order   *Order
	Payout  *Payout
	Deposit *Deposit
	Test    bool // the button "Test Now": nothing happened
}

// Order is a report about an order.
type Order struct {
	ID     order.ID
	Report order.Report
}

// Payout is a report about a payout.
type Payout struct {
	ID     payout.ID
	Report payout.Report
}

// Deposit is a report about a payment to an address.
type Deposit struct {
	ID     deposit.ID
	Report deposit.Report
}

// Error says why a body is not a callback that can be acted on. Its text has
// nothing of the body in it.
type Error struct {
	Reason quarantine.Reason
	err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Reason, e.err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

func incomplete(format string, args ...any) *Error {
	return &Error{Reason: quarantine.Incomplete, err: fmt.Errorf(format, args...)}
}

// Parse reads a body. Every error is an *Error.
//
// JSON is read strictly (RFC 8259 with valid UTF-8, no member twice, names in
// their exact case), because two readers that differ about a body differ about
// money.
func Parse(body []byte) (Message, error) {
	var doc document
	if err := unmarshal(body, &doc); err != nil {
		return Message{}, &Error{Reason: quarantine.NotJSON, err: errors.New("the body is not strict JSON")}
	}
	isOrder, isPayout, isDeposit := doc.Order != nil && doc.Order.present, doc.Payout != nil && doc.Payout.present, doc.Address.kind == '"'
	switch {
	case isOrder && !isPayout && !isDeposit:
		return parseOrder(doc.Order)
	case isPayout && !isOrder && !isDeposit:
		return parsePayout(doc.Payout, digest(body))
	case isDeposit && !isOrder && !isPayout:
		return parseDeposit(&doc, body)
	}
	return Message{}, &Error{
		Reason: quarantine.UnknownDocument,
		err:    errors.New("the body is not one of order, payout and address"),
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
