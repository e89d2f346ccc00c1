// Package payment decides what another report of a payment comes to, given
// what is known of that payment already. It is the one place where money is
// credited, held or recognised as counted; orders and deposits share it. It is
// pure, and knows no stream.
package payment

import (
	"time"

	"daybook/domain/money"
)

// Readable reports whether an amount can be that of a payment: nobody pays
// less than nothing, and a report takes no money back.
func Readable(amount money.Amount) bool { return !amount.IsZero() && amount.Sign() >= 0 }

// Claim is what a report says of a payment.
type Claim struct {
	User   string       // who is to be credited; empty if that is not known
	Amount money.Amount // the zero value if it cannot be read

	// Transfer is the payment as its provider shows it, for providers that do.
	Transfer *Transfer

	// Problem is why the claim cannot be credited as it stands; empty if it can.
	Problem Reason

	// Unproven says that the report does not show that the money has arrived.
	Unproven bool

	// Sufficient says that the evidence verifies the payment at once.
	Sufficient bool

	// Redriven says that a process has read the report again. It credits nothing, now
	// or when its user becomes known: a person decides, or the sender reports it again.
	Redriven bool
}

// Standing is what is known of one payment. The zero value knows nothing.
type Standing struct {
	User     string
	Amount   money.Amount
	Received bool // User and Amount are its facts
	Verified bool // and were credited, by verification or by a release
	Refuted  bool
	Answered bool         // the provider's answer has put it on hold
	Pending  money.Amount // for User, as long as it is neither verified nor refuted; the zero value if nothing
	Transfer *Transfer    // as it was first reported; nil for providers that do not show it
	Needs    Needs        // of its credit, as they were when it was received
	Fee      money.Amount // that was posted by itself; the zero value if none was
	Holds    []HeldReport

	// Set by a person's decision; zero without one.
	Owner    string       // who is credited
	Credited money.Amount // with how much
	given    *Transfer    // for which transfer

	Refunded money.Amount // sent back, in the currency that was received; zero if nothing was
	Share    money.Amount // what its holders gave for Refunded, in the currency that was credited

	undo []undo
}

// HeldReport is a report that waits for a person's decision.
type HeldReport struct {
	ID            string // the id of the event that holds it
	User          string
	Amount        money.Amount
	Reason        Reason
	Arrived       bool // posted to suspense; at most one hold of a payment is
	Contradiction bool
	Closed        bool
	OccurredAt    time.Time
	Transfer      *Transfer
	Evidence      []Evidence
	Registration  bool // the other reading is a registration's
}

// Action is what a report comes to.
type Action int

// The actions.
const (
	Ignore  Action = iota // it is known already
	Hold                  // it waits for a person
	Receive               // record it as received
	Credit                // record it as received and verified
	Verify                // it was received before and is verified by this report
)

// Verdict is an action with what its events need to say.
type Verdict struct {
	Action        Action
	Reason        Reason       // of Hold
	Arrived       bool         // of Hold: the money is in, post it to suspense
	Contradiction bool         // of Hold
	Closes        []HeldReport // of Credit and Verify: the open holds that it settles
}

// Judge decides what a claim comes to. It depends on what is known, never on
// when: reports that agree come to the same credit in any order, and a report
// that disagrees with what is known is held and changes no balance.
func (s Standing) Judge(c Claim) Verdict {
	v := s.judge(c)
	if !c.Redriven {
		return v
	}
	switch {
	case v.Action == Credit || v.Action == Verify:
		v = Verdict{Action: Hold, Reason: Redriven, Arrived: v.Action == Credit && s.arrived() == nil}
	case v.Action == Hold && (v.Reason == NoUser || v.Reason == Unregistered):
		v.Reason = Redriven // a registration credits the others
	}
	if v.Reason == Redriven && s.isHeld(c, Redriven) {
		return Verdict{Action: Ignore}
	}
	return v
}

