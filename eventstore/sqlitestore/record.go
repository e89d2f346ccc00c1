package sqlitestore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore/journal"
)

// A record is an event in the payload of a frame: revision 8 bytes, id 16,
// schema 4, the lengths of stream, type, data and metadata 4 each, and these;
// integers are little-endian. Position and time are the frame's.
const recordHeader = 8 + 16 + 4 + 4*4

var errRecord = errors.New("a record of the journal cannot be read")

// encode appends the events of an append as records.
func encode(buffer []byte, stream eventstore.StreamName, first eventstore.Revision, events []eventstore.Event) []byte {
	size := 0
	for i := range events {
		e := &events[i]
		size += recordHeader + len(stream) + len(e.Type) + len(e.Data) + len(e.Metadata)
	}
	buffer = slices.Grow(buffer, size)
	for i := range events {
		e := &events[i]
		buffer = binary.LittleEndian.AppendUint64(buffer, uint64(first)+uint64(i))
		buffer = append(buffer, e.ID[:]...)
		buffer = binary.LittleEndian.AppendUint32(buffer, uint32(e.Schema))
		for _, length := range []int{len(stream), len(e.Type), len(e.Data), len(e.Metadata)} {
			buffer = binary.LittleEndian.AppendUint32(buffer, uint32(length))
		}
		buffer = append(buffer, stream...)
		buffer = append(buffer, e.Type...)
		buffer = append(buffer, e.Data...)
		buffer = append(buffer, e.Metadata...)
	}
	return buffer
}

// decode returns the events of a frame. They share its memory.
func decode(frame journal.Frame) ([]eventstore.Recorded, error) {
	events := make([]eventstore.Recorded, 0, frame.Count)
	at := time.UnixMicro(frame.Time).UTC()
	rest := frame.Payload
	for range frame.Count {
		e, behind, ok := decodeRecord(rest)
		if !ok {
			return nil, fmt.Errorf("%w: position %d", errRecord, frame.First+uint64(len(events)))
		}
		e.Position, e.RecordedAt = eventstore.Position(frame.First)+eventstore.Position(len(events)), at
		events, rest = append(events, e), behind
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes behind position %d", errRecord, len(rest), frame.Last())
	}
	return events, nil
}

func decodeRecord(data []byte) (e eventstore.Recorded, rest []byte, ok bool) {
	if len(data) < recordHeader {
		return e, nil, false
	}
	e.Revision = eventstore.Revision(binary.LittleEndian.Uint64(data))
	copy(e.ID[:], data[8:])
	e.Schema = int(binary.LittleEndian.Uint32(data[24:]))
	rest = data[recordHeader:]
	var parts [4][]byte
	for i := range parts {
		length := uint64(binary.LittleEndian.Uint32(data[28+4*i:]))
		if length > uint64(len(rest)) {
			return e, nil, false
		}
		parts[i], rest = rest[:length:length], rest[length:]
	}
	e.Stream, e.Type, e.Data, e.Metadata = eventstore.StreamName(parts[0]), string(parts[1]), parts[2], parts[3]
	return e, rest, true
}
