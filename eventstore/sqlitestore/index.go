package sqlitestore

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"daybook/eventstore"
)

// The index says where the events of a stream are in the log. It is kept behind
// the log, in blocks: to enter each order at once would change a random page of
// the index for every order, which costs more than the order's own rows. A block
// that is whole is sorted, and entered from one end to the other, so that a page
// is changed once for many orders. What is not in the index yet is in memory.

// blockEvents is how many positions of the log a block has. The index has to be
// the same whenever a process was killed, so a block must not depend on when
// events are filed, and is never entered in part for good. It is a variable for
// tests alone.
var blockEvents eventstore.Position = 1 << 17

// maxRun bounds the events of a run, so that the one that has a given revision
// is found among few.
const maxRun = 64

// run is a stretch of events of one stream, one behind the other in the log.
type run struct {
	hash     int64               // of the stream, see hashOf
	revision eventstore.Revision // of the first event
	position eventstore.Position // of the first event
	events   int
}

// compare orders runs as the index does; of the same run, the one with more events
// is first.
func (r run) compare(other run) int {
	return cmp.Or(
		cmp.Compare(r.hash, other.hash),
		cmp.Compare(r.revision, other.revision),
		cmp.Compare(r.position, other.position),
		cmp.Compare(other.events, r.events),
	)
}

// end returns the revision behind the run.
func (r run) end() eventstore.Revision { return r.revision + eventstore.Revision(r.events) }

// at returns the position of the event with a revision.
func (r run) at(revision eventstore.Revision) eventstore.Position {
	return r.position + eventstore.Position(revision-r.revision)
}

// block is the part of the index that a stretch of the log comes to.
type block struct {
	runs   []run                 // in the order of the log
	before []int                 // for each run, the one before it of the same hash in this block; -1 is none
	newest map[int64]int         // last run of a hash
	name   eventstore.StreamName // of the last run
}

func newBlock() *block { return &block{newest: make(map[int64]int)} }

func (b *block) add(e *eventstore.Recorded, hash int64) {
	if n := len(b.runs); n > 0 && b.name == e.Stream && b.runs[n-1].events < maxRun && b.runs[n-1].end() == e.Revision {
		b.runs[n-1].events++
		return
	}
	before, ok := b.newest[hash]
	if !ok {
		before = -1
	}
	b.newest[hash] = len(b.runs)
	b.before = append(b.before, before)
	b.runs = append(b.runs, run{hash: hash, revision: e.Revision, position: e.Position, events: 1})
	b.name = e.Stream
}

// appendRuns appends the runs of a hash that reach to a revision or beyond,
// newest first.
func (b *block) appendRuns(to []run, hash int64, from eventstore.Revision) []run {
	i, ok := b.newest[hash]
	for ; ok && i >= 0; i = b.before[i] {
		if b.runs[i].end() > from {
			to = append(to, b.runs[i])
		}
	}
	return to
}

// unindexed is the end of the file that the index does not have: events are
// added when they are filed.
type unindexed struct {
	mu     sync.RWMutex
	end    eventstore.Position // of the last event that was added
	blocks []*block            // oldest first; only the last one can be in part
}

// newUnindexed begins behind the last event that the index has.
func newUnindexed(indexed eventstore.Position) *unindexed { return &unindexed{end: indexed} }

// add takes events that continue those before them.
func (u *unindexed) add(events []entry) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range events {
		u.take(&events[i].Recorded, events[i].hash)
	}
}

func (u *unindexed) take(e *eventstore.Recorded, hash int64) {
	if len(u.blocks) == 0 || u.end%blockEvents == 0 {
		u.blocks = append(u.blocks, newBlock())
	}
	u.blocks[len(u.blocks)-1].add(e, hash)
	u.end = e.Position
}

// runs returns the runs of a hash that reach to a revision or beyond, oldest
// first. Two streams may have the same hash.
func (u *unindexed) runs(hash int64, from eventstore.Revision) []run {
	u.mu.RLock()
	defer u.mu.RUnlock()
	var found []run
	for _, b := range slices.Backward(u.blocks) {
		found = b.appendRuns(found, hash, from)
	}
	slices.Reverse(found)
	return found
}

// newest returns the last run of a hash.
func (u *unindexed) newest(hash int64) (run, bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	for _, b := range slices.Backward(u.blocks) {
		if i, ok := b.newest[hash]; ok {
			return b.runs[i], true
		}
	}
	return run{}, false
}

// hashes returns the hashes of all runs.
func (u *unindexed) hashes() []int64 {
	u.mu.RLock()
	defer u.mu.RUnlock()
	var hashes []int64
	for _, b := range u.blocks {
		hashes = slices.AppendSeq(hashes, maps.Keys(b.newest))
	}
	return hashes
}

// wholeBlocks returns how many blocks are whole.
func (u *unindexed) wholeBlocks() int {
	u.mu.RLock()
	defer u.mu.RUnlock()
	if u.end%blockEvents != 0 {
		return max(len(u.blocks)-1, 0)
	}
	return len(u.blocks)
}

// whole returns the runs of the oldest block in the order of the index; none if
// events of it are still to come.
func (u *unindexed) whole() []run {
	if u.wholeBlocks() == 0 {
		return nil
	}
	u.mu.RLock()
	defer u.mu.RUnlock()
	runs := slices.Clone(u.blocks[0].runs)
	slices.SortFunc(runs, run.compare)
	return runs
}

// indexed forgets the oldest block: the index has it.
func (u *unindexed) indexed() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.blocks = slices.Delete(u.blocks, 0, 1)
}
