package orders

import (
	"strconv"
	"time"

	"github.com/cockroachdb/apd/v3"

	"daybook/eventstore"
	"daybook/projections/internal/fact"
)

// paid is an order of which all that is known is one payment, received and
// then verified as it was received. Nearly all are: a filling writes their text
// without making an Order, which is most of what folding one costs.
type paid struct {
	id                 string
	head               fact.Head
	received, verified time.Time // when they were recorded
	revision, changed  uint64
}

// asPaid reads the events of an order from the first on, if that is what they
// say. Whatever looks different in any way is left to Fold.
func asPaid(events []eventstore.Recorded) (o paid, ok bool) {
	if len(events) != 2 || events[0].Revision != 0 || kindOf(&events[0]) != received || kindOf(&events[1]) != verified {
		return paid{}, false
	}
	first, ok := fact.ReadHead(events[0].Data)
	if !ok || first.Closes || len(first.Payment) == 0 {
		return paid{}, false
	}
	second, isSame, ok := first.ReadNext(events[1].Data)
	var units apd.BigInt
	if !ok || second.Closes || !isSame && !sameFacts(&first, &second) || !fact.ParseUnits(&units, first.Currency, first.Amount) {
		return paid{}, false
	}
	return paid{
		id: events[1].Stream.ID(), head: first,
		received: events[0].RecordedAt.UTC(), verified: events[1].RecordedAt.UTC(),
		revision: uint64(events[1].Revision), changed: uint64(events[1].Position),
	}, true
}

// clocks write the times of orders.
type clocks struct{ recorded, occurred fact.Clock }

// append appends the order as JSON, as appendOrder does.
func (o *paid) append(b []byte, times *clocks) []byte {
	b = append(b, `{"id":`...)
	b = appendText(b, o.id)
	b = append(b, `,"status":"paid","registered":false,"expired":false`...)
	if len(o.head.User) > 0 {
		b = append(b, `,"user":`...)
		b = appendText(b, o.head.User)
	}
	b = append(b, `,"amount":`...)
	amount := len(b)
	b = append(b, `{"currency":"`...)
	b = append(b, o.head.Currency...)
	b = append(b, `","amount":"`...)
	b = append(b, o.head.Amount...)
	b = append(b, `"}`...)
	amountEnd := len(b)
	b = append(b, `,"payments":[{"payment":`...)
	b = appendText(b, o.head.Payment)
	b = append(b, `,"user":`...)
	b = appendText(b, o.head.User)
	b = append(b, `,"amount":`...)
	b = append(b, b[amount:amountEnd]...)
	b = append(b, `,"status":"verified"`...)
	occurred := len(b)
	if !o.head.OccurredAt.IsZero() {
		b = append(b, `,"occurred_at":"`...)
		b = times.occurred.Append(b, o.head.OccurredAt)
		b = append(b, '"')
	}
	occurredEnd := len(b)
	b = append(b, `,"recorded_at":"`...)
	b = times.recorded.Append(b, o.received)
	b = append(b, `"}],"mispayments":[],"holds":[],"reported_statuses":[],"revision":`...)
	b = strconv.AppendUint(b, o.revision, 10)
	b = append(b, `,"changed":"`...)
	b = strconv.AppendUint(b, o.changed, 10)
	b = append(b, '"')
	b = append(b, b[occurred:occurredEnd]...)
	b = append(b, `,"recorded_at":"`...)
	b = times.recorded.Append(b, o.verified)
	return append(b, `"}`...)
}
