// Package follow keeps read models: it follows the log, hands its events
// to a projector in batches, and says how far that has come. It knows neither
// what a model is of nor where it is kept.
//
// A read model is a fold of a prefix of the log, and its checkpoint says
// which. Effects and checkpoint are written together or not at all, so that a
// crash anywhere, two runners on one model, or a model restored from an older
// copy never lose an event or count one twice.
package follow

import (
	"context"
	"errors"

	"daybook/eventstore"
)

// MaxBatch is the largest number of events in one Apply. A store that blocks
// while it writes a batch is blocked for no longer than that takes.
const MaxBatch = 1000

var (
	// ErrCheckpointMoved says that the stored checkpoint is not the one that a
	// batch started from: somebody else has written, or an older copy was
	// restored. Nothing was written.
	ErrCheckpointMoved = errors.New("checkpoint has moved")

	// ErrCannotFold says that an event is not understood. Nothing of its batch
	// was written, and trying again is of no use: the projection stops, because
	// a balance without that event could be wrong.
	ErrCannotFold = errors.New("cannot fold event")

	// ErrWrongLog says that a read model was not built from this log: the log's
	// id is another, or the last event that the model has applied is not in it.
	ErrWrongLog = errors.New("read model was built from another log")

	// ErrOtherFold says that another version of the program folded the events
	// of a read model, so that going on would mix two meanings.
	ErrOtherFold = errors.New("read model was built by another version of its fold: run `daybook rebuild`")

	// ErrStopped says that a projection is not running: it was told to stop, or
	// could not go on, which the wrapped error then says.
	ErrStopped = errors.New("projection has stopped")

	// ErrBehind says that a projection is running, and further behind the log
	// than was asked for.
	ErrBehind = errors.New("projection is behind")

	// ErrUnreachable says that the store of a read model does not answer, or
	// that what answers cannot keep one. Trying again may help.
	ErrUnreachable = errors.New("read model cannot be reached")

	// ErrLost says that a read model has lost so much that nobody can go on with
	// it. It is emptied and filled again from the log.
	ErrLost = errors.New("it is filled again from the log")

	// ErrMending says that what a read asks for was lost or changed by somebody
	// else, and is made again from the log.
	ErrMending = errors.New("this part of the read model was lost or changed by somebody else, and is made again from the log")
)

// Fault is an ErrUnreachable with a reason, and what to do, for people who may
// not see the error: it names no host, no user and no key.
type Fault struct {
	Reason string
	Err    error
}

func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f *Fault) Unwrap() error { return f.Err }

// Projector is a read model as its runner sees it. It is called by one
// goroutine; other runners, in this process or another, may share the store
// behind it.
type Projector interface {
	// Name tells the projection apart in logs, metrics and stored checkpoints.
	Name() string

	// FoldVersion is the number of the meaning that the fold gives to events,
	// from 1. Models of different versions do not mix.
	FoldVersion() int

	// Load returns the stored checkpoint, zero if the model is empty. It is
	// called before the first batch, after every error, and now and then while
	// there is nothing to apply. With an ErrLost it has the LogID alone, if that is
	// known.
	Load(ctx context.Context) (Checkpoint, error)

	// Apply writes the effects of events and the checkpoint to, together, if the
	// stored checkpoint is from; otherwise it writes nothing and returns an
	// ErrCheckpointMoved. Events are those between the two in the order of the
	// log, at most MaxBatch; none if the log had only events of others. An event
	// that it does not understand is an ErrCannotFold. After any other error the
	// batch may have been written or not: Load tells.
	//
	// Events belong to the caller and are not kept.
	Apply(ctx context.Context, from, to Checkpoint, events []eventstore.Recorded) error
}

// Mender is a Projector whose store may lose keys, or have them changed by
// others.
type Mender interface {
	// Mend looks for what is lost, and makes it again from the log up to the
	// stored checkpoint. It does a small part of that and is called again, between
	// batches; most often there is nothing to do. IsLive says that the end of the
	// log was reached.
	Mend(ctx context.Context, log eventstore.Reader, stored Checkpoint, isLive bool) (Mending, error)

	// Discard empties a model of which Load has said that it is an ErrLost.
	Discard(ctx context.Context) error
}

// Disposable is a Projector whose read model belongs to its runner alone and is
// cheap to fold again. What cannot be resumed with this log and fold is replaced.
type Disposable interface {
	// Reset empties the model, and logs why.
	Reset(ctx context.Context, why error) error
}

// Mending is what a Mender is at.
type Mending struct {
	Reason string // why the read model is not whole, a sentence without a period; "" if it is
	More   bool   // there is more to do at once
}

// Checkpoint says which prefix of which log a read model is a fold of. It is
// comparable; the zero value is the beginning of any log.
type Checkpoint struct {
	LogID    string              // of the log; see eventstore.LogCreated
	Position eventstore.Position // every event up to and including it is applied
	Fold     int                 // version of the fold that applied them

	// The last event at or before Position. A quiet stretch of the log moves
	// Position past it, which is why its place in a stream is kept: there it is
	// looked up to see whether the log is still the same.
	EventID  eventstore.EventID
	Stream   eventstore.StreamName
	Revision eventstore.Revision
}

// after returns the checkpoint behind an event.
func (c Checkpoint) after(e eventstore.Recorded) Checkpoint {
	c.Position, c.EventID, c.Stream, c.Revision = e.Position, e.ID, e.Stream, e.Revision
	return c
}
