package deposit

import (
	"fmt"
	"slices"

	"daybook/domain/ident"
	"daybook/domain/payment"
)

// DecideRegister returns the event that a registration comes to, none if it
// repeats one.
func DecideRegister(s State, c Register) ([]Event, error) {
	if err := ident.Check(c.User); err != nil {
		return nil, err
	}
	switch s.User {
	case "":
		return []Event{AddressRegistered(c)}, nil
	case c.User:
		return nil, nil
	}
	return nil, ErrOtherUser
}

// Decide returns the events that a report comes to, none if it is known. A
// report without a transaction hash is never known: the next of the same kind
// may be other money. One that the stream has no room for is a
// payment.ErrTooMany.
func Decide(s State, c Report) ([]Event, error) {
	if c.Payment == "" {
		return []Event{s.anonymous(c)}, nil
	}
	claim := payment.Claim{
		User: s.User, Amount: c.Amount,
		Sufficient: slices.Contains(c.Sufficient, c.Evidence.Method),
	}
	switch {
	case !payment.Readable(c.Amount):
		claim.Problem = payment.UnreadableAmount
	case s.User == "":
		claim.Problem = payment.NoUser
	}
	standing := s.Payments.Of(string(c.Payment))
	verdict := standing.Judge(claim)
	received := DepositReceived{Payment: c.Payment, User: claim.User, Amount: claim.Amount}
	verified := DepositVerified{
		Payment: c.Payment, User: claim.User, Amount: claim.Amount,
		Evidence: []payment.Evidence{c.Evidence}, Closes: payment.Closed(verdict.Closes),
	}
	switch verdict.Action {
	case payment.Nothing:
		return nil, nil
	case payment.Receive:
		return []Event{received}, nil
	case payment.Credit:
		return []Event{received, verified}, nil
	case payment.Verify:
		verified.User, verified.Amount = standing.User, standing.Amount
		return []Event{verified}, nil
	case payment.Keep:
		if len(standing.Holds) >= payment.Max {
			return nil, payment.ErrTooMany
		}
		return []Event{DepositHeld{
			Hold: c.EventID(0), Payment: c.Payment, User: claim.User, Amount: claim.Amount.Optional(),
			Arrived: verdict.Arrived, Contradiction: verdict.Contradiction, Reason: verdict.Reason,
		}}, nil
	}
	return nil, fmt.Errorf("unknown action %d", verdict.Action)
}

// anonymous holds a report that nothing tells from another: once for each
// body, and then every time it comes again. The money of the first is taken to
// have arrived; a person decides how many there were.
func (s State) anonymous(c Report) Event {
	for _, known := range s.Anonymous {
		if known.Digest == c.Digest {
			return DepositSeenAgain{Hold: known.Hold, Digest: c.Digest, ReceivedAt: c.ReceivedAt}
		}
	}
	return DepositHeld{
		Hold: c.EventID(0), Digest: c.Digest, User: s.User, Amount: c.Amount.Optional(),
		Arrived: payment.Readable(c.Amount), Reason: payment.NoHash,
	}
}
