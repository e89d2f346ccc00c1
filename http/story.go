package httpapi

import (
	"context"
	"time"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/http/callback"
	"daybook/projections/local"

	"github.com/go-json-experiment/json"
)

// story is what one stream says of the items in it: why each one waits, what stands of its
// payment, and what people have decided.
type story struct {
	items    map[string]*storyItem // that were opened, by id
	order    order.State
	deposit  deposit.State
	payout   payout.State
	times    map[string]time.Time // when decisions and refunds were recorded, by id
	reversed map[string]reversal  // by the id of the decision or refund
	subjects map[string]string    // the item of each decision, by the decision's id
}

// storyItem is one item of a stream.
type storyItem struct {
	local.Item
	opened   codec.Event // the event that opened it
	refundTo string      // where a refund could go; empty if no report says so
}

// amount returns what the item says of its amount; nil if it does not.
func (i *storyItem) amount() *money.Amount {
	switch e := i.opened.(type) {
	case order.PaymentHeld:
		return e.Amount
	case order.PaymentMispaid:
		return &e.Amount
	case order.RefundHeld:
		return e.Amount
	case deposit.DepositHeld:
		return e.Amount
	}
	return nil
}

// reversal is who undid a decision, and when.
type reversal struct {
	by string
	at time.Time
}

// storyReader reads streams as people are shown them.
type storyReader struct {
	log     eventstore.Reader
	formats map[string]*callback.Format // by name
}

func newStoryReader(log eventstore.Reader, formats []*callback.Format) storyReader {
	s := storyReader{log, make(map[string]*callback.Format, len(formats))}
	for _, f := range formats {
		s.formats[f.Name] = f
	}
	return s
}

// read folds a stream. A refund goes where the report says that opened the item, else where
// any other report of the stream says.
func (r storyReader) read(ctx context.Context, stream eventstore.StreamName) (story, error) {
	s := story{
		items: make(map[string]*storyItem), times: make(map[string]time.Time),
		reversed: make(map[string]reversal), subjects: make(map[string]string),
	}
	open := make(map[string]local.Item)
	var addresses callback.RefundAddresses
	seen := make(map[string]bool) // digests of bodies that were read
	for recorded, err := range r.log.Read(ctx, stream, 0, eventstore.WithMetadata) {
		if err != nil {
			return story{}, err
		}
		event, err := ledger.Decode(recorded)
		if err != nil {
			return story{}, err
		}
		said, err := r.addresses(ctx, recorded, seen)
		if err != nil {
			return story{}, err
		}
		addresses.Merge(said)
		s.put(event, recorded)
		changes := local.Review.Fold(local.Event{
			Event: event, ID: recorded.ID.String(), Stream: recorded.Stream, Position: recorded.Position, RecordedAt: recorded.RecordedAt,
		})
		for _, change := range changes {
			change.Put(open, recorded)
		}
		if len(changes) > 0 {
			s.note(open, event, addresses)
		}
	}
	for _, item := range s.items {
		if item.refundTo == "" {
			item.refundTo = addresses.For(item.Payment)
		}
	}
	return s, nil
}

// note keeps each item as it is after an event, and how it was opened.
func (s story) note(open map[string]local.Item, event codec.Event, addresses callback.RefundAddresses) {
	for id, item := range open {
		known := s.items[id]
		if known == nil {
			known = &storyItem{opened: event, refundTo: addresses.For(item.Payment)}
			s.items[id] = known
		}
		known.Item = item
	}
}

// put folds an event into the state of its stream, and notes when people decided.
func (s *story) put(event codec.Event, recorded eventstore.Recorded) {
	switch e := event.(type) {
	case order.Event:
		s.order = order.Evolve(s.order, e)
	case deposit.Event:
		s.deposit = deposit.Evolve(s.deposit, e)
	case payout.Event:
		s.payout = payout.Evolve(s.payout, e)
	}
	switch e := event.(type) {
	case review.Deciding:
		d := e.Decided()
		s.times[d.ID], s.subjects[d.ID] = recorded.RecordedAt, d.Item
	case order.RefundDecided:
		s.times[e.Refund], s.subjects[e.Refund] = recorded.RecordedAt, e.Item
	case deposit.RefundDecided:
		s.times[e.Refund], s.subjects[e.Refund] = recorded.RecordedAt, e.Item
	case order.RefundWithdrawn:
		s.reversed[e.Refund] = reversal{e.By, recorded.RecordedAt}
	case deposit.RefundWithdrawn:
		s.reversed[e.Refund] = reversal{e.By, recorded.RecordedAt}
	case review.Reversing:
		r := e.Reversed()
		s.reversed[r.Reverses] = reversal{r.By, recorded.RecordedAt}
	}
}

// review returns how an item was decided; known is false if the stream has no such item.
func (s story) review(id string) (item review.Item, known bool) {
	if i, known := s.order.Items[id]; known {
		return i.Item, true
	}
	if i, known := s.deposit.Items[id]; known {
		return i.Item, true
	}
	if i, known := s.payout.Items[id]; known {
		return i.Item, true
	}
	return review.Item{}, false
}

// addresses returns where refunds could go, as the kept body says that caused an event.
// The body of a callback that was read again is in the quarantine.
func (r storyReader) addresses(ctx context.Context, recorded eventstore.Recorded, seen map[string]bool) (callback.RefundAddresses, error) {
	evidence := evidenceOf(recorded)
	if evidence == nil || seen[evidence.SHA256] {
		return callback.RefundAddresses{}, nil
	}
	seen[evidence.SHA256] = true
	if len(evidence.Body) == 0 {
		kept, err := r.quarantined(ctx, evidence.SHA256)
		if err != nil || kept == nil {
			return callback.RefundAddresses{}, err
		}
		evidence = kept
	}
	format := r.formats[evidence.Format]
	if format == nil || format.RefundTo == nil || evidence.Encoding != "none" {
		return callback.RefundAddresses{}, nil
	}
	return format.RefundTo(evidence.Body), nil
}

func (r storyReader) quarantined(ctx context.Context, digest string) (*eventstore.Evidence, error) {
	for recorded, err := range r.log.Read(ctx, eventstore.StreamName(quarantine.ID(digest).Stream()), 0, eventstore.WithMetadata) {
		if err != nil {
			return nil, err
		}
		return evidenceOf(recorded), nil
	}
	return nil, nil
}

func evidenceOf(recorded eventstore.Recorded) *eventstore.Evidence {
	var metadata eventstore.Metadata
	if json.Unmarshal(recorded.Metadata, &metadata) != nil {
		return nil // written by another program: it says nothing of refunds
	}
	return metadata.Evidence
}
