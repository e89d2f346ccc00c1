// Package eventstore is the contract of an append-only log of events in
// streams, and the one way to write to it: load, decide, append.
//
// It knows nothing of payments. Implementations live in the folders below and
// pass the suite in storetest.
package eventstore

import (
	"context"
	"errors"
	"iter"
)

// The errors of the contract. Stores wrap them with the stream and the cause;
// callers compare with errors.Is.
var (
	// ErrConflict says that the stream was not where the writer expected it,
	// so that a decision made on its events may no longer hold. Nothing was
	// written. Load, decide again, append again; Execute does that.
	ErrConflict = errors.New("stream has moved on")

	// ErrUnavailable says that the store could not be asked, or that its answer
	// was lost and the events may be stored or not. The same append, with the
	// same ids at the same expectation, may be repeated at any time.
	ErrUnavailable = errors.New("event store unavailable")

	// ErrTooLarge says that an append exceeds MaxAppendBytes. Nothing was
	// written, and repeating it is of no use.
	ErrTooLarge = errors.New("append too large")

	// ErrInvalid says that a stream name or an event breaks the contract: a
	// fault of the caller. Nothing was written.
	ErrInvalid = errors.New("not a valid append")

	// ErrDamaged says that the log is not what was written to it: events are
	// missing, changed, or of another program. Repeating does not help; the
	// error says what does. What follows the damage is not to be trusted.
	ErrDamaged = errors.New("the log is damaged")

	// ErrLocked says that another process has the log open for writing.
	ErrLocked = errors.New("log is open for writing in another process")
)

// Store is an append-only log of streams. All methods may be called from any
// number of goroutines.
type Store interface {
	Reader

	// Append writes events at the end of a stream, all or none, if the stream
	// is where expected says. When it returns without an error the events are
	// durable: they survive the loss of power.
	//
	// An append of the same event ids at the same expectation succeeds again,
	// for ever, with the revision and position it had the first time; if only
	// some of the ids are the same it is an ErrConflict. Ids are compared, data
	// is not.
	Append(ctx context.Context, stream StreamName, expected Expected, events ...Event) (Appended, error)

	// Subscribe delivers the events of all streams like ReadAll, and then those
	// that are appended later, without end: it ends only with an error, of
	// the context if nothing else.
	Subscribe(ctx context.Context, after Position, include ...Include) iter.Seq2[Message, error]

	// Ready reports whether an append would be accepted, by trying as much of
	// it as leaves no event behind.
	Ready(ctx context.Context) error
}

// Reader is the part of a Store that recomputing from the log needs. A log
// that another process writes can be opened as a Reader alone.
//
// Sequences are read lazily: each step may block, a cancelled context or a
// fault ends the sequence with one error as its last element, and the consumer
// may stop at any element. A sequence that ends without an error has
// delivered everything it was asked for.
type Reader interface {
	// Read delivers the events of one stream in order from a revision on
	// (inclusive) up to the end that the stream has during the call. A stream
	// that does not exist is empty.
	Read(ctx context.Context, stream StreamName, from Revision, include ...Include) iter.Seq2[Recorded, error]

	// ReadAll delivers the events of all streams in the order of their
	// positions, after a position (exclusive) up to the end of the log during
	// the call.
	ReadAll(ctx context.Context, after Position, include ...Include) iter.Seq2[Recorded, error]
}

// Include asks a read for what it leaves out unless named, because most need
// not have it and it is expensive.
type Include uint8

const (
	// WithMetadata includes Recorded.Metadata.
	WithMetadata Include = iota + 1

	// MustExist says of a stream that it has had the event to begin at. A store
	// in which somebody can delete a stream looks whether that has happened, and
	// ends with an ErrDamaged instead of delivering nothing.
	MustExist
)

// Includes reports whether part is among those asked for.
func Includes(asked []Include, part Include) bool {
	for _, a := range asked {
		if a == part {
			return true
		}
	}
	return false
}

// Appended says where an append ended.
type Appended struct {
	Revision Revision // of the last event
	Position Position // of the last event
}

// Message is one element of a subscription: an event, or a mark that says how
// far the log has been read although nothing was delivered.
type Message struct {
	Event *Recorded // nil for a mark

	// Position of the event; for a mark, every event up to and including it
	// has been delivered.
	Position Position

	// CaughtUp is set on a mark when the subscription has reached the end that
	// the log had at that moment and goes on with what is appended.
	CaughtUp bool
}
