package httpapi

import (
	"fmt"
	"net/http"

	"daybook/eventstore"

	"github.com/go-json-experiment/json/jsontext"
)

// maxPageBytes bounds the data of one page of events: evidence is large.
const maxPageBytes = 8 << 20

type streamAnswer struct {
	Stream eventstore.StreamName `json:"stream"`
	Events []Event               `json:"events"`
	Next   string                `json:"next,omitzero"` // ?from= of the following page
}

// Event is a recorded event as auditors get it, here and from daybook replay.
type Event struct {
	Revision   uint64              `json:"revision"`
	Position   eventstore.Position `json:"position"`
	ID         eventstore.EventID  `json:"id"`
	Type       string              `json:"type"`
	RecordedAt string              `json:"recorded_at"`
	Data       jsontext.Value      `json:"data"`
	Metadata   jsontext.Value      `json:"metadata"`
}

// NewEvent puts a recorded event, which must have its metadata, into that form.
func NewEvent(e eventstore.Recorded) Event {
	return Event{
		Revision:   uint64(e.Revision),
		Position:   e.Position,
		ID:         e.ID,
		Type:       e.Type,
		RecordedAt: eventstore.FormatTime(e.RecordedAt),
		Data:       e.Data,
		Metadata:   e.Metadata,
	}
}

// getStream answers with the events of a stream as the log has them, evidence
// included. It reads the log, never a read model.
func (s *Server) getStream(w *call, r *http.Request) error {
	name, err := encodedSegment(w, "stream")
	if err != nil {
		return err
	}
	stream, err := eventstore.ParseStreamName(name)
	if err != nil {
		return badRequest.problem("A stream is named category-id, such as order-coinbase.5RTQNACF.", nil)
	}
	limit, err := limitParameter(r)
	if err != nil {
		return err
	}
	from, err := numberParameter(r, "from")
	if err != nil {
		return err
	}
	answer := streamAnswer{Stream: stream, Events: []Event{}}
	size := 0
	for event, err := range s.store.Read(r.Context(), stream, eventstore.Revision(from), eventstore.WithMetadata) {
		if err != nil {
			return err
		}
		size += len(event.Data) + len(event.Metadata)
		if len(answer.Events) == limit || size > maxPageBytes && len(answer.Events) > 0 {
			answer.Next = fmt.Sprint(event.Revision)
			break
		}
		answer.Events = append(answer.Events, NewEvent(event))
	}
	if len(answer.Events) == 0 && from == 0 {
		return notFound.problem("No event has been recorded in this stream.", nil)
	}
	return writeJSON(w, http.StatusOK, answer)
}
