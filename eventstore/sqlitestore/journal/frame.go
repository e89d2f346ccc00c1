package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

const (
	// blockSize in bytes is where frames begin and end. A write that is torn by
	// the loss of power spoils whole sectors: no frame shares one with another.
	blockSize = 4096

	// headerSize in bytes: magic 8, checksum 4, length of the payload 4,
	// sequence 8, first 8, count 4, unused 4, time 8, previous 16; integers are
	// little-endian. The checksum is CRC-32C over all behind it.
	headerSize   = 64
	checksumAt   = 8
	checkedFrom  = 12
	lengthAt     = 12
	sequenceAt   = 16
	firstAt      = 24
	countAt      = 32
	timeAt       = 40
	previousAt   = 48
	previousSize = 16
)

var (
	magic      = []byte("DAYBOOKJ")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Frame is what one Write keeps: all of it or nothing.
type Frame struct {
	// First is the number of the frame's first record; First of the next frame
	// is First plus Count. A frame without records is a trial.
	First uint64
	Count uint32

	// Time is when the frame was written, in microseconds since 1970.
	Time int64

	// Previous identifies the record before First, so that a frame is not taken
	// for the continuation of something else.
	Previous [previousSize]byte

	// Payload has the records, in a form that is the writer's own.
	Payload []byte

	sequence uint64 // of the frame in its file, ascending
}

// Last returns the number of the frame's last record.
func (f Frame) Last() uint64 { return f.First + uint64(f.Count) - 1 }

// appendFrame appends a frame in whole blocks.
func appendFrame(buffer []byte, f Frame, payload [][]byte) []byte {
	start := len(buffer)
	buffer = append(buffer, make([]byte, headerSize)...)
	for _, part := range payload {
		buffer = append(buffer, part...)
	}
	frame := buffer[start:]
	copy(frame, magic)
	binary.LittleEndian.PutUint32(frame[lengthAt:], uint32(len(frame)-headerSize))
	binary.LittleEndian.PutUint64(frame[sequenceAt:], f.sequence)
	binary.LittleEndian.PutUint64(frame[firstAt:], f.First)
	binary.LittleEndian.PutUint32(frame[countAt:], f.Count)
	binary.LittleEndian.PutUint64(frame[timeAt:], uint64(f.Time))
	copy(frame[previousAt:], f.Previous[:])
	binary.LittleEndian.PutUint32(frame[checksumAt:], crc32.Checksum(frame[checkedFrom:], castagnoli))
	if rest := len(frame) % blockSize; rest != 0 {
		buffer = append(buffer, make([]byte, blockSize-rest)...)
	}
	return buffer
}

// parseFrame reads the frame that data begins with. It reports false if there
// is none, or not all of it.
func parseFrame(data []byte) (Frame, bool) {
	if len(data) < headerSize || !bytes.Equal(data[:len(magic)], magic) {
		return Frame{}, false
	}
	length := int(binary.LittleEndian.Uint32(data[lengthAt:]))
	if length > len(data)-headerSize {
		return Frame{}, false
	}
	frame := data[:headerSize+length]
	if binary.LittleEndian.Uint32(frame[checksumAt:]) != crc32.Checksum(frame[checkedFrom:], castagnoli) {
		return Frame{}, false
	}
	f := Frame{
		First:    binary.LittleEndian.Uint64(frame[firstAt:]),
		Count:    binary.LittleEndian.Uint32(frame[countAt:]),
		Time:     int64(binary.LittleEndian.Uint64(frame[timeAt:])),
		Payload:  frame[headerSize:],
		sequence: binary.LittleEndian.Uint64(frame[sequenceAt:]),
	}
	copy(f.Previous[:], frame[previousAt:])
	return f, true
}

// blocks rounds a length in bytes up to whole blocks.
func blocks(length int64) int64 { return (length + blockSize - 1) / blockSize * blockSize }
