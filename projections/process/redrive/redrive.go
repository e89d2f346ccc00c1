// Package redrive is the process that takes kept callbacks in again after an
// upgrade: each once for a newer reader of its format, if it was authenticated when
// it came. What would credit by it waits in review.
package redrive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/process"
)

// Actor is the process in the metadata of events.
const Actor = "process:redrive"

// Formats are the formats of callbacks that are read today.
type Formats interface {
	// Reader returns the number of a format's newest reader, 0 if no route has the
	// format. A body is read by the format of the route that took it, and by no other.
	Reader(format string) int

	// Record reads the body of a delivery by its format, and records what it says. A
	// body that is not understood is a Refusal.
	Record(ctx context.Context, d recorder.Delivery) (recorder.Result, error)
}

// Refusal is why a body is not understood.
type Refusal struct{ Reason quarantine.Reason }

func (r Refusal) Error() string { return "the callback is not understood: " + string(r.Reason) }

// Ledger takes note of what became of a kept callback.
type Ledger interface {
	Redriven(ctx context.Context, redrive quarantine.Redrive, d recorder.Delivery) (recorder.Result, error)
}

// Redrive reads kept callbacks again.
type Redrive struct {
	Log     eventstore.Reader
	Formats Formats
	Ledger  Ledger
	Now     func() time.Time
}

// Process returns it for a runner.
func (r Redrive) Process() process.Process {
	return process.Process{
		Name: "redrive", List: local.Quarantine.Name, Due: r.due, Do: r.do,
		Timeout: 30 * time.Second, AtOnce: 4,
	}
}

// due chooses what a newer reader may understand. A body that was too large was not
// kept, and one whose sender was not established when it came is never read again.
func (r Redrive) due(item local.Item) bool {
	var kept local.Kept
	if err := json.Unmarshal(item.Details, &kept); err != nil {
		return false
	}
	return kept.Method != "" && item.Reason != string(quarantine.TooLarge) && r.Formats.Reader(kept.Format) > max(1, kept.Reader)
}

// do reads one callback again. It may have been done, here or elsewhere, up to any
// step: the ledger recognises the task.
func (r Redrive) do(ctx context.Context, task local.Item) error {
	d, state, err := r.load(ctx, task)
	if err != nil || state.Understood || state.Reader >= d.Reader {
		return err
	}
	redrive := quarantine.Redrive{Task: task.Event, Reader: d.Reader}
	result, err := r.Formats.Record(ctx, d)
	var refusal Refusal
	switch {
	case errors.As(err, &refusal):
		redrive.Outcome, redrive.Reason = quarantine.Still, refusal.Reason
	case err != nil:
		return err
	case result.Outcome == recorder.Quarantined:
		redrive.Outcome, redrive.Reason = quarantine.Still, quarantine.TooMany
	default:
		redrive.Outcome, redrive.Stream = string(result.Outcome), string(result.Stream)
	}
	_, err = r.Ledger.Redriven(ctx, redrive, d)
	return err
}

// load returns a kept callback as it came, and what has become of it.
func (r Redrive) load(ctx context.Context, task local.Item) (recorder.Delivery, quarantine.State, error) {
	var d recorder.Delivery
	var state quarantine.State
	for recorded, err := range r.Log.Read(ctx, task.Stream, 0, eventstore.WithMetadata, eventstore.MustExist) {
		if err != nil {
			return d, state, err
		}
		event, err := quarantine.Codec.Decode(recorded.Type, recorded.Schema, recorded.Data)
		if err != nil {
			return d, state, fmt.Errorf("read %s: %w", task.Stream, err)
		}
		state = quarantine.Evolve(state, event)
		if kept, first := event.(quarantine.CallbackQuarantined); first {
			if d, err = r.delivery(recorded, kept); err != nil {
				return d, state, fmt.Errorf("read %s: %w", task.Stream, err)
			}
		}
	}
	return d, state, nil
}

// delivery is the callback as it came. Who sent it was established then.
func (r Redrive) delivery(recorded eventstore.Recorded, kept quarantine.CallbackQuarantined) (recorder.Delivery, error) {
	var metadata eventstore.Metadata
	if err := json.Unmarshal(recorded.Metadata, &metadata); err != nil {
		return recorder.Delivery{}, err
	}
	e := metadata.Evidence
	switch {
	case kept.Authenticity == nil:
		return recorder.Delivery{}, errors.New("nothing says who sent it")
	case e == nil || e.Body == nil || e.Encoding != "none":
		return recorder.Delivery{}, errors.New("its bytes are not there")
	}
	if sum := sha256.Sum256(e.Body); hex.EncodeToString(sum[:]) != kept.Digest {
		return recorder.Delivery{}, fmt.Errorf("%w: the body is not the one that was kept", eventstore.ErrDamaged)
	}
	received, err := time.Parse(time.RFC3339Nano, e.Received)
	if err != nil {
		return recorder.Delivery{}, err
	}
	return recorder.Delivery{
		ID: eventstore.NewULID(r.Now()), Actor: Actor, Format: kept.Format, Received: received, Source: e.Source, Headers: e.Headers,
		Body: e.Body, Length: int64(len(e.Body)), Method: kept.Authenticity.Method, Reader: r.Formats.Reader(kept.Format),
		Task: recorded.ID.String(), First: metadata.CorrelationID,
	}, nil
}
