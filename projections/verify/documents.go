package verify

import (
	"context"
	"hash/maphash"
	"slices"

	"github.com/redis/go-redis/v9"

	"daybook/eventstore"
)

// roundDocuments is how many documents are read before the fold goes on; of most
// only a digest is kept.
const roundDocuments = 1 << 16

// documents compares a model of documents.
type documents struct {
	*session
	document *Document
	model    modelOf
	book     *documentBook
	follower *follower[documentFact]
	isFirst  bool     // of the passes
	waiting  []string // ids whose keys were found
	doubtful []string
	more     int
	compared uint64
}

// compareDocuments folds up to the model's checkpoint and compares all documents,
// in as many passes as the table of digests needs.
func (s *session) compareDocuments(ctx context.Context, m Model) error {
	model := modelOf{name: m.Name, fold: m.FoldVersion}
	seed := maphash.MakeSeed() // one for all passes: it decides which documents are in a share
	compared := Compared{Name: m.Name}
	defer func() { s.report.Models = append(s.report.Models, compared) }()
	for part, isFirst := (share{}), true; ; isFirst = false {
		o := &documents{session: s, document: m.Document, model: model, book: newDocumentBook(s.options.Log, m.Document, seed, part, s.slots), isFirst: isFirst}
		o.follower = newFollower(s.options.Log, o.book.read, o.book.apply)
		o.follower.told = func(events uint64) { o.tellFolding("folding "+m.Name, events, &o.model) }
		err := o.pass(ctx)
		model = o.model
		compared.Position, compared.Events = model.checkpoint.Position, o.follower.events
		compared.Subjects += uint64(o.book.hashes.used)
		rest, more := o.book.hashes.share.rest()
		if err != nil || !more {
			return err
		}
		part = rest
	}
}

func (o *documents) pass(ctx context.Context) error {
	if err := o.seek(ctx, &o.model); err != nil {
		return err
	}
	if err := o.follower.through(ctx, []stop{o.stopAt(func(context.Context) error { return nil })}); err != nil {
		return err
	}
	o.book.live = true
	err := o.scan(ctx, o.layout.kind(o.document.Kind), func(keys []string) error { return o.collect(ctx, keys) })
	if err != nil {
		return err
	}
	if err := o.compareWaiting(ctx); err != nil {
		return err
	}
	if o.isFirst {
		if err := o.scanSet(ctx, o.model.name, func(keys []string) error { return o.collect(ctx, keys) }); err != nil {
			return err
		}
	}
	if err := o.compareWaiting(ctx); err != nil {
		return err
	}
	if err := o.compareMissing(ctx); err != nil {
		return err
	}
	return o.compareAgain(ctx)
}

// stopAt is a stop at the checkpoint that the model has at the moment.
func (o *documents) stopAt(then func(context.Context) error) stop {
	c := o.model.checkpoint
	return stop{c.Position, func(ctx context.Context) error {
		if err := o.arrive(&o.model, c, o.follower.last); err != nil {
			return err
		}
		if err := o.book.settle(); err != nil {
			return err
		}
		return then(ctx)
	}}
}

func (o *documents) collect(ctx context.Context, keys []string) error {
	for _, key := range keys {
		kind, id := o.layout.cut(key)
		if kind != o.document.Kind {
			continue
		}
		if hash := hashOf(o.book.seed, id); o.book.hashes.share.covers(hash) {
			if value, known := o.book.hashes.get(hash); !known || value&seen == 0 {
				o.waiting = append(o.waiting, id)
			}
		}
	}
	if len(o.waiting) < roundDocuments {
		return nil
	}
	return o.compareWaiting(ctx)
}

func (o *documents) compareWaiting(ctx context.Context) error {
	err := o.compareQuickly(ctx, o.waiting)
	o.waiting = o.waiting[:0]
	return err
}

// comparison compares the documents of a batch with the fold where it stands.
type comparison func(context.Context) error

