package sqlitestore

import (
	"fmt"

	"daybook/eventstore"
)

// query asks for the next events of the whole log, or of one stream.
type query struct {
	whole    bool
	after    eventstore.Position // of the whole log, exclusive
	stream   eventstore.StreamName
	hash     int64               // of the stream, see hashOf
	from     eventstore.Revision // of the stream, inclusive
	runs     []run               // of the stream's hash, those that the index may lack
	metadata bool
	one      bool // the first event is enough
}

// isNext reports whether an event is the index-th that the query asks for:
// neither positions nor revisions have gaps in this store.
func (q *query) isNext(event *eventstore.Recorded, index int) bool {
	if q.whole {
		return event.Position == q.after+1+eventstore.Position(index)
	}
	return event.Revision == q.from+eventstore.Revision(index)
}

// isPast reports whether the query asks only for events after one.
func (q *query) isPast(event *eventstore.Recorded) bool {
	if q.whole {
		return event.Position <= q.after
	}
	return event.Revision < q.from
}

// advance makes the query ask for the events after one.
func (q *query) advance(event *eventstore.Recorded) {
	q.after, q.from = event.Position, event.Revision+1
	for len(q.runs) > 0 && q.runs[0].end() <= q.from {
		q.runs = q.runs[1:]
	}
}

// failed wraps the error of a query.
func (q *query) failed(err error) error {
	if q.whole {
		return fmt.Errorf("read log: %w", err)
	}
	return fmt.Errorf("read %s: %w", q.stream, err)
}