func (s Standing) judge(c Claim) Verdict {
	if s.Received {
		return s.judgeAgain(c)
	}
	arrived := s.arrived()
	switch {
	case arrived != nil && !c.agrees(arrived.User, arrived.Amount, arrived.Transfer):
		return s.Contradict(c)
	case arrived != nil && arrived.Closed, s.isSentBack():
		// A person dismissed it, or something of it was sent back. To credit it after all is
		// a decision too.
		return Verdict{Action: Ignore}
	case c.Problem == "" && c.Sufficient:
		return Verdict{Action: Credit, Closes: s.settled()}
	case c.Problem == "":
		return Verdict{Action: Receive}
	case arrived != nil || s.isHeld(c, c.Problem):
		return Verdict{Action: Ignore}
	}
	return Verdict{Action: Hold, Reason: c.Problem, Arrived: !c.Unproven && Readable(c.Amount)}
}

// judgeAgain judges a claim for a payment that was received before.
func (s Standing) judgeAgain(c Claim) Verdict {
	switch {
	case !c.agrees(s.User, s.Amount, s.Transfer):
		return s.Contradict(c)
	case c.Problem != "" || !c.Sufficient || s.Verified:
		return Verdict{Action: Ignore}
	case s.isSentBack() && s.arrived() != nil:
		return Verdict{Action: Ignore} // not all of it is there: a person decides
	case s.Refuted:
		// Evidence for what was shown not to exist: a person has to look.
		return s.Contradict(c)
	}
	return Verdict{Action: Verify, Closes: s.settled()}
}

// Contradict holds a claim that says otherwise than what is known, once.
func (s Standing) Contradict(c Claim) Verdict {
	if s.isHeld(c, Contradiction) {
		return Verdict{Action: Ignore}
	}
	return Verdict{Action: Hold, Reason: Contradiction, Contradiction: true}
}

// agrees reports whether the claim can be about a payment with these facts.
// What a report leaves out contradicts nothing; a name that is unusable cannot
// be that of a known user.
func (c Claim) agrees(user string, amount money.Amount, transfer *Transfer) bool {
	switch {
	case c.Amount != amount, transfer != nil && c.Transfer != nil && !transfer.Agrees(*c.Transfer):
		return false
	case user == "":
		return true
	case c.Problem == UnusableUser:
		return false
	}
	return c.User == "" || c.User == user
}

// arrived returns the hold that recorded the money's arrival, if there is one.
func (s Standing) arrived() *HeldReport {
	for i := range s.Holds {
		if s.Holds[i].Arrived {
			return &s.Holds[i]
		}
	}
	return nil
}

// isSentBack reports whether something of the payment was sent back.
func (s Standing) isSentBack() bool { return s.Refunded.Sign() != 0 }

// isHeld reports whether the same claim is held for the same reason.
func (s Standing) isHeld(c Claim, reason Reason) bool {
	for _, h := range s.Holds {
		if h.User == c.User && h.Amount == c.Amount && h.Reason == reason && isSame(h.Transfer, c.Transfer) {
			return true
		}
	}
	return false
}

// isSame reports whether two reports show the same.
func isSame(a, b *Transfer) bool { return a == b || a != nil && b != nil && *a == *b }

// Awaits reports whether the payment waits for the provider's answer.
func (s Standing) Awaits() bool {
	return s.Received && s.Needs.Has(API) && !s.Verified && !s.Refuted && !s.Answered
}

// First returns the transfer as it was first reported; nil if none was.
func (s Standing) First() *Transfer {
	if s.Transfer != nil {
		return s.Transfer
	}
	for _, h := range s.Holds {
		if h.Transfer != nil {
			return h.Transfer
		}
	}
	return nil
}

// Posted returns the transfer that is posted, on an account or in suspense; nil if none
// is.
func (s Standing) Posted() *Transfer {
	switch {
	case s.Owner != "":
		return s.given
	case s.Verified:
		return s.Transfer
	}
	if arrived := s.arrived(); arrived != nil {
		return arrived.Transfer
	}
	return nil
}

// Known returns the amount that a payment was received with, or is in suspense
// with; ok is false if it is not known yet.
func (s Standing) Known() (amount money.Amount, ok bool) {
	if s.Received {
		return s.Amount, true
	}
	if arrived := s.arrived(); arrived != nil {
		return arrived.Amount, true
	}
	return money.Amount{}, false
}

// settled returns the open holds that a credit answers. A contradiction stays
// open: it says that the credit may be wrong, and a person has to look.
func (s Standing) settled() []HeldReport {
	var open []HeldReport
	for _, h := range s.Holds {
		if !h.Closed && !h.Contradiction {
			open = append(open, h)
		}
	}
	return open
}
