package httpapi

import (
	"fmt"
	"net/http"

	"daybook/eventstore"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxPageBytes bounds the data of one page of events: evidence is large.
	maxPageBytes = 8 << 20

	// firstPageBytes is what the store reads before the first event is there.
	// Where there is not more memory than that, pages end there.
	firstPageBytes = 1 << 20
)

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

// streamRoutes answer from the log, never from a read model.
type streamRoutes struct{ log eventstore.Reader }

// get answers with the events of a stream as the log has them, evidence included.
func (s streamRoutes) get(w *call, r *http.Request) error {
	name, err := encodedSegment(r, "stream")
	if err != nil {
		return err
	}
	stream, err := eventstore.ParseStreamName(name)
	if err != nil {
		return badRequest.problem("A stream is named category-id, such as order-coinbase.5RTQNACF.", nil)
	}
	limit, err := w.limit()
	if err != nil {
		return err
	}
	from, err := w.number("from")
	if err != nil {
		return err
	}
	if err := w.reserve(r.Context(), firstPageBytes); err != nil {
		return err
	}
	page := streamPage{limit: limit, room: w.reserved}
	for event, err := range s.log.Read(r.Context(), stream, eventstore.Revision(from), eventstore.WithMetadata) {
		if err != nil {
			return err
		}
		if fits, err := page.add(event); err != nil {
			return err
		} else if !fits {
			break
		}
	}
	if len(page.events) == 0 && from == 0 {
		return notFound.problem("No event has been recorded in this stream.", nil)
	}
	return writeClaimed(w, page.body(stream))
}

// streamPage is the answer with a page of events. They are encoded one by one, so
// that no page is in memory in two forms.
type streamPage struct {
	limit  int
	room   *reservation
	events [][]byte // encoded
	data   int      // bytes of data and metadata
	size   int      // bytes of events
	next   string   // ?from= of the following page
}

// add puts an event into the page, or reports that it is for the next one: because
// the page is full, or because there is no memory for more of it.
func (p *streamPage) add(event eventstore.Recorded) (fits bool, err error) {
	p.data += len(event.Data) + len(event.Metadata)
	first := len(p.events) == 0
	fits = len(p.events) < p.limit && (first || p.data <= maxPageBytes)
	if fits {
		encoded, err := json.Marshal(NewEvent(event))
		if err != nil {
			return false, fmt.Errorf("encode event: %w", err)
		}
		p.size += len(encoded) + 1
		if fits = p.size <= firstPageBytes || p.room.resize(p.size) || first; fits {
			p.events = append(p.events, encoded)
		}
	}
	if !fits {
		p.next = fmt.Sprint(event.Revision)
	}
	return fits, nil
}

// body returns the answer.
func (p *streamPage) body(stream eventstore.StreamName) []byte {
	body := make([]byte, 0, p.size+eventstore.MaxStreamNameBytes+100)
	body = append(body, `{"stream":"`+string(stream)+`","events":[`...)
	for i, event := range p.events {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, event...)
	}
	body = append(body, ']')
	if p.next != "" {
		body = append(body, `,"next":"`+p.next+`"`...)
	}
	return append(body, '}')
}
