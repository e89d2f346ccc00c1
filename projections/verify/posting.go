package verify

import (
	"errors"
	"fmt"
	"math/big"

	"daybook/eventstore"
)

// ErrUnknownEvent says that the table of postings does not list an event: it
// was written by a later version of the program. Nothing can be said of the
// balances without it.
var ErrUnknownEvent = errors.New("event is not in the table of postings")

// place is an account, or all accounts of a kind.
type place uint8

const (
	nowhere   place = iota
	coinbase        // assets:coinbase
	bank            // assets:bank
	fees            // expenses:fees:...
	users           // liabilities:users:...
	suspense        // liabilities:suspense:...
	unclaimed       // income:unclaimed
	exchange        // equity:exchange:...
	places
)

// rule is a row of the table of postings, and what the event does besides.
type rule struct {
	debit, credit place

	ifArrived bool // only when the money is in
	optional  bool // the amount may be left out, and nothing is posted then
	settles   bool // takes closed holds out of suspense
	sold      bool // a payout, which has rules of its own
	pending   int8 // how the amount counts as pending
	credits   bool // counts as the credit of its payment
	mispays   bool // counts as the arrival of its mispayment
}

// moves reports whether the data have to be read.
func (r rule) moves() bool { return r != rule{} }

// nothing is the rule of events that move no money.
var nothing = rule{}

// rules is the table of postings: by category, by type. Every type is listed.
var rules = map[string]map[string]rule{
	"order": {
		"OrderRegistered":     nothing,
		"OrderStatusReported": nothing,
		"OrderExpired":        nothing,
		"PaymentReceived":     {pending: 1},
		"PaymentVerified":     {debit: coinbase, credit: users, settles: true, pending: -1, credits: true},
		"PaymentRefuted":      {pending: -1},
		"PaymentHeld":         {debit: coinbase, credit: suspense, ifArrived: true, optional: true},
		"PaymentReleased":     {debit: coinbase, credit: users, settles: true, credits: true},
		"PaymentMispaid":      {debit: coinbase, credit: suspense, settles: true, mispays: true},
		"MispaymentCredited":  {debit: suspense, credit: users, credits: true},
		"MispaymentRefunded":  {debit: suspense, credit: coinbase},
		"MispaymentDismissed": {debit: suspense, credit: unclaimed},
		"PaymentRefunded":     {debit: users, credit: coinbase},
	},
	"address": {
		"AddressRegistered": nothing,
		"DepositReceived":   {pending: 1},
		"DepositVerified":   {debit: coinbase, credit: users, settles: true, pending: -1, credits: true},
		"DepositHeld":       {debit: coinbase, credit: suspense, ifArrived: true, optional: true},
		"DepositSeenAgain":  nothing,
		"DepositReleased":   {debit: coinbase, credit: users, settles: true, credits: true},
		"DepositDismissed":  {debit: suspense, credit: unclaimed, optional: true},
	},
	"payout": {
		"PayoutPending":   nothing,
		"PayoutCompleted": {sold: true},
		"PayoutHeld":      nothing,
	},
	"claim": {
		"PaymentClaimed": nothing,
	},
	"quarantine": {
		"CallbackQuarantined": nothing,
		"CallbackRedriven":    nothing,
	},
	"daybook": {
		"LogCreated":   nothing,
		"LossFound":    nothing,
		"LossAccepted": nothing,
	},
}

// schema is the version of all event data in the table.
const schema = 1

func ruleOf(event *eventstore.Recorded) (r rule, known bool) {
	r, known = rules[event.Stream.Category()][event.Type]
	return r, known && event.Schema == schema
}

// line is one side of a posting: a debit is positive.
type line struct {
	place    place
	currency string
	n        *big.Int // not changed
	negative bool
}

// post makes the posting of what an event says.
func (f *fact) post() error {
	switch r := f.rule; {
	case r.sold:
		return f.postSale()
	case f.said.Amount == nil && !r.optional:
		return fmt.Errorf("%w: there is none", errAmount)
	case r.debit == nowhere, r.ifArrived && !f.said.Arrived, f.said.Amount == nil:
	default:
		f.move(r.debit, r.credit, &f.amount)
	}
	if !f.rule.settles {
		return nil
	}
	for _, c := range f.said.Closes {
		if c.Amount == nil {
			continue
		}
		var held units
		if err := held.parse(*c.Amount); err != nil {
			return err
		}
		f.move(suspense, coinbase, &held)
	}
	return nil
}

func (f *fact) move(debit, credit place, u *units) {
	f.posting = append(f.posting,
		line{place: debit, currency: u.currency, n: &u.n},
		line{place: credit, currency: u.currency, n: &u.n, negative: true})
}
