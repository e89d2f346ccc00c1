package journal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
)

// windowSize in bytes is how much of a file is in memory at a time, if no frame is
// larger.
const windowSize = 1 << 20

// ErrDamaged says that frames which were written to a journal are not there any
// more, or that the file is none. The text says after which record.
var ErrDamaged = errors.New("the journal is damaged")

// Contents is what a journal file holds.
type Contents struct {
	ID ID

	// Frames are whole and published, oldest first.
	Frames []Frame

	// End is the number of the last record that the journal knows of.
	End uint64

	// Torn says which records were being written after End, if that is not known
	// to have been of no consequence: nil if they are known not to be
	// acknowledged.
	Torn *Torn
}

// Torn is a frame that was begun and is not whole. It was torn before it was
// synced, or damaged later: after another start of the machine the two look alike.
type Torn struct {
	First uint64
	Count uint32 // 0 if that is not known
}

// ReadFile returns what a journal holds that another process may be writing. What
// it returns is durable. Frames whose records are all at most after are left out,
// if that is not 0. A missing file is an fs.ErrNotExist.
//
// A frame that was published and not released when ReadFile was called is among
// them, or has been released since. While another process writes, a look through
// the file may miss frames: an ErrDamaged is to be trusted when it comes again.
// Beside it are the frames that are whole.
func ReadFile(path string, after uint64) (Contents, error) {
	m := readMark(path) // before the frames, so that all of them are there
	file, err := os.Open(path)
	if err != nil {
		return Contents{}, fmt.Errorf("open journal: %w", err)
	}
	defer file.Close()
	s, err := scanFile(file, after)
	if err != nil {
		return Contents{}, err
	}
	// Without a mark, the last frame may not be synced.
	if err := file.Sync(); err != nil && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EINVAL) {
		return Contents{}, fmt.Errorf("sync journal: %w", err)
	}
	contents, err := s.judge(m)
	if err == nil && m.holdsFor(s.id) {
		contents.Frames = slices.DeleteFunc(contents.Frames, func(f Frame) bool { return f.sequence > m.published })
	}
	return contents, err
}

// scan is what a look through a file has found.
type scan struct {
	fileHeader
	headed bool // the file has its header
	file   *os.File
	size   int64
	frames []Frame // whole ones, oldest first
	newest place   // of the whole frames
	begun  []Frame // those of which only the header is right
	zeroes int64   // where the blocks of zeroes begin that the file ends with; 0 if there are none
}

// place says where a whole frame is.
type place struct {
	extent
	sequence uint64
}

// scanFile finds the frames of a file, wherever the circle begins. Frames whose
// records are all at most after are left out, if that is not 0: a reader has most
// of them from elsewhere.
func scanFile(file *os.File, after uint64) (scan, error) {
	info, err := file.Stat()
	if err != nil {
		return scan{}, fmt.Errorf("read journal: %w", err)
	}
	s := scan{file: file, size: min(info.Size(), MaxSize+growth)}
	w := window{file: file}
	first, err := w.at(0, sectorSize)
	if err != nil {
		return scan{}, fmt.Errorf("read journal: %w", err)
	}
	s.fileHeader, s.headed = parseFileHeader(first)
	s.newest = place{extent: extent{offset: firstFrame, end: firstFrame, last: s.base}}
	for at := int64(firstFrame); at < s.size; {
		length, err := s.look(&w, at, after)
		if err != nil {
			return scan{}, fmt.Errorf("read journal: %w", err)
		}
		switch {
		case length > 0:
			s.zeroes = 0 // those before it are inside an older frame
		case s.zeroes == 0:
			s.zeroes = at
		}
		at += max(length, blockSize)
	}
	slices.SortFunc(s.frames, func(a, b Frame) int { return cmp.Compare(a.sequence, b.sequence) })
	if s.zeroes > 0 && s.zeroes == s.newest.end {
		s.zeroes += blockSize // the place of the terminator, which the next frame takes
	}
	return s, nil
}

