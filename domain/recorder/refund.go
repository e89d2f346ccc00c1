package recorder

import (
	"context"
	"time"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/review"
	"daybook/eventstore"
)

// Refund is a refund that a person has decided, as far as it has come.
type Refund struct {
	Result
	Refund    string
	Item      string // that it is of; empty if it is of an order's payment
	Payment   ident.Payment
	Amount    money.Amount
	Note      string
	By        string
	Status    order.IntentStatus
	Failed    bool // as the provider has reported; it is open all the same
	Reference string
	SentAt    time.Time
	Report    ident.Payment // identity of the provider's refund, if that is known
	Hash      string
}

// RefundOrder records that a person wants to send money of an order's payment back. Of an
// order of the website it is the payment that has settled it. With review.ErrDecided it
// returns the refund that has the id.
func (r *Recorder) RefundOrder(ctx context.Context, id order.ID, refund order.DecideRefund, isDryRun bool, c Command) (Refund, error) {
	stream, err := r.PaidStream(ctx, id)
	if err != nil {
		return Refund{}, err
	}
	refund.By = c.Actor
	return r.orderRefund(ctx, stream, refund.Refund, isDryRun, c, func(state order.State, claims order.Claims, _ func(int) string) ([]order.Event, error) {
		refund.Claims = claims
		return order.DecideIntent(state, refund)
	})
}

// ConfirmRefund records that a person has sent a decided refund elsewhere.
func (r *Recorder) ConfirmRefund(ctx context.Context, stream eventstore.StreamName, confirm review.Confirm, c Command) (Refund, error) {
	confirm.By = c.Actor
	switch stream.Category() {
	case deposit.Category:
		return r.depositRefund(ctx, stream, confirm.Refund, c, func(state deposit.State, book review.Book) ([]deposit.Event, error) {
			return deposit.DecideSent(state, confirm, book)
		})
	case order.Category:
		return r.orderRefund(ctx, stream, confirm.Refund, false, c, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
			confirm.EventID = eventID
			return order.DecideSent(state, order.ConfirmRefund{Confirm: confirm, Claims: claims})
		})
	}
	return Refund{}, review.ErrNoItem
}

// WithdrawRefund records that a decided refund is not sent.
func (r *Recorder) WithdrawRefund(ctx context.Context, stream eventstore.StreamName, withdraw review.Withdraw, c Command) (Refund, error) {
	withdraw.By = c.Actor
	switch stream.Category() {
	case deposit.Category:
		return r.depositRefund(ctx, stream, withdraw.Refund, c, func(state deposit.State, _ review.Book) ([]deposit.Event, error) {
			return deposit.DecideWithdraw(state, withdraw)
		})
	case order.Category:
		return r.orderRefund(ctx, stream, withdraw.Refund, false, c, func(state order.State, _ order.Claims, _ func(int) string) ([]order.Event, error) {
			return order.DecideWithdraw(state, withdraw)
		})
	}
	return Refund{}, review.ErrNoItem
}

// ReadRefund returns a refund that a person has decided, by its id or by its item.
func (r *Recorder) ReadRefund(ctx context.Context, stream eventstore.StreamName, id string) (Refund, error) {
	switch stream.Category() {
	case order.Category:
		b, err := load(ctx, r.store, stream, orders)
		if err != nil {
			return Refund{}, err
		}
		if intent := b.state.Intent(id); intent != nil {
			return refundOf(intent), nil
		}
	case deposit.Category:
		b, err := load(ctx, r.store, stream, deposits)
		if err != nil {
			return Refund{}, err
		}
		if intent := b.state.Items[id].Intent(); intent != nil {
			return depositRefundOf(intent), nil
		}
	}
	return Refund{}, review.ErrNoItem
}

func (r *Recorder) orderRefund(ctx context.Context, stream eventstore.StreamName, id string, isDryRun bool, c Command, decide decideOrder) (refund Refund, err error) {
	outcome := Duplicate
	result, err := r.withClaims(ctx, stream, c.message(), isDryRun, func(state order.State, claims order.Claims, eventID func(int) string) ([]order.Event, error) {
		events, err := decide(state, claims, eventID)
		outcome = outcomeOf(events)
		after := state.Clone()
		for _, event := range events {
			after = order.Evolve(after, event)
		}
		if intent := after.Intent(id); intent != nil {
			refund = refundOf(intent)
		}
		if isDryRun {
			events = nil
		}
		return events, err
	})
	refund.Result = result
	refund.Outcome = outcome
	return refund, err
}

func refundOf(i *order.Intent) Refund {
	refund := Refund{
		Refund: i.Refund, Item: i.Item, Payment: i.Payment, Amount: i.Amount, Note: i.Note, By: i.By, Status: i.Status, Failed: i.Failed,
	}
	if d := i.Done; d != nil {
		refund.Reference, refund.SentAt, refund.Report, refund.Hash = d.Reference, d.OccurredAt, d.Report, d.Hash
	}
	return refund
}

func (r *Recorder) depositRefund(ctx context.Context, stream eventstore.StreamName, item string, c Command,
	decide func(state deposit.State, book review.Book) ([]deposit.Event, error)) (refund Refund, err error) {
	outcome := Duplicate
	result, err := record(ctx, r.store, stream, withBook(deposits), c.message(), func(b booked[deposit.State], _ func(int) string) ([]deposit.Event, error) {
		if b.err != nil {
			return nil, b.err
		}
		events, err := decide(b.state, b.posted())
		outcome = outcomeOf(events)
		after := b.state.Clone()
		for _, event := range events {
			after = deposit.Evolve(after, event)
		}
		if intent := after.Items[item].Intent(); intent != nil {
			refund = depositRefundOf(intent)
		}
		return events, err
	})
	refund.Result = result
	refund.Outcome = outcome
	return refund, err
}

func depositRefundOf(i *deposit.Intent) Refund {
	refund := Refund{Refund: i.Refund, Item: i.Item, Payment: i.Payment, Amount: i.Amount, Note: i.Note, By: i.By, Status: order.RefundOpen}
	switch d := i.Done; {
	case d != nil:
		refund.Status, refund.Reference, refund.SentAt = order.RefundSent, d.Reference, d.OccurredAt
	case i.Withdrawn:
		refund.Status = order.RefundCancelled
	}
	return refund
}

// PaidStream returns the stream that decides about the payment of an order: of an order of
// the website that of the payment which has settled it.
func (r *Recorder) PaidStream(ctx context.Context, id order.ID) (eventstore.StreamName, error) {
	if id.Namer() != order.Site {
		return eventstore.StreamName(id.Stream()), nil
	}
	state, err := r.orderState(ctx, id)
	if err != nil {
		return "", err
	}
	owner, isPaid := order.OwnerOf(state.Settled)
	if !isPaid {
		return "", review.Impossible("no payment has settled the order")
	}
	return eventstore.StreamName(owner.Stream()), nil
}
