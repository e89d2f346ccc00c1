package verify

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// data is what the data of events about money say, in the names that are
// documented for all of them. What an event does not have stays empty, and
// what no rule needs is not read.
type data struct {
	Payment       string        `json:"payment"`
	User          string        `json:"user"`
	Amount        *amount       `json:"amount"`
	OccurredAt    time.Time     `json:"occurredAt"`
	Hold          string        `json:"hold"`
	Mispayment    string        `json:"mispayment"`
	Arrived       arrival       `json:"arrived"`
	Contradiction bool          `json:"contradiction"`
	Closes        []closed      `json:"closes"`
	Facts         *soldFacts    `json:"facts"`
	Status        string        `json:"status"`
	Reason        string        `json:"reason"`
	Refund        string        `json:"refund"`
	For           string        `json:"for"`
	Sale          bool          `json:"sale"`
	Sold          *amount       `json:"sold"`
	Received      *amount       `json:"received"`
	Fee           *amount       `json:"fee"`
	Transfer      *moved        `json:"transfer"`
	Needs         []string      `json:"needs"`
	Site          string        `json:"site"`
	Reference     string        `json:"reference"`
	Details       statedDetails `json:"details"`
	ExpiresAt     time.Time     `json:"expiresAt"`
	Digest        string        `json:"digest"`
	Hash          string        `json:"hash"`
	Registration  bool          `json:"registration"`

	Evidence []statedEvidence `json:"evidence"`

	decisionData
}

// moved is a payment as its provider shows it.
type moved struct {
	Amount  *amount `json:"amount"`
	Quoted  *amount `json:"quoted"`
	Fee     *amount `json:"fee"`
	Network string  `json:"network"`
	Hash    string  `json:"hash"`
	Payee   string  `json:"payee"`
}

// amount is decimal text at its currency's scale.
type amount struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
}

// closed is a hold that a credit settles; Amount is what it had put into
// suspense, if anything.
type closed struct {
	Hold   string  `json:"hold"`
	Amount *amount `json:"amount"`
	Fee    *amount `json:"fee"`
}

// soldFacts are what a payout says of its money.
type soldFacts struct {
	Subtotal *amount  `json:"subtotal"`
	Total    *amount  `json:"total"`
	FeeOwn   *amount  `json:"feeCoinbase"`
	FeeBank  *amount  `json:"feeBank"`
	Bitcoin  *amount  `json:"bitcoin"`
	Orders   []string `json:"orders"`
	Mispaid  []string `json:"mispayments"`
}

// fact is an event as the fold takes it in.
type fact struct {
	event   eventstore.Recorded
	rule    rule
	said    data
	amount  units // of said.Amount; the zero value if there is none
	ended   units // of said.Received, likewise
	posting []line
	within  int   // so many lines at its end are the payment's, of a held refund that is charged
	err     error // why it is not understood
}

// read reads an event. It keeps the event, and scratch space of the fact.
func (f *fact) read(event eventstore.Recorded) {
	f.event, f.said, f.posting, f.err, f.ended = event, data{}, f.posting[:0], nil, units{}
	f.within = 0
	var known bool
	if f.rule, known = ruleOf(&event); !known {
		f.err = fmt.Errorf("%w: %s, schema %d, in category %s", ErrUnknownEvent, event.Type, event.Schema, event.Stream.Category())
	} else if f.rule.moves() {
		f.err = f.readData()
	}
	if f.err != nil {
		f.err = fmt.Errorf("event %s in %s at position %s: %w", event.ID, event.Stream, event.Position, f.err)
	}
}

func (f *fact) readData() error {
	if err := json.Unmarshal(f.event.Data, &f.said); err != nil {
		return err
	}
	if f.said.Amount != nil {
		if err := f.amount.parse(*f.said.Amount); err != nil {
			return err
		}
	}
	if f.said.Received != nil {
		if err := f.ended.parse(*f.said.Received); err != nil {
			return err
		}
	}
	return f.post()
}
