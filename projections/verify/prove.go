package verify

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"

	"daybook/eventstore"
)

// prover holds events against the bodies that they were made of, in the order of
// the log. It remembers the last append, who is registered for what as hashes,
// and which streams have holds; what else an event rests on is read again.
type prover struct {
	readers map[string]Reader
	log     eventstore.Reader
	seed    maphash.Seed
	owners  *table // hash of the user or owner, by hash of the stream that is registered or claimed for it
	held    *table // hashes of the streams that have holds
	earlier histories
	append  appended
	found   findings
	report  Evidence
}

// appended is an append that a body has caused, as far as it has come.
type appended struct {
	record   eventstore.Recorded // its first event, without its data
	last     eventstore.Revision
	command  string
	digest   string
	received string
	source   string
	format   string
	length   int64
	reading  *Reading // nil if no reader was given, or there is no body
	isRead   bool     // whether events can be compared with it
	made     []string // the last event of each claim; empty if there is none
	isTold   bool     // whether the status has its event
	isLinked bool     // whether its order was linked to one of the website by it

	isRedriven bool // the body was kept in quarantine, and read again by a process
}

// newProver returns nil if there are no readers: then nothing is compared, and
// metadata is not read.
func newProver(log eventstore.Reader, readers map[string]Reader, slots int) *prover {
	if readers == nil {
		return nil
	}
	return &prover{
		readers: readers, log: log, seed: maphash.MakeSeed(), earlier: newHistories(log),
		owners: newTable(share{}, slots/8, true), held: newTable(share{}, slots/8, false),
	}
}

// include says which parts of events are needed.
func (p *prover) include() []eventstore.Include {
	if p == nil {
		return nil
	}
	return []eventstore.Include{eventstore.WithMetadata}
}

// read reads what an event needs for apply. It may be called for several events
// at the same time.
func (p *prover) read(into *proof, event *eventstore.Recorded) {
	if p != nil {
		into.read(p.readers, event)
	}
}

// apply proves one event; the next is the one behind it in the log.
func (p *prover) apply(ctx context.Context, e *eventstore.Recorded, x *proof) error {
	if p == nil {
		return nil
	}
	defer func() { x.reading = nil }() // it may be large
	if x.err != nil {
		p.note(e, "its data or metadata cannot be read: %v", x.err)
		return nil
	}
	switch e.Type {
	case claimed:
		p.proveClaim(e, x)
		return nil
	case "OrderSettled":
		return p.proveSettled(ctx, e, x)
	}
	err := p.place(ctx, e, x)
	if err != nil {
		return err
	}
	switch {
	case isReviewed(e):
		err = p.proveReviewed(ctx, e, x)
	case !x.hasEvidence:
		err = p.proveBare(ctx, e, &x.said, x.actor)
	case p.append.isRead:
		p.report.Events++
		err = p.compare(ctx, e, &x.said)
	}
	if err == nil && !isReviewed(e) && (len(x.said.Closes) > 0 || ruleOfEvent(e).closesAll()) {
		err = p.checkCloses(ctx, e, &x.said)
	}
	p.remember(e, &x.said)
	return err
}

// finish ends the last append.
func (p *prover) finish() {
	if p != nil {
		p.end()
	}
}

// result returns what was found, the zero value without readers.
func (p *prover) result() Evidence {
	if p == nil {
		return Evidence{}
	}
	p.report.Differences, p.report.Count = p.found.listed, p.found.count
	return p.report
}

func (p *prover) note(e *eventstore.Recorded, format string, arguments ...any) {
	p.found.add(Difference{
		Subject: "position " + e.Position.String(),
		Text:    fmt.Sprintf("%.200s, %s: ", e.Stream, e.Type) + fmt.Sprintf(format, arguments...),
	})
}

// place finds the append that an event belongs to.
func (p *prover) place(ctx context.Context, e *eventstore.Recorded, x *proof) error {
	a := &p.append
	if x.hasEvidence && !x.isRecord && a.continues(e, x) {
		a.last = e.Revision
		return nil
	}
	p.end()
	if !x.hasEvidence {
		*a = appended{}
		return nil
	}
	*a = appended{
		record: *e, last: e.Revision, command: x.command, digest: x.digest,
		received: x.received, source: x.source, format: x.format, length: x.length, reading: x.reading,
	}
	a.record.Data, a.record.Metadata = nil, nil
	if x.isRecord {
		p.open(e, x)
	} else if err := p.refer(ctx, e); err != nil {
		return err
	}
	if a.reading != nil {
		a.isRead = true
		a.made = make([]string, len(a.reading.Claims))
	}
	return nil
}

