package balances

import (
	"fmt"
	"time"

	"github.com/cockroachdb/apd/v3"

	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/internal/fact"
)

// delta is a change of one user's money in one currency, in the form that the
// model counts in. Its texts may point into the data of the event.
type delta struct {
	event         *eventstore.Recorded
	purse         *purse // of the user, if it is known
	isLost        bool   // what is stored of the user is not to be written to
	user, payment []byte
	currency      []byte
	units         apd.BigInt
	effect        effect
	occurredAt    time.Time
}

// foldAll appends the deltas of events. An event that cannot be folded is an
// ErrCannotFold.
func foldAll(deltas []delta, events []eventstore.Recorded) ([]delta, error) {
	var last fact.Head // of the last delta, if it is of one
	for i := range events {
		event := &events[i]
		category := event.Stream.Category()
		if event.Schema == 1 {
			if isNobodys(category, event.Type) {
				continue
			}
			if d, ok := foldHead(event, category, &last, deltas); ok {
				deltas = append(deltas, d)
				continue
			}
		}
		last = fact.Head{}
		var err error
		if deltas, err = foldDecoded(deltas, event); err != nil {
			return deltas, fmt.Errorf("%w: %w", follow.ErrCannotFold, err)
		}
	}
	return deltas, nil
}

// foldHead returns the delta of an event whose head can be read, and makes that
// head the last one, which the last of the deltas before has.
func foldHead(event *eventstore.Recorded, category string, last *fact.Head, before []delta) (d delta, ok bool) {
	effect, ok := effectOf(category, event.Type)
	if !ok {
		return delta{}, false
	}
	h, isSame, ok := last.ReadNext(event.Data)
	if !ok {
		return delta{}, false
	}
	*last = h
	d = delta{
		event: event, user: h.User, payment: h.Payment, currency: h.Currency,
		effect: effect, occurredAt: h.OccurredAt,
	}
	if isSame {
		d.units.Set(&before[len(before)-1].units)
		return d, true
	}
	return d, fact.ParseUnits(&d.units, h.Currency, h.Amount)
}

// foldDecoded appends the deltas of the changes of an event.
func foldDecoded(deltas []delta, event *eventstore.Recorded) ([]delta, error) {
	decoded, err := ledger.Decode(*event)
	if err != nil {
		return deltas, err
	}
	changes, err := Fold(decoded)
	if err != nil {
		return deltas, fmt.Errorf("event %s at position %s: %w", event.ID, event.Position, err)
	}
	for _, change := range changes {
		for _, part := range []struct {
			amount money.Amount
			effect effect
		}{{change.Pending, effect{pending: 1}}, {change.Available, effect{available: 1}}} {
			if part.amount.IsZero() {
				continue
			}
			d := delta{
				event: event, user: []byte(change.User), payment: []byte(change.Payment),
				currency: []byte(part.amount.Currency()), effect: part.effect, occurredAt: change.OccurredAt,
			}
			if !fact.ParseUnits(&d.units, d.currency, []byte(part.amount.Decimal())) {
				return deltas, fmt.Errorf("event %s at position %s: %w: %s", event.ID, event.Position, money.ErrUnreadable, part.amount)
			}
			deltas = append(deltas, d)
		}
	}
	return deltas, nil
}
