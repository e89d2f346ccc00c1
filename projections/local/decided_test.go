package local_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/orders"
)

// refusals are the answers to a person that are no faults.
var refusals = []error{
	review.ErrDecided, review.ErrRound, review.ErrUndecided, review.ErrRefundOpen, review.ErrRefundDone, review.ErrLater,
	review.ErrImpossible, review.ErrMissing, review.ErrNoItem,
}

// decide is what a person or a process does about an item, open or not.
func (w *world) decide(key string) {
	folded := w.fold()
	stream := folded.streamOf[key]
	if stream.Category() == quarantine.Category {
		w.append(stream, len(folded.events[stream]), quarantine.CallbackRedriven{Task: key, Reader: 2, Outcome: w.one("outcome", "recorded", "quarantined")})
		return
	}
	command := recorder.Command{ID: eventstore.NewULID(time.Now()), Actor: "operator:alice"}
	round := folded.reviews[key].Round
	choices := []string{"credit", "credit", "complete", "refund", "refund", "dismiss", "dismiss", "charge", "reverse"}
	if folded.reviews[key].Standing() != nil {
		choices = []string{"reverse", "reverse", "withdraw", "withdraw", "sent", "dismiss"}
	}
	var err error
	switch what := w.one("what", choices...); what {
	case "reverse":
		_, err = w.service.ReverseItem(w.t.Context(), stream, review.Reverse{Item: key, Round: round, Note: "wrong"}, false, command)
	case "sent":
		_, err = w.service.ConfirmRefund(w.t.Context(), stream, review.Confirm{Refund: key, Reference: "0xab", SentAt: time.Unix(1, 0)}, command)
	case "withdraw":
		_, err = w.service.WithdrawRefund(w.t.Context(), stream, review.Withdraw{Refund: key}, command)
	default:
		asked := review.Asked{Decision: review.Verb(what), Note: "n"}
		if rapid.Bool().Draw(w.t, "user") {
			asked.User = "u3"
		}
		if rapid.Bool().Draw(w.t, "amount") {
			one, _ := money.Parse("USD", "1")
			asked.Amount = &one
		}
		_, err = w.service.DecideItem(w.t.Context(), stream, review.Decide{Item: key, Round: round, Asked: asked}, false, command)
	}
	if err != nil && !slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) }) {
		w.t.Fatal(err)
	}
}

