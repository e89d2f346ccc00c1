package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A journal file is a sequence of blocks: its own header, then frames in a
// circle. Each frame is followed by a terminator, written and synced with it,
// which the next frame overwrites. So a reader can tell the newest frame from
// one whose successors were lost: after it stands its terminator, or the
// beginning of the frame that was being written.
//
//	block 0   file header: magic, checksum, id of the journal, base
//	frames    header, payload, padding to whole blocks
//	          terminator: magic, checksum, sequence of the frame before it, flag
//	the rest  blocks that begin with the magic of free space
//
// Integers are little-endian, checksums CRC-32C.
const (
	// blockSize in bytes is where frames begin and end. A write that is torn by
	// the loss of power spoils whole sectors: no frame shares one with another.
	blockSize = 4096

	// sectorSize in bytes is what a disk writes whole or not at all.
	sectorSize = 512

	// firstFrame is the offset of the first frame of a circle.
	firstFrame = blockSize
)

// The header of a frame: magic 8, checksum of the header's rest 4, checksum of
// the payload 4, length of the payload 4, count 4, sequence 8, first 8, time 8,
// previous 16.
const (
	headerSumAt   = 8
	headerSumFrom = 12
	payloadSumAt  = 12
	lengthAt      = 16
	countAt       = 20
	sequenceAt    = 24
	firstAt       = 32
	timeAt        = 40
	previousAt    = 48
	previousSize  = 16
	headerSize    = previousAt + previousSize
)

var (
	frameMagic      = []byte("DAYBOOKJ")
	terminatorMagic = []byte("DAYBOOKT")
	freeMagic       = []byte("DAYBOOKF")

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

// Last returns the number of the last record up to and in the frame.
func (f Frame) Last() uint64 { return f.First + uint64(f.Count) - 1 }

// frameBlocks returns how many bytes a frame and its terminator take up.
func frameBlocks(payload [][]byte) int64 {
	length := int64(headerSize)
	for _, part := range payload {
		length += int64(len(part))
	}
	return blocks(length) + blockSize
}

// appendFrame appends a frame in whole blocks, and its terminator.
func appendFrame(buffer []byte, f Frame, payload [][]byte) []byte {
	start := len(buffer)
	buffer = append(buffer, make([]byte, headerSize)...)
	for _, part := range payload {
		buffer = append(buffer, part...)
	}
	frame := buffer[start:]
	copy(frame, frameMagic)
	binary.LittleEndian.PutUint32(frame[payloadSumAt:], checksum(frame[headerSize:]))
	binary.LittleEndian.PutUint32(frame[lengthAt:], uint32(len(frame)-headerSize))
	binary.LittleEndian.PutUint32(frame[countAt:], f.Count)
	binary.LittleEndian.PutUint64(frame[sequenceAt:], f.sequence)
	binary.LittleEndian.PutUint64(frame[firstAt:], f.First)
	binary.LittleEndian.PutUint64(frame[timeAt:], uint64(f.Time))
	copy(frame[previousAt:], f.Previous[:])
	binary.LittleEndian.PutUint32(frame[headerSumAt:], checksum(frame[headerSumFrom:headerSize]))
	if rest := len(frame) % blockSize; rest != 0 {
		buffer = append(buffer, make([]byte, blockSize-rest)...)
	}
	return appendTerminator(buffer, terminator{after: f.sequence})
}

// parseHeader reads the header that a block begins with, and the length and
// checksum of the payload that must follow it. It reports false if there is none.
func parseHeader(block []byte) (f Frame, length int64, sum uint32, ok bool) {
	if !isSealed(block, frameMagic, headerSize) {
		return Frame{}, 0, 0, false
	}
	f = Frame{
		First:    binary.LittleEndian.Uint64(block[firstAt:]),
		Count:    binary.LittleEndian.Uint32(block[countAt:]),
		Time:     int64(binary.LittleEndian.Uint64(block[timeAt:])),
		sequence: binary.LittleEndian.Uint64(block[sequenceAt:]),
	}
	copy(f.Previous[:], block[previousAt:])
	return f, int64(binary.LittleEndian.Uint32(block[lengthAt:])), binary.LittleEndian.Uint32(block[payloadSumAt:]), true
}

// terminator is the block after the newest frame.
type terminator struct {
	after     uint64 // sequence of the frame before it
	continued bool   // the next frame is written at the beginning of the file
}

// A terminator: magic 8, checksum of the rest 4, flag 4, sequence 8.
const (
	flagAt         = 12
	afterAt        = 16
	terminatorSize = 24
)

func appendTerminator(buffer []byte, t terminator) []byte {
	start := len(buffer)
	buffer = append(buffer, make([]byte, blockSize)...)
	block := buffer[start:]
	copy(block, terminatorMagic)
	if t.continued {
		block[flagAt] = 1
	}
	binary.LittleEndian.PutUint64(block[afterAt:], t.after)
	binary.LittleEndian.PutUint32(block[headerSumAt:], checksum(block[headerSumFrom:terminatorSize]))
	return buffer
}

func parseTerminator(block []byte) (terminator, bool) {
	if !isSealed(block, terminatorMagic, terminatorSize) {
		return terminator{}, false
	}
	return terminator{after: binary.LittleEndian.Uint64(block[afterAt:]), continued: block[flagAt] == 1}, true
}

// isSealed reports whether a block begins with a magic and a structure of some
// size whose checksum is right.
func isSealed(block, magic []byte, size int) bool {
	return len(block) >= size && bytes.HasPrefix(block, magic) &&
		binary.LittleEndian.Uint32(block[headerSumAt:]) == checksum(block[headerSumFrom:size])
}

func checksum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// blocks rounds a length in bytes up to whole blocks.
func blocks(length int64) int64 { return (length + blockSize - 1) / blockSize * blockSize }

// freeBlocks returns blocks of free space. They are not zero, so that a part of
// the file that somebody has emptied is not taken for one that was never used.
func freeBlocks(length int64) []byte {
	free := make([]byte, length)
	for at := int64(0); at < length; at += blockSize {
		copy(free[at:], freeMagic)
	}
	return free
}
