package eventstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// The types of the events by which a log says that some of it may be missing. They
// are in LogStream.
const (
	LossFoundType    = "LossFound"
	LossAcceptedType = "LossAccepted"
)

// LossFound says that events which may have been acknowledged are not in the log.
// The store records it when it starts without them; later events have their
// positions.
type LossFound struct {
	First Position `json:"first"`         // of the missing events
	Last  Position `json:"last,omitzero"` // none if that is not known
	Cause string   `json:"cause"`
}

// LossAccepted says that a person has seen all losses that were found before.
type LossAccepted struct {
	Reason string `json:"reason"`
}

// EventType names the event in the log.
func (LossFound) EventType() string { return LossFoundType }

// EventType names the event in the log.
func (LossAccepted) EventType() string { return LossAcceptedType }

// String names the positions.
func (l LossFound) String() string {
	switch l.Last {
	case 0:
		return fmt.Sprintf("positions from %s on", l.First)
	case l.First:
		return fmt.Sprintf("position %s", l.First)
	}
	return fmt.Sprintf("positions %s to %s", l.First, l.Last)
}

// ErrNoLoss says that no loss waits to be accepted.
var ErrNoLoss = errors.New("nothing is known to be missing from the log: there is nothing to accept")

// OpenLosses returns the losses that nobody has accepted, oldest first.
func OpenLosses(ctx context.Context, log Reader) ([]LossFound, error) {
	open, _, err := openLosses(ctx, log)
	return open, err
}

func openLosses(ctx context.Context, log Reader) (open []LossFound, last Revision, err error) {
	for event, err := range log.Read(ctx, LogStream, 0) {
		if err != nil {
			return nil, 0, fmt.Errorf("read the losses of the log: %w", err)
		}
		last = event.Revision
		switch event.Type {
		case LossFoundType:
			var found LossFound
			if err := json.Unmarshal(event.Data, &found); err != nil {
				return nil, 0, fmt.Errorf("the event at position %s names no loss: %w", event.Position, err)
			}
			open = append(open, found)
		case LossAcceptedType:
			open = nil
		}
	}
	return open, last, nil
}

// AcceptLosses records that a person has seen the losses of a log, and returns
// those. It is an ErrNoLoss if there are none.
func AcceptLosses(ctx context.Context, log Store, a Acceptance) ([]LossFound, Appended, error) {
	open, last, err := openLosses(ctx, log)
	switch {
	case err != nil:
		return nil, Appended{}, err
	case len(open) == 0:
		return nil, Appended{}, ErrNoLoss
	}
	event, err := a.Event(last + 1)
	if err != nil {
		return nil, Appended{}, err
	}
	appended, err := log.Append(ctx, LogStream, At(last), event)
	return open, appended, err
}

// Acceptance is who accepts losses, when and why.
type Acceptance struct {
	Actor  string // such as operator:alice
	Reason string
	Now    time.Time
}

// maxReason in bytes bounds a reason.
const maxReason = 1000

// Check returns what is wrong with an acceptance.
func (a Acceptance) Check() error {
	if strings.TrimSpace(a.Reason) == "" || len(a.Reason) > maxReason {
		return fmt.Errorf("the reason has to be a text of at most %d bytes: say what was lost, how, and what was done about it", maxReason)
	}
	return nil
}

// Event returns the LossAccepted at a revision of LogStream.
func (a Acceptance) Event(revision Revision) (Event, error) {
	if err := a.Check(); err != nil {
		return Event{}, err
	}
	return LogEvent(LossAccepted{a.Reason}, a.Actor, revision, a.Now)
}