func (w *world) append(stream eventstore.StreamName, length int, event codec.Event) {
	data, err := codec.Encode(event)
	if err != nil {
		w.t.Fatal(err)
	}
	metadata, err := eventstore.Metadata{Actor: "operator:alice"}.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.log.Append(w.t.Context(), stream, eventstore.At(eventstore.Revision(length-1)), eventstore.Event{
		ID:   eventstore.DeriveID(stream, eventstore.NewULID(time.Now()), eventstore.Revision(length)),
		Type: event.EventType(), Schema: ledger.Schema(stream.Category(), event.EventType()), Data: data, Metadata: metadata,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// folded is what the aggregates say of items, and the events that they come from.
type folded struct {
	reviews  map[string]review.Item           // by id
	kept     map[string]bool                  // whether a kept callback waits
	streamOf map[string]eventstore.StreamName // of both
	paid     map[eventstore.StreamName]bool   // whether the order is
	events   map[eventstore.StreamName][]codec.Event
}

func (w *world) fold() folded {
	f := folded{
		make(map[string]review.Item), make(map[string]bool), make(map[string]eventstore.StreamName), make(map[eventstore.StreamName]bool), make(map[eventstore.StreamName][]codec.Event),
	}
	states, deposits, payouts := make(map[eventstore.StreamName]order.State), make(map[eventstore.StreamName]deposit.State), make(map[eventstore.StreamName]payout.State)
	for recorded, err := range w.log.ReadAll(w.t.Context(), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		decoded, err := ledger.Decode(recorded)
		if err != nil {
			w.t.Fatal(err)
		}
		stream := recorded.Stream
		switch e := decoded.(type) {
		case order.Event:
			states[stream] = order.Evolve(states[stream], e)
			f.paid[stream] = states[stream].Paid != ""
			note(f, stream, states[stream].Items, func(i order.Item) review.Item { return i.Item })
		case deposit.Event:
			deposits[stream] = deposit.Evolve(deposits[stream], e)
			note(f, stream, deposits[stream].Items, func(i deposit.Item) review.Item { return i.Item })
		case payout.Event:
			payouts[stream] = payout.Evolve(payouts[stream], e)
			note(f, stream, payouts[stream].Items, func(i payout.Item) review.Item { return i.Item })
		case quarantine.CallbackQuarantined:
			f.kept[recorded.ID.String()], f.streamOf[recorded.ID.String()] = true, stream
		case quarantine.CallbackRedriven:
			f.kept[e.Task] = e.Outcome == quarantine.Still
		}
		f.events[stream] = append(f.events[stream], decoded)
	}
	return f
}

func note[I any](f folded, stream eventstore.StreamName, items map[string]I, of func(I) review.Item) {
	for id, i := range items {
		f.reviews[id], f.streamOf[id] = of(i), stream
	}
}

// items returns the keys of all that waits or has waited.
func (f folded) items() []string { return slices.Sorted(maps.Keys(f.streamOf)) }

// waiting returns the keys of what waits.
func (f folded) waiting() (waiting, kept []string) {
	for id, i := range f.reviews {
		if i.IsOpen() {
			waiting = append(waiting, id)
		}
	}
	for id, waits := range f.kept {
		if waits {
			kept = append(kept, id)
		}
	}
	return slices.Sorted(slices.Values(waiting)), slices.Sorted(slices.Values(kept))
}

// checkOrders compares what the documents of orders show as open with the items.
func (w *world) checkOrders(f folded) {
	shown := make(map[string]bool)
	for stream := range f.events {
		if stream.Category() != order.Category {
			continue
		}
		o, err := orders.At(w.t.Context(), w.log, order.ID(stream.ID()), math.MaxInt64)
		if err != nil {
			w.t.Fatal(err)
		}
		isPaid := o.Status == orders.Paid
		if isPaid && !f.paid[stream] || f.paid[stream] && !isPaid && o.Status != orders.Refunded {
			w.t.Fatalf("order %s is %s, and paid: %v", o.ID, o.Status, f.paid[stream])
		}
		for _, h := range o.Holds {
			shown[h.Hold] = true
		}
		for _, m := range o.Mispayments {
			if m.Status == orders.MispaymentOpen {
				shown[m.Mispayment] = true
			}
		}
		for _, d := range o.Decisions {
			if i := f.reviews[d.Item]; d.Reversed == nil && (i.Standing() == nil || i.Standing().ID != d.ID) && i.IsOpen() {
				w.t.Fatalf("order %s: the decision %s stands, and its item is open", o.ID, d.ID)
			}
		}
	}
	for id, i := range f.reviews {
		if f.streamOf[id].Category() == order.Category && shown[id] != i.IsOpen() {
			w.t.Fatalf("item %s is open: %v, and is shown so: %v", id, i.IsOpen(), shown[id])
		}
	}
}

// checkItems compares what the file says of each item: its stream, open or not, and of an
// open one what it said when it was opened.
func (w *world) checkItems(f folded) {
	for id := range f.reviews {
		if stream, found, err := w.model.ItemStream(w.t.Context(), id); err != nil || !found || stream != f.streamOf[id] {
			w.t.Fatalf("item %s is in %s, %v, error %v, want %s", id, stream, found, err, f.streamOf[id])
		}
		item, isOpen, err := w.model.Item(w.t.Context(), local.Review.Name, id)
		if err != nil || isOpen != f.reviews[id].IsOpen() {
			w.t.Fatalf("item %s is open: %v, error %v", id, isOpen, err)
		}
		if !isOpen {
			continue
		}
		item.Again, item.AgainAt = 0, time.Time{}
		says := fmt.Sprint(item)
		if first, seen := w.said[id]; seen && first != says {
			w.t.Fatalf("item %s was\n%s\nand is\n%s", id, first, says)
		}
		w.said[id] = says
	}
}
