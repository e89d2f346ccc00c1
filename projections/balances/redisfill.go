package balances

import (
	"context"
	"math/bits"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
)

// The bounds of what is put together before it is written: the more events
// there are of each user, the fewer commands it takes; but it is in memory
// twice, once in the making and once being written.
const (
	maxFillBytes = 32 << 20 // of entries, see room
	maxFillUsers = 120_000  // less than half of maxPurses, so that none of them is forgotten
	maxFillBatch = 1000     // entries and users in one transaction
	maxFillUser  = 4000     // entries of one user, about: they are in one transaction
)

// filling is a model that is filled, as its Filler has it. It puts what was
// folded together by users, whose entries are packed.
type filling struct {
	*Redis
	making window // of what was folded last; its users are the touched purses
	cut    window // that is to be written
	next   int    // of its users
}

// Begin implements redismodel.Folder.
func (f *filling) Begin() {
	f.begin()
	f.purses.valid = false
}

// Fold implements redismodel.Folder.
func (f *filling) Fold(ctx context.Context, from, to follow.Checkpoint, events []eventstore.Recorded) (isFull bool, err error) {
	if f.texts == nil { // growing it would take the same again
		f.texts = make([]byte, 0, f.room()+spareBytes)
	}
	if err := f.fold(ctx, from, events); err != nil {
		return false, err
	}
	f.purses.written(to)
	return len(f.texts) >= f.room() || len(f.touched) >= maxFillUsers || f.hottest >= maxFillUser, nil
}

// spareBytes are for the entries of the batch that makes a window full.
const spareBytes = 1 << 20

// fewPurses take up little of the memory.
const fewPurses = 1 << 17

// room is how many bytes of entries are put together. Where there are many
// users their purses have the memory, and there is little to put together.
func (f *filling) room() int { return maxFillBytes >> bits.Len(uint(f.purses.known()/fewPurses)) }

// Cut implements redismodel.Folder.
func (f *filling) Cut() {
	f.making.take(f.touched)
	f.making.packed, f.making.words, f.texts = f.texts, f.words, f.cut.packed[:0]
	f.making, f.cut, f.next = f.cut, f.making, 0
	f.making.packed = nil
	f.forget()
	if cap(f.texts) > f.room()+spareBytes {
		f.texts = nil
	}
}

// Next implements redismodel.Folder.
func (f *filling) Next(b *redismodel.Batch) (isLast bool, err error) {
	users := f.cut.users
	for values := 0; f.next < len(users) && values < maxFillBatch; f.next++ {
		values += 1 + users[f.next].entries
		f.cut.write(b, &users[f.next])
	}
	return f.next == len(users), nil
}
