package verify

import (
	"context"
	"fmt"
	"hash/maphash"

	"daybook/eventstore"
)

// maxRecent bounds the documents that are kept as they are. The events of nearly
// all documents are close together; an older one is read again from its stream.
const maxRecent = 1 << 13

// maxFresh bounds the documents that began during a comparison.
const maxFresh = 1 << 20

// documentBook is the fold of streams. Of each document it keeps a
// digest, 16 bytes in all; there are as many as payments.
type documentBook struct {
	log      eventstore.Reader
	document *Document
	seed     maphash.Seed
	hashes   *table // digest of the text, and whether the model has it, by hash of the id

	recent, older map[string]*folded
	changed       []*folded // whose digest is not taken

	// Orders that began after the scan of keys did, which it need not show; only
	// the first ones, the others are looked for like those that are missing.
	fresh []string
	live  bool
}

func newDocumentBook(log eventstore.Reader, document *Document, seed maphash.Seed, s share, slots int) *documentBook {
	return &documentBook{
		log: log, document: document, seed: seed, hashes: newTable(s, slots, true),
		recent: make(map[string]*folded), older: make(map[string]*folded),
	}
}

// folded is a document as it is folded.
type folded struct {
	Folded
	id      string
	isDirty bool // changed since its digest was taken
}

// documentFact is an event of a document.
type documentFact struct {
	event eventstore.Recorded
	mine  bool
	id    string
}

func (b *documentBook) read(f *documentFact, event eventstore.Recorded) {
	f.event, f.mine, f.id = event, event.Stream.Category() == b.document.Category, event.Stream.ID()
}

// apply puts an event on its document, if that is in the share.
func (b *documentBook) apply(ctx context.Context, f *documentFact) error {
	if !f.mine || !b.hashes.share.covers(hashOf(b.seed, f.id)) {
		return nil
	}
	d, err := b.find(ctx, f)
	if err != nil {
		return err
	}
	if !d.isDirty {
		d.isDirty = true
		b.changed = append(b.changed, d)
	}
	return put(d, f.event)
}

// find returns the document of an event, as it is before it.
func (b *documentBook) find(ctx context.Context, f *documentFact) (*folded, error) {
	if d, ok := b.recent[f.id]; ok {
		return d, nil
	}
	d, ok := b.older[f.id]
	switch {
	case ok:
	case f.event.Revision == 0:
		d = &folded{Folded: b.document.New(f.id), id: f.id}
		if b.live && len(b.fresh) < maxFresh {
			b.fresh = append(b.fresh, f.id)
		}
	default:
		document, err := foldStream(ctx, b.log, b.document, f.id, f.event.Position-1)
		if err != nil {
			return nil, err
		}
		d = &folded{Folded: document, id: f.id}
	}
	if len(b.recent) >= maxRecent {
		if err := b.settle(); err != nil {
			return nil, err
		}
		clear(b.older)
		b.recent, b.older = b.older, b.recent
	}
	b.recent[f.id] = d
	return d, nil
}

// settle takes the digests of the documents that have changed.
func (b *documentBook) settle() error {
	for _, d := range b.changed {
		text, err := d.Text()
		if err != nil {
			return err
		}
		d.isDirty = false
		if hash := hashOf(b.seed, d.id); b.hashes.share.covers(hash) {
			b.hashes.put(hash, b.digest(string(text)))
		}
	}
	clear(b.changed)
	b.changed = b.changed[:0]
	return nil
}

// seen marks the digest of a document that the model has.
const seen = 1

func (b *documentBook) digest(text string) uint64 { return maphash.String(b.seed, text) &^ seen }

// foldStream folds one document up to a position. It returns nil if there is no
// event.
func foldStream(ctx context.Context, log eventstore.Reader, document *Document, id string, to eventstore.Position) (Folded, error) {
	var d Folded
	for event, err := range log.Read(ctx, eventstore.StreamName(document.Category+"-"+id), 0) {
		if err != nil {
			return nil, fmt.Errorf("fold %s %.200q: %w", document.Kind, id, err)
		}
		if event.Position > to {
			break
		}
		if d == nil {
			d = document.New(id)
		}
		if err := put(d, event); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func put(d Folded, event eventstore.Recorded) error {
	if err := d.Put(event); err != nil {
		return fmt.Errorf("event %s in %s at position %s: %w", event.ID, event.Stream, event.Position, err)
	}
	return nil
}
