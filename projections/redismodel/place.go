package redismodel

import (
	"fmt"
	"strconv"

	"daybook/projections/follow"
)

// place is where a model stands as Redis has it: the text of the checkpoint,
// and beside it the sum of what all batches say that they have moved it. The
// sum is the position.
//
// Nothing but a fault of Redis keeps the two from agreeing. When the end of its
// append-only file is lost in the middle of a batch, as a loss of power may do,
// a restart leaves the batch out, as it must, but cuts the file off within it:
// the next batches are written behind half of one, and with them the restart
// after that brings the half back (valkey-io/valkey#4342; Redis 7 likewise).
// Entries are then there twice, or a checkpoint without its orders. Because each
// batch adds to the sum before it writes anything else, and writes the
// checkpoint last, half of one leaves a sum that is never right again, and a
// whole one that was to be lost is either all there is behind the checkpoint
// that it started from, or shows in the sum as well.
type place struct {
	text     string
	position uint64
}

// placeOf returns the place of a checkpoint.
func placeOf(c follow.Checkpoint) (place, error) {
	text, err := EncodeCheckpoint(c)
	return place{text, uint64(c.Position)}, err
}

// sum returns the text of the sum. Without a checkpoint there is none.
func (p place) sum() string {
	if p.text == "" {
		return ""
	}
	return strconv.FormatUint(p.position, 10)
}

// until returns what a batch adds to the sum on the way to another place.
func (p place) until(to place) int64 { return int64(to.position) - int64(p.position) }

// ErrTorn says that Redis has brought back a part of a batch that it had lost,
// or that a batch failed halfway.
var ErrTorn = fmt.Errorf("%w: Redis has a part of a batch: %w", follow.ErrUnreachable, follow.ErrLost)
