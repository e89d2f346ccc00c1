package verify

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// maxRecent bounds the orders that are kept as they are. The events of nearly
// all orders are close together; an older one is read again from its stream.
const maxRecent = 1 << 13

// maxFresh bounds the orders that began during a comparison.
const maxFresh = 1 << 20

// orderBook is the fold of the streams of orders. Of each order it keeps a
// digest, 16 bytes in all; orders are as many as payments.
type orderBook struct {
	log    eventstore.Reader
	seed   maphash.Seed
	hashes *table // digest of the text, and whether the model has it, by hash of the id

	recent, older map[string]*orderState
	changed       []*orderState // whose digest is not taken
	text          []byte        // scratch

	// Orders that began after the scan of keys did, which it need not show; only
	// the first ones, the others are looked for like those that are missing.
	fresh []string
	live  bool
}

func newOrderBook(log eventstore.Reader, seed maphash.Seed, s share, slots int) *orderBook {
	return &orderBook{
		log: log, seed: seed, hashes: newTable(s, slots, true),
		recent: make(map[string]*orderState), older: make(map[string]*orderState),
	}
}

// orderFact is an event of an order.
type orderFact struct {
	fact
	mine bool
	id   string
}

// decode reads an event, if it is of an order of the share.
func (b *orderBook) decode(f *orderFact, event eventstore.Recorded) {
	f.err, f.mine = nil, event.Stream.Category() == "order"
	if !f.mine {
		return
	}
	f.event, f.said, f.id = event, data{}, event.Stream.ID()
	_, known := ruleOf(&event)
	switch {
	case !known:
		f.err = fmt.Errorf("%w: %s, schema %d", ErrUnknownEvent, event.Type, event.Schema)
	case !readPlain(&f.said, event.Data):
		f.said = data{}
		f.err = json.Unmarshal(event.Data, &f.said)
	}
	if f.err != nil {
		f.err = fmt.Errorf("event %s in %s at position %s: %w", event.ID, event.Stream, event.Position, f.err)
	}
}

// apply puts an event on its order.
func (b *orderBook) apply(ctx context.Context, f *orderFact) error {
	if f.err != nil || !f.mine || !b.hashes.share.covers(hashOf(b.seed, f.id)) {
		return f.err
	}
	o, err := b.order(ctx, f)
	if err != nil {
		return err
	}
	if !o.dirty {
		b.changed = append(b.changed, o)
	}
	return o.apply(&f.event, &f.said)
}

// order returns the order of an event, as it is before it.
func (b *orderBook) order(ctx context.Context, f *orderFact) (*orderState, error) {
	if o, ok := b.recent[f.id]; ok {
		return o, nil
	}
	o, ok := b.older[f.id]
	switch {
	case ok:
	case f.event.Revision == 0:
		o = newOrder(f.id)
		if b.live && len(b.fresh) < maxFresh {
			b.fresh = append(b.fresh, o.ID)
		}
	default:
		var err error
		if o, err = foldStream(ctx, b.log, f.id, f.event.Position-1); err != nil {
			return nil, err
		}
		o.dirty = false
	}
	if len(b.recent) >= maxRecent {
		if err := b.settle(); err != nil {
			return nil, err
		}
		clear(b.older)
		b.recent, b.older = b.older, b.recent
	}
	b.recent[f.id] = o
	return o, nil
}

// settle takes the digests of the orders that have changed.
func (b *orderBook) settle() error {
	for _, o := range b.changed {
		var err error
		if b.text, err = o.text(b.text[:0]); err != nil {
			return err
		}
		o.dirty = false
		if hash := hashOf(b.seed, o.ID); b.hashes.share.covers(hash) {
			b.hashes.put(hash, b.digestOwn())
		}
	}
	clear(b.changed)
	b.changed = b.changed[:0]
	return nil
}

// seen marks the digest of an order that the model has.
const seen = 1

func (b *orderBook) digest(text string) uint64 { return maphash.String(b.seed, text) &^ seen }

func (b *orderBook) digestOwn() uint64 { return maphash.Bytes(b.seed, b.text) &^ seen }

// foldStream folds one order's stream up to a position. It returns nil if
// there is no event.
func foldStream(ctx context.Context, log eventstore.Reader, id string, to eventstore.Position) (*orderState, error) {
	var o *orderState
	for event, err := range log.Read(ctx, eventstore.StreamName("order-"+id), 0) {
		if err != nil {
			return nil, fmt.Errorf("fold order %.200q: %w", id, err)
		}
		if event.Position > to {
			break
		}
		var said data
		if err := json.Unmarshal(event.Data, &said); err != nil {
			return nil, fmt.Errorf("event %s in %s: %w", event.ID, event.Stream, err)
		}
		if o == nil {
			o = newOrder(id)
		}
		if err := o.apply(&event, &said); err != nil {
			return nil, err
		}
	}
	return o, nil
}
