package orders

import (
	"fmt"
	"slices"
	"time"

	"daybook/domain/codec"
	"daybook/domain/order"
	"daybook/eventstore"
)

// Fold puts an event of an order's stream on the order's state. It leaves the
// state that it is given as it is: lists are copied before they change.
// An event that is not understood is an error.
func Fold(o Order, recorded eventstore.Recorded) (Order, error) {
	event, err := order.Codec.Decode(recorded.Type, recorded.Schema, recorded.Data)
	if err != nil {
		return o, fmt.Errorf("event %s in %s at position %s: %w", recorded.ID, recorded.Stream, recorded.Position, err)
	}
	return FoldDecoded(o, recorded, event)
}

// FoldDecoded is Fold of an event that the caller has decoded.
func FoldDecoded(o Order, recorded eventstore.Recorded, event order.Event) (Order, error) {
	o.ID = order.ID(recorded.Stream.ID())
	o.Revision, o.Changed, o.RecordedAt = recorded.Revision, recorded.Position, recorded.RecordedAt.UTC()
	occurred, err := o.put(event)
	if err == nil {
		o.Status, err = o.status()
	}
	if err != nil {
		return o, fmt.Errorf("%s of order %s at position %s: %w", recorded.Type, o.ID, recorded.Position, err)
	}
	if !occurred.IsZero() {
		o.OccurredAt = occurred
	}
	return o, nil
}

// put puts an event on the lists, and returns when it happened.
func (o *Order) put(event order.Event) (occurred time.Time, err error) {
	switch e := event.(type) {
	case order.OrderRegistered:
		o.Registered, o.User, o.Amount = true, e.User, e.Amount.Optional()
		o.For, o.ExpiresAt, o.Reference = e.For, e.ExpiresAt, e.Reference
		occurred = e.OccurredAt
	case order.OrderLinked:
		o.Registered, o.User, o.Amount = true, e.User, e.Amount.Optional()
		o.For, o.ExpiresAt, o.Reference, o.Site = e.For, e.ExpiresAt, e.Reference, e.Site
		occurred = e.OccurredAt
	case order.OrderSettled:
		o.SettledBy = e.Payment
		occurred = e.OccurredAt
	case order.FeeReported:
		occurred = e.OccurredAt
	case order.RefundReported:
		o.reportRefund(e)
		occurred = e.OccurredAt
	case order.PaymentsSought:
	case order.OrderStatusReported:
		if !slices.Contains(o.ReportedStatuses, e.Status) {
			o.ReportedStatuses = append(slices.Clip(o.ReportedStatuses), e.Status)
		}
		occurred = e.OccurredAt
	case order.OrderExpired:
		o.Expired = true
		occurred = e.OccurredAt
	case order.PaymentReceived:
		o.pay(Payment{Payment: e.Payment, User: e.User, Amount: e.Amount, Status: PaymentPending, OccurredAt: e.OccurredAt})
		occurred = e.OccurredAt
	case order.PaymentVerified:
		o.pay(Payment{Payment: e.Payment, User: e.User, Amount: e.Amount, Status: PaymentVerified, OccurredAt: e.OccurredAt})
		o.settle(e.Payment)
		for _, closed := range e.Closes {
			o.takeHolds(closed.Hold)
		}
		occurred = e.OccurredAt
	case order.PaymentRefuted:
		o.pay(Payment{Payment: e.Payment, User: e.User, Amount: e.Amount, Status: PaymentRefuted, OccurredAt: e.OccurredAt})
		occurred = e.OccurredAt
	case order.PaymentHeld:
		if e.Transfer != nil && !e.Contradiction {
			o.unpend(e.Payment)
		}
		o.Holds = append(slices.Clip(o.Holds), Hold{
			Hold: e.Hold, Payment: e.Payment, User: e.User, Amount: e.Amount, Reason: e.Reason,
			Arrived: e.Arrived, Contradiction: e.Contradiction, OccurredAt: e.OccurredAt, RecordedAt: o.RecordedAt,
		})
		occurred = e.OccurredAt
	case order.PaymentReleased:
		err = o.release(e)
	case order.PaymentMispaid:
		o.mispay(Mispayment{Mispayment: e.Mispayment, Payment: e.Payment, User: e.User, Amount: e.Amount, Reason: e.Reason, Status: MispaymentOpen, OccurredAt: e.OccurredAt})
		o.unpend(e.Payment)
		o.settle(e.Payment)
		occurred = e.OccurredAt
	case order.MispaymentCredited:
		o.decideMispayment(o.decide(e.Decision, e.User, &e.Amount), e.Payment, Mispayment{User: e.User, Amount: e.Amount, Status: MispaymentCredited})
	case order.MispaymentDismissed:
		o.decideMispayment(o.decide(e.Decision, "", e.Arrived), e.Payment, Mispayment{Status: MispaymentDismissed})
	case order.OrderCompleted:
		err = o.complete(e)
	case order.PaymentDismissed:
		err = o.dismiss(e)
	case order.DecisionReversed:
		err = o.reverse(e.Reverses, Reversed{By: e.By, Note: e.Note})
	case order.RefundDecided:
		o.intend(e)
	case order.RefundWithdrawn:
		err = o.withdraw(e)
	case order.PaymentRefunded:
		err = o.sendBack(e)
		occurred = e.OccurredAt
	case order.RefundHeld:
		o.holdRefund(e)
		occurred = e.OccurredAt
	case order.RefundCharged:
		err = o.charge(e)
	case order.RefundDismissed:
		o.decide(e.Decision, "", e.Amount)
	default:
		return time.Time{}, fmt.Errorf("%w: %s", codec.ErrUnknown, event.EventType())
	}
	return occurred, err
}
