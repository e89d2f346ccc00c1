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
	nowhere     place = iota
	coinbase          // assets:coinbase
	checkout          // assets:checkout
	bank              // assets:bank
	fees              // expenses:fees:...
	users             // liabilities:users:...
	suspense          // liabilities:suspense:...
	unclaimed         // income:unclaimed
	exchange          // equity:exchange:...
	sales             // income:sales
	shortfall         // expenses:shortfall
	unexplained       // expenses:unexplained
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

	takes     bool // a decision: first takes back all that stands posted
	completes bool // takes a payment for a sale, whatever is missing
	charges   bool // takes a held refund from who has its payment, and from a user
	reverses  bool // posts the lines that it names
	sendsBack bool // takes what was sent back from who has it

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
		"PaymentMispaid":      {debit: coinbase, credit: suspense, settles: true, mispays: true, by: fromMispaid | fromPaid},

		"PaymentReleased":     {takes: true, credit: users, credits: true, by: byDecision},
		"PaymentDismissed":    {takes: true, credit: unclaimed, by: byDecision},
		"MispaymentCredited":  {takes: true, credit: users, credits: true, by: byDecision},
		"MispaymentDismissed": {takes: true, credit: unclaimed, by: byDecision},
		"OrderCompleted":      {takes: true, completes: true, credits: true, by: byDecision},
		"DecisionReversed":    {reverses: true, by: byDecision},
		"RefundDecided":       {by: byDecision},
		"RefundWithdrawn":     {by: byDecision},
		"PaymentRefunded":     {sendsBack: true, by: fromRefunded | byDecision},
		"RefundHeld":          {debit: suspense, optional: true, by: fromRefunded | byDecision},
		"RefundCharged":       {takes: true, charges: true, by: byDecision},
		"RefundDismissed":     {takes: true, debit: unexplained, optional: true, by: byDecision},
	},
	"address": {
		"AddressRegistered": {by: byCommand},
		"DepositReceived":   {pending: 1, by: fromDeposited},
		"DepositVerified":   {debit: coinbase, credit: users, settles: true, pending: -1, credits: true, by: fromDeposited},
		"DepositHeld":       {debit: coinbase, credit: suspense, ifArrived: true, optional: true, by: fromDeposited},
		"DepositSeenAgain":  {by: fromDeposited},
		"DepositReleased":   {takes: true, credit: users, credits: true, by: byDecision},
		"DepositDismissed":  {takes: true, credit: unclaimed, by: byDecision},
		"DecisionReversed":  {reverses: true, by: byDecision},
		"RefundDecided":     {by: byDecision},
		"RefundWithdrawn":   {by: byDecision},
		"DepositRefunded":   {sendsBack: true, by: byDecision},
	},
	"payout": {
		"PayoutPending":    {by: fromSold},
		"PayoutCompleted":  {sold: true, by: fromSold},
		"PayoutHeld":       {by: fromSold},
		"PayoutReleased":   {takes: true, sold: true, by: byDecision},
		"PayoutDismissed":  {takes: true, by: byDecision},
		"DecisionReversed": {reverses: true, by: byDecision},
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

// ruleOfType returns the rule of a type in a category of streams.
func ruleOfType(category, eventType string) rule { return rules[category][eventType] }

// ruleOfEvent returns the rule of an event, whatever its schema is.
func ruleOfEvent(e *eventstore.Recorded) rule { return ruleOfType(e.Stream.Category(), e.Type) }

// schema is the version of all event data in the table.
const schema = 1

func ruleOf(event *eventstore.Recorded) (r rule, known bool) {
	r, known = rules[event.Stream.Category()][event.Type]
	return r, known && event.Schema == schema
}

// line is one side of a posting: a debit is positive.
type line struct {
	account  accountName
	currency string
	n        *big.Int // not changed
	negative bool
}

// post makes the posting of what an event says.
func (f *fact) post() error {
	switch r := f.rule; {
	case r.takes:
		return f.postDecision()
	case r.reverses:
		return f.enterAll(f.said.Lines, false)
	case r.sendsBack:
		return f.postRefund()
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
	case r.debit == suspense:
		if f.said.Posted && f.said.Amount != nil {
			f.move(f.account(suspense), f.account(coinbase), &f.amount)
		}
	case r.debit == nowhere, r.ifArrived && !f.said.Arrived.is, f.said.Amount == nil:
	default:
		f.move(f.account(r.debit), f.account(r.credit), &f.amount)
	}
	if !f.rule.settles {
		return nil
	}
	return f.settle()
}

// settle takes the money of closed holds out of suspense.
func (f *fact) settle() error {
	for _, c := range f.said.Closes {
		if c.Amount == nil {
			continue
		}
		var held units
		if err := held.parse(*c.Amount); err != nil {
			return err
		}
		f.move(accountName{suspense, c.Hold}, f.account(coinbase), &held)
		if c.Fee != nil {
			var fee units
			if err := fee.parse(*c.Fee); err != nil {
				return err
			}
			f.move(f.account(coinbase), f.account(fees), &fee)
		}
	}
	return nil
}

// sell posts a sale: the price to the website, the rest to the user.
func (f *fact) sell() error {
	f.debit(f.account(coinbase), f.amount.currency, &f.amount.n)
	return f.shareSale(&f.amount)
}

// shareSale gives the price to the website, if something was sold, and the rest to the
// user.
func (f *fact) shareSale(amount *units) error {
	rest := &amount.n
	if f.said.Sold != nil {
		var price units
		if err := price.parse(*f.said.Sold); err != nil {
			return err
		}
		rest = new(big.Int).Sub(rest, &price.n)
		if price.currency != amount.currency || rest.Sign() < 0 {
			return fmt.Errorf("%w: sold for more than was received", errAmount)
		}
		f.credit(f.account(sales), price.currency, &price.n)
	}
	if rest.Sign() > 0 {
		f.credit(f.account(users), amount.currency, rest)
	}
	return nil
}

func (f *fact) move(debit, credit accountName, u *units) {
	f.debit(debit, u.currency, &u.n)
	f.credit(credit, u.currency, &u.n)
}

func (f *fact) debit(account accountName, currency string, n *big.Int) {
	f.posting = append(f.posting, line{account: account, currency: currency, n: n})
}

func (f *fact) credit(account accountName, currency string, n *big.Int) {
	f.posting = append(f.posting, line{account: account, currency: currency, n: n, negative: true})
}
