package esdbserver

import (
	"context"
	"fmt"
	"strings"

	"daybook/eventstore"
)

// In a scratch log a stream of any name is kept in a stream of the category
// streamCategory, with the bytes that the contract does not allow
// percent-encoded in the id. The tombstone of a stream is alone in a stream of
// the other category, so that one look tells that there is none.
const (
	streamCategory    = "esdb"
	tombstoneCategory = "esdbtombstone"
)

// asScratch serves what clients of EventStoreDB wrote.
type asScratch struct {
	store eventstore.Reader
}

func (asScratch) stored(stream string) (eventstore.StreamName, bool) {
	return encodeName(streamCategory, stream)
}

func (v asScratch) served(ctx context.Context, recorded *eventstore.Recorded) (e event, shown bool, err error) {
	e = event{
		id:       recorded.ID,
		revision: uint64(recorded.Revision),
		position: recorded.Position,
		created:  recorded.RecordedAt,
		kind:     recorded.Type,
	}
	switch recorded.Stream.Category() {
	case streamCategory:
	case tombstoneCategory:
		e.revision = tombstoneRevision
	default:
		return event{}, false, nil
	}
	e.stream = decodeName(recorded.Stream)
	e.content, err = v.open(ctx, recorded)
	return e, err == nil, err
}

func encodeName(category, stream string) (eventstore.StreamName, bool) {
	name := make([]byte, 0, len(category)+1+len(stream))
	name = append(append(name, category...), '-')
	for i := range len(stream) {
		switch c := stream[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("._~-", c) >= 0:
			name = append(name, c)
		default:
			name = fmt.Appendf(name, "%%%02X", c)
		}
	}
	return eventstore.StreamName(name), stream != "" && len(name) <= eventstore.MaxStreamNameBytes
}

func decodeName(name eventstore.StreamName) string {
	id := name.ID()
	if strings.IndexByte(id, '%') < 0 {
		return id
	}
	stream := make([]byte, 0, len(id))
	for i := 0; i < len(id); i++ {
		if c := id[i]; c == '%' && i+2 < len(id) {
			stream = append(stream, unhex(id[i+1])<<4|unhex(id[i+2]))
			i += 2
		} else {
			stream = append(stream, c)
		}
	}
	return string(stream)
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'A' + 10
}
