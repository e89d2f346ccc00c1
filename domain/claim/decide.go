package claim

import "errors"

// ErrTaken says that another stream owns the payment.
var ErrTaken = errors.New("another stream has claimed the payment")

// Decide returns the event of a claim, none if the same stream has the payment
// already, or ErrTaken.
func Decide(s State, c Claim) ([]Event, error) {
	switch owner, claimed := s.Owners[c.Payment]; {
	case !claimed:
		return []Event{PaymentClaimed(c)}, nil
	case owner != c.Owner:
		return nil, ErrTaken
	}
	return nil, nil
}