// compareAll compares documents: it reads some, each batch with the checkpoint
// that it is of, and then lets the fold go through these checkpoints. Ask reads
// documents, and keep turns what is stored into a comparison.
func (o *documents) compareAll(ctx context.Context, ids []string, ask askDocuments, keep func(ids []string, stored []storedDocument) comparison) error {
	for round := range slices.Chunk(ids, roundDocuments) {
		var stops []stop
		err := ahead(ctx, 1, func(ctx context.Context, later func(func() error) error) error {
			for batch := range slices.Chunk(round, batchKeys) {
				var answers func() []storedDocument
				at, err := o.read(ctx, o.model.name, func(pipe redis.Pipeliner) { answers = ask(ctx, pipe, batch) })
				if err != nil {
					return err
				}
				err = later(func() error {
					if err := o.advance(&o.model, at); err != nil {
						return err
					}
					compare := keep(batch, answers())
					stops = append(stops, o.stopAt(func(ctx context.Context) error { return o.run(ctx, len(batch), compare) }))
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := o.follower.through(ctx, stops); err != nil {
			return err
		}
	}
	return nil
}

func (o *documents) run(ctx context.Context, n int, compare comparison) error {
	if err := compare(ctx); err != nil {
		return err
	}
	o.compared += uint64(n)
	o.options.Told(Step{Doing: "comparing " + o.model.name, Done: o.compared, Total: max(o.compared, uint64(o.book.hashes.used))})
	return nil
}

// digested is what is kept of a stored document until the fold is there.
type digested struct {
	id           string
	hash, digest uint64
	unreadable   bool
}

// compareQuickly compares digests. What is not equal is doubtful.
func (o *documents) compareQuickly(ctx context.Context, ids []string) error {
	return o.compareAll(ctx, ids, o.askTogether, func(ids []string, stored []storedDocument) comparison {
		batch := make([]digested, len(ids))
		for i, id := range ids {
			batch[i] = digested{id, hashOf(o.book.seed, id), o.book.digest(stored[i].text), stored[i].err != nil || !stored[i].isMember}
		}
		return func(context.Context) error {
			for i := range batch {
				o.compareDigest(&batch[i])
			}
			return nil
		}
	})
}

func (o *documents) compareDigest(d *digested) {
	if !o.book.hashes.share.covers(d.hash) {
		return // the table became full meanwhile: the next pass has it
	}
	value, known := o.book.hashes.get(d.hash)
	if known {
		o.book.hashes.put(d.hash, value|seen)
	}
	switch {
	case known && !d.unreadable && d.digest == value&^seen:
	case len(o.doubtful) < maxDoubtful:
		o.doubtful = append(o.doubtful, d.id)
	default:
		o.more++
	}
}

// compareMissing compares the documents that no key was of: those that began
// while keys were scanned, and then, if there are more, those that are missing.
func (o *documents) compareMissing(ctx context.Context) error {
	if err := o.compareQuickly(ctx, o.book.fresh); err != nil {
		return err
	}
	if o.book.hashes.unseen() == 0 {
		return nil
	}
	var missing []string
	again := newFollower(o.options.Log, func(f *documentFact, event eventstore.Recorded) {
		f.mine, f.id = event.Stream.Category() == o.document.Category && event.Revision == 0, event.Stream.ID()
	}, func(_ context.Context, f *documentFact) error {
		if f.mine {
			if value, known := o.book.hashes.get(hashOf(o.book.seed, f.id)); known && value&seen == 0 && len(missing) < maxDoubtful {
				missing = append(missing, f.id)
			}
		}
		return nil
	})
	if err := again.to(ctx, o.follower.last.Position); err != nil {
		return err
	}
	return o.compareQuickly(ctx, missing)
}

// compareAgain looks closely at the documents that seemed to differ, each folded
// from its own stream, and reports those that do.
func (o *documents) compareAgain(ctx context.Context) error {
	slices.Sort(o.doubtful)
	o.found.count += o.more
	return o.compareAll(ctx, slices.Compact(o.doubtful), o.askEach, func(ids []string, stored []storedDocument) comparison {
		position := o.model.checkpoint.Position
		return func(ctx context.Context) error {
			for i, id := range ids {
				if err := o.compareClosely(ctx, id, stored[i], position); err != nil {
					return err
				}
			}
			return nil
		}
	})
}
