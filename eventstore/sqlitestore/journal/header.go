package journal

import (
	"crypto/rand"
	"encoding/binary"
)

// ID names a journal file. The log that the journal belongs to keeps it too, so
// that another journal is not taken for this one.
type ID [16]byte

// newID returns an ID that no other journal has.
func newID() (id ID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

// fileHeader is block 0 of a journal: magic 8, checksum of the rest 4, unused 4,
// base 8, id 16.
type fileHeader struct {
	id   ID
	base uint64 // number of the last record before the journal's first
}

const (
	baseAt         = 16
	idAt           = 24
	fileHeaderSize = 40
)

var fileMagic = []byte("DAYBOOKH")

func (h fileHeader) block() []byte {
	block := make([]byte, blockSize)
	copy(block, fileMagic)
	binary.LittleEndian.PutUint64(block[baseAt:], h.base)
	copy(block[idAt:], h.id[:])
	binary.LittleEndian.PutUint32(block[headerSumAt:], checksum(block[headerSumFrom:fileHeaderSize]))
	return block
}

func parseFileHeader(block []byte) (fileHeader, bool) {
	if !isSealed(block, fileMagic, fileHeaderSize) {
		return fileHeader{}, false
	}
	return fileHeader{id: ID(block[idAt:fileHeaderSize]), base: binary.LittleEndian.Uint64(block[baseAt:])}, true
}
