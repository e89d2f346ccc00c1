package eventstore

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// MaxAppendBytes bounds one append: the types, data and metadata of its events
// together. EventStoreDB refuses 1 MiB; the rest is room for its framing.
const MaxAppendBytes = 900_000

// Event is what a writer hands to a store. Data and Metadata are JSON objects
// and belong to the store once appended.
type Event struct {
	ID       EventID
	Type     string // PascalCase, past tense
	Schema   int    // version of the data's meaning, from 1
	Data     []byte
	Metadata []byte // see Metadata; the store adds schema and recordedAt
}

// Recorded is an event as the log has it.
type Recorded struct {
	Event

	Stream   StreamName
	Revision Revision
	Position Position
	// RecordedAt is in UTC and microseconds. In the embedded log it never decreases.
	// A writer to EventStoreDB stamps an append before it sends it: those that are
	// under way at once may stand in the other order, by as much as they take.
	RecordedAt time.Time
}

// EventID identifies an event for ever. It prints as a UUID, which is the form
// that EventStoreDB keeps.
type EventID [16]byte

// DeriveID derives the id of the event that one cause appends to one stream at
// one revision. Repeating an append whose answer was lost repeats its ids, so it
// cannot write twice; and no two events of a stream share an id. The cause is the
// ULID of a delivery, of a command or of an attempt of a process, never a body:
// an id would betray a body by its hash after the body was erased.
//
// The id is the first half of SHA-256 over the stream name (preceded by its length
// in 8 bytes), the SHA-256 of the cause, and the revision in 8 bytes, big-endian,
// marked as a version 8 UUID (RFC 9562, section 5.8). The form is fixed: ids of
// stored events depend on it.
func DeriveID(stream StreamName, cause string, revision Revision) EventID {
	return Cause(stream, cause).ID(revision)
}

// IDs derives the ids of all events that one cause appends to one stream.
type IDs struct {
	stream StreamName
	digest [sha256.Size]byte
}

// Cause prepares DeriveID for several events of one cause.
func Cause(stream StreamName, cause string) IDs {
	return IDs{stream: stream, digest: sha256.Sum256([]byte(cause))}
}

// ID returns the id of the event at a revision.
func (c IDs) ID(revision Revision) EventID {
	buf := make([]byte, 0, 128)
	buf = binary.BigEndian.AppendUint64(buf, uint64(len(c.stream)))
	buf = append(buf, c.stream...)
	buf = append(buf, c.digest[:]...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(revision))
	sum := sha256.Sum256(buf)
	id := EventID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// String returns the id as a UUID: 8-4-4-4-12 lower-case hexadecimal digits.
func (id EventID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// MarshalText returns String.
func (id EventID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText accepts what MarshalText returns.
func (id *EventID) UnmarshalText(text []byte) error {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return fmt.Errorf("event id %q is not a UUID", text)
	}
	var compact [32]byte
	n := copy(compact[:], text[0:8])
	n += copy(compact[n:], text[9:13])
	n += copy(compact[n:], text[14:18])
	n += copy(compact[n:], text[19:23])
	copy(compact[n:], text[24:36])
	if _, err := hex.Decode(id[:], compact[:]); err != nil {
		return fmt.Errorf("event id %q is not a UUID", text)
	}
	return nil
}

// Revision is the number of an event within its stream, from 0.
type Revision uint64

// Position orders the events of the whole log. It only ever grows; there are
// gaps. 0 is before the first event.
type Position uint64

// String returns the position in decimal, the form it has in JSON: as a
// number it would not survive readers that know only doubles.
func (p Position) String() string { return strconv.FormatUint(uint64(p), 10) }

// MarshalText returns String.
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText accepts what MarshalText returns.
func (p *Position) UnmarshalText(text []byte) error {
	parsed, err := ParsePosition(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// ParsePosition reads a position in decimal.
func ParsePosition(text string) (Position, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("position %q is not a whole number from 0 to %d", text, uint64(1)<<63-1)
	}
	return Position(n), nil
}

// Expected is where a writer believes a stream to be: the zero value is
// NoStream. There is no way to append regardless, because every decision in a
// ledger rests on what was read.
type Expected struct {
	length uint64 // number of events; 0 means that the stream does not exist
}

// NoStream expects that the stream has no event.
var NoStream Expected

// At expects that the last event of the stream has this revision.
func At(last Revision) Expected { return Expected{length: uint64(last) + 1} }

// Next returns the revision that the first appended event gets.
func (e Expected) Next() Revision { return Revision(e.length) }

// String describes the expectation for errors.
func (e Expected) String() string {
	if e.length == 0 {
		return "no stream"
	}
	return "revision " + strconv.FormatUint(e.length-1, 10)
}

// Check refuses what no store may accept: no events, an event without type,
// schema or id or whose data or metadata is no JSON object, or more than
// MaxAppendBytes. Of the objects it looks at the braces only.
func Check(stream StreamName, events []Event) error {
	if err := stream.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(events) == 0 {
		return fmt.Errorf("append to %s: %w: no events", stream, ErrInvalid)
	}
	size := 0
	for i, e := range events {
		if e.Type == "" || e.Schema < 1 || e.ID == (EventID{}) {
			return fmt.Errorf("append to %s: %w: event %d lacks id, type or schema", stream, ErrInvalid, i)
		}
		if !isObject(e.Data) || !isObject(e.Metadata) {
			return fmt.Errorf("append to %s: %w: data or metadata of event %d is not a JSON object", stream, ErrInvalid, i)
		}
		size += len(e.Type) + len(e.Data) + len(e.Metadata)
	}
	if size > MaxAppendBytes {
		return fmt.Errorf("append to %s: %w: %d bytes, at most %d", stream, ErrTooLarge, size, MaxAppendBytes)
	}
	return nil
}

func isObject(text []byte) bool {
	return len(text) >= 2 && text[0] == '{' && text[len(text)-1] == '}'
}
