package journal

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// windowSize in bytes is how much of a file is in memory at a time, if no frame is
// larger.
const windowSize = 1 << 20

// read finds the whole frames of a file, wherever the circle begins, oldest first,
// and the size of the file. Frames whose records are all at most after are left
// out, if that is not 0: a reader has most of them from elsewhere.
func read(file *os.File, after uint64) ([]Frame, int64, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("read journal: %w", err)
	}
	size := min(info.Size(), MaxSize+growth)
	w := window{file: file}
	var frames []Frame
	for at := int64(0); at < size; {
		frame, ok, err := w.frame(at, size)
		if err != nil {
			return nil, 0, fmt.Errorf("read journal: %w", err)
		}
		if !ok {
			at += blockSize
			continue
		}
		at += blocks(headerSize + int64(len(frame.Payload)))
		if after == 0 || frame.Last() > after {
			frame.Payload = bytes.Clone(frame.Payload)
			frames = append(frames, frame)
		}
	}
	slices.SortFunc(frames, func(a, b Frame) int { return cmp.Compare(a.sequence, b.sequence) })
	return frames, size, nil
}

// window is the part of a file that is in memory.
type window struct {
	file  *os.File
	start int64
	bytes []byte
}

// frame reads the frame that begins at an offset. It reports false if there is
// none, or not all of it. The payload shares the window's memory.
func (w *window) frame(at, size int64) (Frame, bool, error) {
	header, err := w.at(at, headerSize)
	if err != nil || len(header) < headerSize || !bytes.Equal(header[:len(magic)], magic) {
		return Frame{}, false, err
	}
	length := headerSize + int64(binary.LittleEndian.Uint32(header[lengthAt:]))
	if length > size-at {
		return Frame{}, false, nil
	}
	whole, err := w.at(at, int(length))
	if err != nil {
		return Frame{}, false, err
	}
	frame, ok := parseFrame(whole)
	return frame, ok, nil
}

// at returns bytes of the file; fewer where it ends.
func (w *window) at(offset int64, length int) ([]byte, error) {
	if end := w.start + int64(len(w.bytes)); offset < w.start || offset+int64(length) > end {
		if cap(w.bytes) < length {
			w.bytes = make([]byte, max(length, windowSize))
		}
		n, err := w.file.ReadAt(w.bytes[:cap(w.bytes)], offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		w.start, w.bytes = offset, w.bytes[:n]
	}
	rest := w.bytes[offset-w.start:]
	return rest[:min(length, len(rest))], nil
}