// look reads what begins at an offset, and returns its length; 0 for a block that
// begins with zeroes.
func (s *scan) look(w *window, at int64, after uint64) (int64, error) {
	sector, err := w.at(at, sectorSize)
	if err != nil {
		return 0, err
	}
	frame, length, sum, ok := parseHeader(sector)
	if !ok {
		if isZero(sector) {
			return 0, nil
		}
		return blockSize, nil
	}
	whole := headerSize + length
	if whole <= s.size-at {
		data, err := w.at(at, int(whole))
		if err != nil {
			return 0, err
		}
		if int64(len(data)) == whole && checksum(data[headerSize:]) == sum {
			s.found(frame, data[headerSize:], extent{at, at + blocks(whole), frame.Last()}, after)
			return blocks(whole), nil
		}
	}
	s.begun = append(s.begun, frame)
	return blockSize, nil
}

func (s *scan) found(frame Frame, payload []byte, where extent, after uint64) {
	if frame.sequence > s.newest.sequence {
		s.newest = place{where, frame.sequence}
	}
	if after == 0 || frame.Last() > after {
		frame.Payload = bytes.Clone(payload)
		s.frames = append(s.frames, frame)
	}
}

// judge decides whether the newest whole frame is the newest that was written.
// The mark knows if it is of this run of the machine.
func (s *scan) judge(m mark) (Contents, error) {
	contents := Contents{ID: s.id, Frames: s.frames, End: s.newest.last}
	if !s.headed {
		return contents, fmt.Errorf("%w: it does not begin as a journal does: its beginning was overwritten or cut off", ErrDamaged)
	}
	if m.holdsFor(s.id) {
		if m.published > s.newest.sequence {
			return contents, s.lost()
		}
		return contents, nil
	}
	var torn *Frame
	for i, f := range s.begun {
		if f.sequence > s.newest.sequence+1 {
			return contents, s.lost() // it was begun when the one before it was durable
		}
		if f.sequence == s.newest.sequence+1 {
			torn = &s.begun[i]
		}
	}
	if torn != nil {
		if torn.Count > 0 {
			contents.Torn = &Torn{torn.First, torn.Count}
		}
		return contents, nil
	}
	known, err := s.ends()
	if err == nil && !known {
		contents.Torn = &Torn{First: s.newest.last + 1}
	}
	return contents, err
}

// ends reports whether what stands after the newest frame shows that none was
// written after it.
//
// Something older than the frame's own terminator shows that too: a next frame is
// begun only when the terminator is durable.
func (s *scan) ends() (known bool, err error) {
	sector, err := s.sector(s.newest.end)
	if err != nil {
		return false, err
	}
	if t, ok := parseTerminator(sector); ok && t.after == s.newest.sequence {
		if !t.continued {
			return true, nil
		}
		if sector, err = s.sector(firstFrame); err != nil {
			return false, err
		}
	}
	if isZero(sector) {
		return false, s.lost()
	}
	return s.isOlder(sector), nil
}

// isOlder reports whether a sector was written before the newest frame was.
func (s *scan) isOlder(sector []byte) bool {
	t, isTerminator := parseTerminator(sector)
	f, _, _, isFrame := parseHeader(sector)
	return isTerminator && t.after < s.newest.sequence || isFrame && f.sequence <= s.newest.sequence || bytes.HasPrefix(sector, freeMagic)
}

// sector returns the sector at an offset; nothing after the end of the file.
func (s *scan) sector(offset int64) ([]byte, error) {
	sector := make([]byte, sectorSize)
	n, err := s.file.ReadAt(sector, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return sector[:n], nil
}

func (s *scan) lost() error {
	return fmt.Errorf("%w: what was written to it after position %d is missing", ErrDamaged, s.newest.last)
}

// isZero reports whether a sector was emptied, or is not there.
func isZero(sector []byte) bool {
	return len(bytes.Trim(sector, "\x00")) == 0
}

// window is the part of a file that is in memory.
type window struct {
	file  *os.File
	start int64
	bytes []byte
}

// at returns bytes of the file; fewer where it ends. They are valid until the
// next call.
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
