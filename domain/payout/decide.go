package payout

import "daybook/domain/payment"

// maxHolds bounds what is kept of one payout's reports that make no sense.
const maxHolds = 100

// Decide returns the event that a report comes to, or none if it is known. A
// payout that was completed stays so: what is pending afterwards is late, and
// what disagrees is held. A report that the stream has no room for is a
// payment.ErrTooMany.
func Decide(s State, c Report) ([]Event, error) {
	if c.Facts != nil && !c.Facts.readable() {
		c.Facts = nil
	}
	switch {
	case c.Facts == nil:
		return s.hold(c, payment.UnreadableAmount)
	case s.Known && !s.Facts.Equal(*c.Facts) && s.isReplaced(*c.Facts, c.Progress):
		return nil, nil
	case s.Known && !s.Facts.Equal(*c.Facts):
		return s.hold(c, payment.Contradiction)
	case c.Progress == Unknown:
		return s.hold(c, payment.UnknownStatus)
	case c.Progress == Complete && !s.Completed:
		return []Event{PayoutCompleted{Payment: c.Payment, Facts: *c.Facts, OccurredAt: c.OccurredAt, Arrives: c.Arrives}}, nil
	case c.Progress == Pending && !s.Known:
		return []Event{PayoutPending{Payment: c.Payment, Facts: *c.Facts, OccurredAt: c.OccurredAt, Arrives: c.Arrives}}, nil
	}
	return nil, nil
}

func (s State) hold(c Report, reason payment.Reason) ([]Event, error) {
	for _, h := range s.Holds {
		if h.Digest == c.Digest && h.Reason == reason {
			return nil, nil
		}
	}
	if len(s.Holds) >= maxHolds {
		return nil, payment.ErrTooMany
	}
	return []Event{PayoutHeld{
		Hold: c.EventID(0), Payment: c.Payment, Digest: c.Digest, Facts: c.Facts,
		Status: c.Status, Reason: reason, OccurredAt: c.OccurredAt,
	}}, nil
}
