package follow

import (
	"time"

	"daybook/eventstore"
)

// State is what a projection is doing.
type State string

// The states.
const (
	Starting   State = "starting"    // has not read its checkpoint yet
	CatchingUp State = "catching-up" // applies what the log held when it began, or reaches for a store
	Live       State = "live"        // has reached the end of the log and follows it
	Stopped    State = "stopped"     // see Status.Err
)

// Status is how a projection is doing at one moment.
type Status struct {
	Name       string
	State      State
	Checkpoint Checkpoint

	// Err is why the projection has stopped, or the failure after which it is
	// trying again; nil if all is well or it was told to stop.
	Err error

	// Lag is the age of the oldest event that is known and not applied, or the
	// time since contact with a store was lost; 0 when all that is known is
	// applied. It is of no use before CaughtUp.
	Lag time.Duration

	// CaughtUp is set once the projection has reached the end of the log, since
	// Run was called or the model was replaced by an older copy.
	CaughtUp bool

	// Mending is why the read model is not whole although it may be read, a
	// sentence without a period; "" if it is.
	Mending string

	Applied uint64 // events applied since Run was called
	Batches uint64 // in this number of batches
	Retries uint64 // failures that were tried again
}

// Position is how far the projection has come.
func (s Status) Position() eventstore.Position { return s.Checkpoint.Position }
