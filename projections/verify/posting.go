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
	checkout        // assets:checkout
	bank            // assets:bank
	fees            // expenses:fees:...
	users           // liabilities:users:...
	suspense        // liabilities:suspense:...
	unclaimed       // income:unclaimed
	exchange        // equity:exchange:...
	sales           // income:sales
	places
)

// rule is a row of the table of postings, and what the event does besides.
type rule struct {
	debit, credit place

	ifArrived bool // only when the money is in
	optional  bool // the amount may be left out, and nothing is posted then
	settles   bool // takes closed holds out of suspense
	sold      bool // a payout, which has rules of its own
	sells     bool // of a sale, the price goes to the website
	kept      bool // a fee that was learned later
	pending   int8 // how the amount counts as pending
	credits   bool // counts as the credit of its payment
	mispays   bool // counts as the arrival of its mispayment

	by maker // who makes the event
}

// maker says of what an event is made. None means that this program does not make
// it yet, or of a body that says no money.
type maker uint8

const (
	fromPaid      maker = 1 << iota // the claim of a body: of a payment,
	fromMispaid                     // of a mispayment,
	fromDeposited                   // of a deposit,
	fromSold                        // of a payout
	fromRefunded                    // of a refund
	byDecision                      // a person's decision about money that is there
	byCommand                       // another command, a process, or the log itself
)

// bodies are the makers that leave a body as evidence.
const bodies = fromPaid | fromMispaid | fromDeposited | fromSold | fromRefunded

// kinds returns the kinds of claims that the event is made of.
func (r rule) kinds() []Kind {
	var all []Kind
	for _, k := range []struct {
		by   maker
		kind Kind
	}{{fromPaid, Paid}, {fromMispaid, Mispaid}, {fromDeposited, Deposited}, {fromSold, Sold}, {fromRefunded, Refunded}} {
		if r.by&k.by != 0 {
			all = append(all, k.kind)
		}
	}
	return all
}

// isCredit reports whether the event credits what a body reports.
func (r rule) isCredit() bool { return r.credits && r.by&bodies != 0 }

// closesAll reports whether the event closes all holds of its payment.
func (r rule) closesAll() bool { return r.isCredit() || r.mispays }

// isReceipt reports whether a credit on the same evidence follows the event.
func (r rule) isReceipt() bool { return r.pending > 0 }

// moves reports whether the data have to be read.
func (r rule) moves() bool {
	r.by = 0
	return r != rule{}
}

// nothing is the rule of events that move no money and are made of no claim.
var nothing = rule{}

// rules is the table of postings: by category, by type. Every type is listed.
var rules = map[string]map[string]rule{
	"order": {
		"OrderRegistered":     {by: byCommand},
		"OrderLinked":         {by: byCommand | fromPaid},
		"OrderSettled":        {by: byCommand},
		"PaymentsSought":      {by: byCommand},
		"FeeReported":         {kept: true, by: fromPaid},
		"RefundReported":      {by: fromRefunded},
		"OrderStatusReported": nothing,
		"OrderExpired":        nothing,
		"PaymentReceived":     {pending: 1, by: fromPaid},
		"PaymentVerified":     {debit: coinbase, credit: users, settles: true, sells: true, pending: -1, credits: true, by: fromPaid},
		"PaymentRefuted":      {pending: -1},
		"PaymentHeld":         {debit: coinbase, credit: suspense, ifArrived: true, optional: true, by: fromPaid | fromMispaid},
		"PaymentReleased":     {debit: coinbase, credit: users, settles: true, credits: true, by: byDecision},
		"PaymentMispaid":      {debit: coinbase, credit: suspense, settles: true, mispays: true, by: fromMispaid | fromPaid},
		"MispaymentCredited":  {debit: suspense, credit: users, credits: true, by: byDecision},
		"MispaymentRefunded":  {debit: suspense, credit: coinbase, by: byDecision},
		"MispaymentDismissed": {debit: suspense, credit: unclaimed, by: byDecision},
		"PaymentRefunded":     {debit: users, credit: coinbase, by: byDecision},
	},
	"address": {
		"AddressRegistered": {by: byCommand},
		"DepositReceived":   {pending: 1, by: fromDeposited},
		"DepositVerified":   {debit: coinbase, credit: users, settles: true, pending: -1, credits: true, by: fromDeposited},
		"DepositHeld":       {debit: coinbase, credit: suspense, ifArrived: true, optional: true, by: fromDeposited},
		"DepositSeenAgain":  {by: fromDeposited},
		"DepositReleased":   {debit: coinbase, credit: users, settles: true, credits: true, by: byDecision},
		"DepositDismissed":  {debit: suspense, credit: unclaimed, optional: true, by: byDecision},
	},
	"payout": {
		"PayoutPending":   {by: fromSold},
		"PayoutCompleted": {sold: true, by: fromSold},
		"PayoutHeld":      {by: fromSold},
	},
	"claim": {
		"PaymentClaimed": nothing,
	},
	"quarantine": {
		"CallbackQuarantined": nothing,
		"CallbackRedriven":    {by: byCommand},
	},
	"daybook": {
		"LogCreated":   {by: byCommand},
		"LossFound":    {by: byCommand},
		"LossAccepted": {by: byCommand},
	},
}

// ruleOfType returns the rule of a type, which only one category has.
func ruleOfType(eventType string) rule {
	for _, types := range rules {
		if r, ok := types[eventType]; ok {
			return r
		}
	}
	return nothing
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
	case r.kept:
		return f.postFee()
	case f.said.Amount == nil && !r.optional:
		return fmt.Errorf("%w: there is none", errAmount)
	case f.said.Transfer != nil:
		if err := f.postTransfer(); err != nil {
			return err
		}
	case r.sells && f.said.Sold != nil:
		if err := f.sell(); err != nil {
			return err
		}
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
		f.move(suspense, f.assets(), &held)
		if c.Fee != nil {
			var fee units
			if err := fee.parse(*c.Fee); err != nil {
				return err
			}
			f.move(f.assets(), fees, &fee)
		}
	}
	return nil
}

// sell posts a sale: the price to the website, the rest to the user.
func (f *fact) sell() error {
	var price units
	if err := price.parse(*f.said.Sold); err != nil {
		return err
	}
	rest := new(big.Int).Sub(&f.amount.n, &price.n)
	if price.currency != f.amount.currency || rest.Sign() < 0 {
		return fmt.Errorf("%w: sold for more than was received", errAmount)
	}
	f.posting = append(f.posting,
		line{place: coinbase, currency: price.currency, n: &f.amount.n},
		line{place: sales, currency: price.currency, n: &price.n, negative: true})
	if rest.Sign() > 0 {
		f.posting = append(f.posting, line{place: users, currency: price.currency, n: rest, negative: true})
	}
	return nil
}

func (f *fact) move(debit, credit place, u *units) {
	f.posting = append(f.posting,
		line{place: debit, currency: u.currency, n: &u.n},
		line{place: credit, currency: u.currency, n: &u.n, negative: true})
}
