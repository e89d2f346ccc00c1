// Package journal makes records durable with one write and one sync. It is a
// file that is written in a circle: a frame stays until its owner has brought
// its records to a safe place elsewhere and releases them. It knows neither
// events nor SQLite.
//
// The blocks of the file exist before they are written, so that a sync has no
// metadata of the file system to write, and so that a full disk is noticed
// before a frame is begun.
package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
)

const (
	// MaxSize in bytes bounds the file. Frames that are not released may take up
	// all of it.
	MaxSize = 32 << 20

	// growth in bytes is the step by which the file grows.
	growth = 1 << 20

	// directSize in bytes bounds the frames that are written past the page
	// cache.
	directSize = 8 << 20
)

var (
	// ErrFull says that the frames which are not released leave no room. Nothing
	// was written.
	ErrFull = errors.New("journal is full")

	// ErrNoSpace says that the disk is full. Nothing was written, and the file is
	// as it was.
	ErrNoSpace = errors.New("no space left for the journal")
)

// Journal is open for writing. One goroutine may use it at a time.
type Journal struct {
	file   *os.File
	direct *os.File // the same for writes past the page cache; nil if there are none
	sync   func(*os.File) error
	id     ID
	size   int64 // of the file
	offset int64 // of the terminator, where the next frame begins
	next   uint64
	held   []extent // frames that are not released, oldest first; always the newest
	buffer []byte   // for direct, aligned to pages
	mark   *published
}

// extent is the place of a frame.
type extent struct {
	offset, end int64  // without its terminator
	last        uint64 // number of the last record up to and in the frame
}

// Create makes a journal for records after a number, in place of any that is
// there. The file is durable when it returns, its name when the caller has synced
// the directory. Sync makes what is written to it durable.
func Create(path string, base uint64, sync func(*os.File) error) (_ *Journal, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	j := &Journal{file: file, sync: sync, id: newID(), size: firstFrame, offset: firstFrame, next: 1}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	begin := appendTerminator(fileHeader{j.id, base}.block(), terminator{})
	if _, err := file.WriteAt(begin, 0); err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	j.size = int64(len(begin))
	if err := j.grow(growth); err != nil {
		return nil, err
	}
	return j, j.begin(path)
}

