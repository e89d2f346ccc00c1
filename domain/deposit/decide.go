package deposit

import (
	"fmt"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/payment"
)

// DecideRegister returns the events that a registration comes to: the
// registration itself, unless it repeats one, and the credit of what has waited
// for it. That is at most MaxCredits deposits; the rest needs the command again,
// until it comes to nothing.
func DecideRegister(s State, c Register) ([]Event, error) {
	if err := ident.Check(c.User); err != nil {
		return nil, err
	}
	var events []Event
	switch s.User {
	case "":
		events = append(events, AddressRegistered{User: c.User})
	case c.User:
	default:
		return nil, ErrOtherUser
	}
	credited := 0
	for _, identity := range s.Waited {
		standing := s.Payments.Of(string(identity))
		hold, waits := waiting(standing)
		if !waits {
			continue
		}
		if credited == MaxCredits {
			break
		}
		claim := payment.Claim{User: c.User, Amount: hold.Amount, Sufficient: slices.Contains(c.Sufficient, c.Evidence.Method)}
		credit, err := credit(identity, standing, claim, standing.Judge(claim), c.Evidence)
		if err != nil {
			return nil, err
		}
		if len(credit) > 0 {
			credited++
		}
		events = append(events, credit...)
	}
	return events, nil
}

// waiting returns the hold by which a payment waits for its address to be
// registered. The money is in, and nothing else is wrong with it.
func waiting(standing payment.Standing) (payment.HeldReport, bool) {
	for _, h := range standing.Holds {
		if h.Reason == payment.NoUser && h.Arrived && !h.Closed {
			return h, true
		}
	}
	return payment.HeldReport{}, false
}

// Decide returns the events that a report comes to, none if it is known. A
// report without a transaction hash is never known: the next of the same kind
// may be other money. One that the stream has no room for is a
// payment.ErrTooMany.
func Decide(s State, c Report) ([]Event, error) {
	if c.Payment == "" {
		return s.anonymous(c), nil
	}
	claim := payment.Claim{
		User: s.User, Amount: c.Amount,
		Sufficient: slices.Contains(c.Sufficient, c.Evidence.Method), Redriven: c.Task != "",
	}
	switch {
	case !payment.Readable(c.Amount):
		claim.Problem = payment.UnreadableAmount
	case s.User == "":
		claim.Problem = payment.NoUser
	}
	standing := s.Payments.Of(string(c.Payment))
	if first, known := standing.Known(); known && first != c.Amount && payment.Readable(c.Amount) {
		// A transaction's hash settles its outputs: this is no correction of the
		// first, but another output, and its money is in.
		c.Payment, claim.Problem = c.Payment.Of(c.Amount.Decimal()), payment.AnotherOutput
		standing = s.Payments.Of(string(c.Payment))
	}
	verdict := standing.Judge(claim)
	if verdict.Action != payment.Hold {
		return credit(c.Payment, standing, claim, verdict, c.Evidence)
	}
	if len(standing.Holds) >= payment.Max {
		return nil, payment.ErrTooMany
	}
	return []Event{DepositHeld{
		Hold: c.EventID(0), Payment: c.Payment, User: claim.User, Amount: claim.Amount.Optional(),
		Arrived: verdict.Arrived, Contradiction: verdict.Contradiction, Reason: verdict.Reason, Task: c.Task,
	}}, nil
}

// credit returns the events of a verdict that holds nothing.
func credit(identity ident.Payment, standing payment.Standing, claim payment.Claim, verdict payment.Verdict, evidence payment.Evidence) ([]Event, error) {
	received := DepositReceived{Payment: identity, User: claim.User, Amount: claim.Amount}
	verified := DepositVerified{
		Payment: identity, User: claim.User, Amount: claim.Amount,
		Evidence: []payment.Evidence{evidence}, Closes: payment.Closed(verdict.Closes),
	}
	switch verdict.Action {
	case payment.Ignore:
		return nil, nil
	case payment.Receive:
		return []Event{received}, nil
	case payment.Credit:
		return []Event{received, verified}, nil
	case payment.Verify:
		verified.User, verified.Amount = standing.User, standing.Amount
		return []Event{verified}, nil
	}
	return nil, fmt.Errorf("action %d credits nothing", verdict.Action)
}

// anonymous holds a report that nothing tells from another: once for each
// body, and then every time it comes again. The money of the first is taken to
// have arrived; a person decides how many there were. The task of a process counts
// once.
func (s State) anonymous(c Report) []Event {
	for _, known := range s.Anonymous {
		switch {
		case known.Digest != c.Digest:
		case c.Task != "" && known.Task == c.Task:
			return nil
		default:
			return []Event{DepositSeenAgain{Hold: known.Hold, Digest: c.Digest, ReceivedAt: c.ReceivedAt, Task: c.Task}}
		}
	}
	return []Event{DepositHeld{
		Hold: c.EventID(0), Digest: c.Digest, User: s.User, Amount: c.Amount.Optional(),
		Arrived: payment.Readable(c.Amount), Reason: payment.NoHash, Task: c.Task,
	}}
}