// continues reports whether an event is the next one of the append.
func (a *appended) continues(e *eventstore.Recorded, x *proof) bool {
	return e.Stream == a.record.Stream && e.Revision == a.last+1 && x.command == a.command && x.digest == a.digest
}

// open begins an append with its record.
func (p *prover) open(e *eventstore.Recorded, x *proof) {
	switch {
	case !x.hasBody && e.Type == quarantined && x.said.Reason == tooLarge:
		p.append.isRead = true // it says that there is none
		p.append.reading = &Reading{Refused: tooLarge}
	case !x.hasBody:
		p.note(e, "its evidence has no body")
	case !x.isWhole:
		p.note(e, "the SHA-256 of the kept body is not the one beside it")
	}
	if !x.hasBody {
		return
	}
	if x.reading == nil {
		p.report.addUnread(x.format)
		return
	}
	p.report.Compared++
}

// refer looks for the body that an event refers to, which was kept earlier in
// its stream, or in quarantine.
func (p *prover) refer(ctx context.Context, e *eventstore.Recorded) error {
	kept := eventstore.StreamName("quarantine-" + p.append.digest)
	for _, stream := range []eventstore.StreamName{e.Stream, kept} {
		found, err := p.findBody(ctx, e, stream)
		if p.append.isRedriven = found && stream == kept && e.Stream != kept; found || err != nil {
			return err
		}
	}
	p.note(e, "its evidence refers to a body that neither its stream nor quarantine has before it")
	return nil
}

func (p *prover) findBody(ctx context.Context, e *eventstore.Recorded, stream eventstore.StreamName) (found bool, err error) {
	if stream.Check() != nil {
		return false, nil
	}
	for earlier, err := range p.log.Read(ctx, stream, 0, eventstore.WithMetadata) {
		if err != nil {
			return false, fmt.Errorf("look up %s: %w", stream, err)
		}
		if earlier.Position >= e.Position {
			break
		}
		var x proof
		if x.read(p.readers, &earlier); x.err == nil && x.hasBody && x.digest == p.append.digest {
			p.append.reading, p.append.received = x.reading, x.received
			return true, nil
		}
	}
	return false, nil
}

// end ends an append: what was received on sufficient evidence must be credited
// by it.
func (p *prover) end() {
	a := &p.append
	if !a.isRead {
		return
	}
	for i, made := range a.made {
		if (made == "PaymentReceived" || made == "DepositReceived") && a.reading.Claims[i].AtOnce {
			p.note(&a.record, "what the kept body reports was received, and is credited by no event behind it")
		}
	}
}

// remember notes what later events rest on.
func (p *prover) remember(e *eventstore.Recorded, said *statement) {
	p.earlier.pass(e, &said.data)
	hash := hashOf(p.seed, string(e.Stream))
	switch e.Type {
	case "AddressRegistered", "OrderRegistered", "OrderLinked":
		if p.owners.share.covers(hash) {
			p.owners.put(hash, hashOf(p.seed, said.User))
		}
	case "PaymentMispaid":
		if owner, known := p.owners.get(hashOf(p.seed, claimOf(said.Payment))); known && owner != hash {
			p.note(e, "the mispayment is claimed for another stream")
		}
	case "PaymentHeld", "DepositHeld":
		if p.held.share.covers(hash) {
			p.held.put(hash, 0)
		}
	}
}

// owner returns the hash of the user that a stream is registered for; false if it
// is not. Of more streams than there is room for the events are read again.
func (p *prover) owner(ctx context.Context, e *eventstore.Recorded) (user uint64, registered bool, err error) {
	hash := hashOf(p.seed, string(e.Stream))
	if p.owners.share.covers(hash) {
		user, registered = p.owners.get(hash)
		return user, registered, nil
	}
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err != nil || h.owner == "" {
		return 0, false, err
	}
	return hashOf(p.seed, h.owner), true, nil
}

// hasHolds reports whether the stream may have holds.
func (p *prover) hasHolds(e *eventstore.Recorded) bool {
	hash := hashOf(p.seed, string(e.Stream))
	if !p.held.share.covers(hash) {
		return true
	}
	_, _, found := p.held.slot(hash)
	return found
}

// isCallback reports whether an actor sends callbacks.
func isCallback(actor string) bool { return strings.HasPrefix(actor, "callback:") }
