package order

import "daybook/domain/review"

// ReverseItem is the command of a person to undo the decision about an item.
type ReverseItem struct {
	review.Reverse
	Claims
}

// DecideReverse returns the event that undoes a decision, none if it is undone.
func DecideReverse(s State, c ReverseItem) ([]Event, error) {
	i, known := s.Items[c.Item]
	switch {
	case !known:
		return nil, review.ErrNoItem
	case c.Book == nil:
		return nil, review.Unposted{}
	}
	if isRepetition, err := i.CheckReversal(c.Round, c.Note); isRepetition || err != nil {
		return nil, err
	}
	standing := i.Standing()
	switch back := s.Payments.Of(i.key()).Refunded; {
	case s.Intent(standing.ID) != nil && s.Intent(standing.ID).Status == RefundSent:
		return nil, review.ErrRefundDone
	case s.hasOpenRefund(i.identity(), c.Item):
		return nil, review.ErrRefundOpen
	case i.refund == nil && back.Sign() != 0:
		return nil, review.ErrRefundDone
	}
	reversal, err := c.Undo(standing.ID, i.identity(), s.closedBy(standing.ID, c.Item), c.Book)
	if err != nil {
		return nil, err
	}
	return []Event{DecisionReversed{reversal}}, nil
}

// closedBy returns the items besides that a decision has closed.
func (s State) closedBy(decision, item string) []string {
	var closed []string
	for _, id := range sortedKeys(s.Items) {
		if id != item && s.Items[id].Settled == decision {
			closed = append(closed, id)
		}
	}
	return closed
}