// Open opens a journal for writing and returns what it holds. The frames are not
// held: the caller brings their records to safety before the first Write. Frames
// that were not published are among them, as they are whole. Beside an ErrDamaged
// it returns what is whole.
func Open(path string, sync func(*os.File) error) (_ *Journal, _ Contents, err error) {
	m := readMark(path)
	file, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, Contents{}, fmt.Errorf("open journal: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	s, err := scanFile(file, 0)
	if err != nil {
		return nil, Contents{}, err
	}
	contents, err := s.judge(m)
	if err != nil {
		return nil, contents, err
	}
	// The last frame may be in the page cache alone. The caller files it elsewhere,
	// durably: after a loss of power the journal would end before its records.
	if err := sync(file); err != nil {
		return nil, Contents{}, fmt.Errorf("sync journal: %w", err)
	}
	j := &Journal{
		file: file, sync: sync, id: s.id, next: s.newest.sequence + 1,
		size: s.size / blockSize * blockSize, offset: s.newest.end,
	}
	if s.newest.sequence > 0 {
		j.held = append(j.held, s.newest.extent)
	}
	if s.zeroes > 0 { // a loss of power while the file grew
		j.size = s.zeroes
		if err := file.Truncate(j.size); err != nil {
			return nil, Contents{}, fmt.Errorf("open journal: %w", err)
		}
	}
	return j, contents, j.begin(path)
}

// begin opens what writing needs beside the file.
func (j *Journal) begin(path string) (err error) {
	if j.buffer = newBuffer(directSize); j.buffer != nil {
		j.direct = openDirect(path)
	}
	if j.mark, err = openMark(path, j.id, j.next-1); err != nil {
		return errors.Join(err, j.closeDirect())
	}
	return nil
}

// ID names the journal.
func (j *Journal) ID() ID { return j.id }

// Write keeps a frame, whose payload is given in parts, and holds it until it
// is released. When it returns nil, the frame is durable. After any error but
// ErrFull and ErrNoSpace nobody knows whether it is: the journal must be opened
// again.
func (j *Journal) Write(f Frame, payload ...[]byte) error {
	f.sequence = j.next
	length := frameBlocks(payload)
	place, err := j.place(length)
	if err != nil {
		return err
	}
	if place.offset != j.offset {
		t := appendTerminator(j.buffer, terminator{after: j.next - 1, continued: true})
		if _, err := j.writeAt(t, j.offset); err != nil {
			return j.failed(err, true)
		}
	}
	n, err := j.writeAt(appendFrame(j.buffer, f, payload), place.offset)
	if err != nil {
		return j.failed(err, int64(n) < length-blockSize)
	}
	// The commit point: before it, nobody hears of the frame.
	if err := j.sync(j.file); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	j.next++
	place.end -= blockSize // the terminator's, which the next frame overwrites
	j.offset = place.end
	place.last = f.Last()
	j.held = append(j.held, place)
	return nil
}

// failed is the error of a write. Without room nothing is there, unless the frame
// is whole and its terminator alone is not.
func (j *Journal) failed(err error, torn bool) error {
	if IsNoSpace(err) && torn {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return fmt.Errorf("write journal: %w", err)
}

// writeAt writes past the page cache if it can. A file system may refuse that
// only when it comes to it.
func (j *Journal) writeAt(data []byte, offset int64) (int, error) {
	if j.direct != nil && len(data) <= cap(j.buffer) {
		n, err := j.direct.WriteAt(data, offset)
		if !errors.Is(err, syscall.EINVAL) {
			return n, err
		}
		if err := j.direct.Close(); err != nil {
			return 0, err
		}
		j.direct = nil
	}
	return j.file.WriteAt(data, offset)
}

// Publish lets other processes read what has been written. The caller does so
// when its own readers see it, and before anybody hears an answer.
func (j *Journal) Publish() error { return j.mark.publish(j.next - 1) }

// Release gives up the frames whose records are all at most last. The newest
// stays: only by it a reader knows that none is missing.
func (j *Journal) Release(last uint64) {
	n := 0
	for n < len(j.held)-1 && j.held[n].last <= last {
		n++
	}
	j.held = slices.Delete(j.held, 0, n)
}

// Close closes the file. Frames stay as they are.
func (j *Journal) Close() error {
	return errors.Join(j.closeDirect(), j.mark.close(), j.file.Close())
}

func (j *Journal) closeDirect() error {
	err := unmap(j.buffer)
	j.buffer = nil
	if j.direct != nil {
		err = errors.Join(err, j.direct.Close())
		j.direct = nil
	}
	return err
}

// place finds room for a frame and its terminator after the last one or, if that
// is as good, at the beginning of the file. The file grows while more than half of
// it is held.
func (j *Journal) place(length int64) (extent, error) {
	ahead, around := j.room()
	if length <= ahead {
		return extent{offset: j.offset, end: j.offset + length}, nil
	}
	beginning := extent{offset: firstFrame, end: firstFrame + length}
	if length <= around && j.heldBytes() <= j.size/2 {
		return beginning, nil
	}
	var err error
	if j.wrapped() || j.offset+length > MaxSize {
		err = ErrFull
	} else if err = j.grow(j.offset + length); err == nil {
		return extent{offset: j.offset, end: j.offset + length}, nil
	}
	if length <= around {
		return beginning, nil
	}
	return extent{}, err
}

// room returns how many bytes are free after the last frame, and at the
// beginning of the file.
func (j *Journal) room() (ahead, around int64) {
	switch {
	case len(j.held) == 0:
		return j.size - j.offset, 0
	case j.wrapped():
		return j.held[0].offset - j.offset, 0
	default:
		return j.size - j.offset, j.held[0].offset - firstFrame
	}
}

// wrapped reports whether the next frame is in front of the oldest.
func (j *Journal) wrapped() bool { return len(j.held) > 0 && j.offset <= j.held[0].offset }

func (j *Journal) heldBytes() int64 {
	var bytes int64
	for _, e := range j.held {
		bytes += e.end - e.offset
	}
	return bytes
}

// grow makes the file at least so long. Its new blocks are written and synced
// with all that the file system keeps about them.
func (j *Journal) grow(length int64) error {
	length = min((length+growth-1)/growth*growth, MaxSize)
	if _, err := j.file.WriteAt(freeBlocks(length-j.size), j.size); IsNoSpace(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	} else if err != nil {
		return fmt.Errorf("grow journal: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	j.size = length
	return nil
}

// IsNoSpace reports whether a file system has refused to grow a file.
func IsNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
