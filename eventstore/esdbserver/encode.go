package esdbserver

import (
	"strconv"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields that an event has on the wire, by streams.proto
// and shared.proto.
const (
	respEvent = 1 // of ReadResp

	readEventEvent          = 1 // of ReadResp.ReadEvent
	readEventCommitPosition = 3

	recordedID       = 1 // of ReadResp.ReadEvent.RecordedEvent
	recordedStream   = 2
	recordedRevision = 3
	recordedPrepare  = 4
	recordedCommit   = 5
	recordedMetadata = 6
	recordedCustom   = 7
	recordedData     = 8

	uuidStructured  = 1 // of UUID
	uuidString      = 2
	structuredMost  = 1 // of UUID.Structured
	structuredLeast = 2

	streamName = 3 // of StreamIdentifier
	mapKey     = 1 // of any map
	mapValue   = 2
)

// keptScratch is what an encoder keeps for the next event, which in a quiet log
// may be long in coming. Nearly all events have less.
const keptScratch = 32 << 10

// encoder encodes events as ReadResp.
type encoder struct {
	textIDs bool

	recorded, readEvent []byte // scratch
}

func (c *encoder) encode(e *event) encoded {
	c.recorded = c.appendRecorded(c.recorded[:0], e)
	c.readEvent = appendBytes(c.readEvent[:0], readEventEvent, c.recorded)
	c.readEvent = protowire.AppendTag(c.readEvent, readEventCommitPosition, protowire.VarintType)
	c.readEvent = protowire.AppendVarint(c.readEvent, uint64(e.position))
	pool := mem.DefaultBufferPool()
	buffer := pool.Get(sizeBytes(respEvent, len(c.readEvent)))
	*buffer = appendBytes((*buffer)[:0], respEvent, c.readEvent)
	if cap(c.recorded) > keptScratch {
		c.recorded, c.readEvent = nil, nil
	}
	return encoded{mem.NewBuffer(buffer, pool)}
}

func (c *encoder) appendRecorded(b []byte, e *event) []byte {
	b = c.appendID(b, e)
	b = protowire.AppendTag(b, recordedStream, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(sizeBytes(streamName, len(e.stream))))
	b = appendString(b, streamName, e.stream)
	b = appendNumber(b, recordedRevision, e.revision)
	b = appendNumber(b, recordedPrepare, uint64(e.position))
	b = appendNumber(b, recordedCommit, uint64(e.position))
	contentType := contentBinary
	if e.json {
		contentType = contentJSON
	}
	var created [20]byte // digits of the largest number
	b = appendPair(b, createdKey, strconv.AppendInt(created[:0], ticks(e.created), 10))
	b = appendPair(b, typeKey, e.kind)
	b = appendPair(b, contentTypeKey, contentType)
	if len(e.metadata) > 0 {
		b = appendBytes(b, recordedCustom, e.metadata)
	}
	if len(e.data) > 0 {
		b = appendBytes(b, recordedData, e.data)
	}
	return b
}

func (c *encoder) appendID(b []byte, e *event) []byte {
	b = protowire.AppendTag(b, recordedID, protowire.BytesType)
	if c.textIDs {
		text := e.id.String()
		b = protowire.AppendVarint(b, uint64(sizeBytes(uuidString, len(text))))
		return appendString(b, uuidString, text)
	}
	most, least := halves(e.id)
	size := sizeNumber(structuredMost, most) + sizeNumber(structuredLeast, least)
	b = protowire.AppendVarint(b, uint64(sizeBytes(uuidStructured, size)))
	b = protowire.AppendTag(b, uuidStructured, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	b = appendNumber(b, structuredMost, most)
	return appendNumber(b, structuredLeast, least)
}

// appendPair appends an entry of the map that has what EventStoreDB says of an
// event.
func appendPair[V string | []byte](b []byte, key string, value V) []byte {
	b = protowire.AppendTag(b, recordedMetadata, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(sizeBytes(mapKey, len(key))+sizeBytes(mapValue, len(value))))
	b = appendString(b, mapKey, key)
	b = protowire.AppendTag(b, mapValue, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(value)))
	return append(b, value...)
}

func appendBytes(b []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), value)
}

func appendString(b []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), value)
}

// appendNumber leaves out 0, which is what a number is that is not there.
func appendNumber(b []byte, field protowire.Number, value uint64) []byte {
	if value == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), value)
}

func sizeBytes(field protowire.Number, length int) int {
	return protowire.SizeTag(field) + protowire.SizeBytes(length)
}

func sizeNumber(field protowire.Number, value uint64) int {
	if value == 0 {
		return 0
	}
	return protowire.SizeTag(field) + protowire.SizeVarint(value)
}
