package deposit

import (
	"errors"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// ErrOtherUser says that an address is registered for somebody else. Whose
// deposits they are is settled once.
var ErrOtherUser = errors.New("address is registered for another user")

// Register is the command to say whose deposits arrive at an address, those that
// have waited for it included.
type Register struct {
	User       string
	Evidence   payment.Evidence // by which those that wait were seen
	Sufficient []string         // methods of evidence that verify a payment at once
}

// MaxCredits bounds the deposits that one registration credits, so that its events
// fit into an append. The same command again credits the next ones.
const MaxCredits = 200

// Report is the command to take note of what a provider says of a payment to
// the address.
type Report struct {
	Payment    ident.Payment // empty where the report has no transaction hash
	Digest     string        // of the report
	Amount     money.Amount  // the zero value where it cannot be read
	Evidence   payment.Evidence
	ReceivedAt time.Time
	Sufficient []string // methods of evidence that verify a payment at once
	Task       string   // of the process that has read the report again; it credits nothing

	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}
