package orders

import (
	"fmt"
	"slices"
	"time"

	"daybook/domain/codec"
	"daybook/domain/order"
	"daybook/domain/payment"
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
			o.close(closed.Hold)
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
		o.release(e)
	case order.PaymentMispaid:
		o.mispay(Mispayment{Payment: e.Payment, User: e.User, Amount: e.Amount, Reason: e.Reason, Status: MispaymentOpen, OccurredAt: e.OccurredAt})
		o.unpend(e.Payment)
		o.settle(e.Payment)
		occurred = e.OccurredAt
	case order.MispaymentCredited:
		o.mispay(Mispayment{Payment: e.Payment, User: e.User, Amount: e.Amount, Status: MispaymentCredited})
	case order.MispaymentDismissed:
		o.mispay(Mispayment{Payment: e.Payment, Status: MispaymentDismissed})
	case order.OrderCompleted, order.PaymentDismissed, order.DecisionReversed, order.RefundDecided, order.RefundWithdrawn,
		order.RefundHeld, order.RefundCharged, order.RefundDismissed:
	case order.PaymentRefunded:
		o.adjust(Payment{Payment: e.Payment, Amount: e.Amount, Status: PaymentVerified}, Adjustment{
			Type: AdjustmentRefunded, ID: e.Refund, Amount: e.Amount.Neg(), OccurredAt: e.OccurredAt,
		})
		occurred = e.OccurredAt
	default:
		return time.Time{}, fmt.Errorf("%w: %s", codec.ErrUnknown, event.EventType())
	}
	return occurred, nil
}

// release puts a person's decision to credit a hold.
func (o *Order) release(e order.PaymentReleased) {
	hold := slices.IndexFunc(o.Holds, func(h Hold) bool { return h.Hold == e.Item })
	aboutMispayment := hold >= 0 && isAboutMispayment(o.Holds[hold].Reason)
	o.close(e.Item)
	for _, closed := range e.Closes {
		o.close(closed)
	}
	credited := Payment{Payment: e.Payment, User: e.User, Amount: e.Amount, Status: PaymentReleased}
	switch {
	case aboutMispayment:
		o.mispay(Mispayment{Payment: e.Payment, User: e.User, Amount: e.Amount, Status: MispaymentCredited})
	case e.Contradiction && o.isCredited(e.Payment):
		o.adjust(credited, Adjustment{Type: AdjustmentReleased, ID: e.Item, User: e.User, Amount: e.Amount})
	default:
		o.pay(credited)
	}
}

func isAboutMispayment(reason payment.Reason) bool {
	switch reason {
	case payment.MispaymentNoID, payment.MispaymentNoAmount, payment.MispaymentMissing, payment.ClaimedElsewhere:
		return true
	}
	return false
}
