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
	size   int64 // of the file
	offset int64 // of the next frame
	next   uint64
	held   []extent // frames that are not released, oldest first
	buffer []byte   // for direct, aligned to pages
	mark   *mark
}

// extent is the place of a frame.
type extent struct {
	offset, end int64
	last        uint64 // number of the last record up to and in the frame
}

// Open opens a journal for writing, or creates it, and returns the frames that
// are whole, oldest first. They are not held: the caller brings their records
// to safety before the first Write. Sync makes what was written to the file
// durable.
func Open(path string, sync func(*os.File) error) (_ *Journal, _ []Frame, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open journal: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	frames, size, err := read(file, 0)
	if err != nil {
		return nil, nil, err
	}
	j := &Journal{file: file, sync: sync, size: size / blockSize * blockSize, next: 1, buffer: newBuffer(directSize)}
	if j.buffer != nil {
		j.direct = openDirect(path)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, j.closeDirect())
		}
	}()
	if n := len(frames); n > 0 {
		j.next = frames[n-1].sequence + 1
	}
	if j.size == 0 {
		if err := j.grow(growth); err != nil {
			return nil, nil, err
		}
	}
	if j.mark, err = openMark(path, j.next-1); err != nil {
		return nil, nil, err
	}
	return j, frames, nil
}

// ReadFile returns the published frames of a journal that another process may be
// writing, oldest first; none if there is no file. What it returns is durable.
// Frames whose records are all at most after are left out, if that is not 0.
//
// A frame that was published and not released when ReadFile was called is among
// them, or has been released since.
func ReadFile(path string, after uint64) ([]Frame, error) {
	published, marked := readMark(path) // before the frames, so that all of them are there
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	defer file.Close()
	frames, _, err := read(file, after)
	if err != nil {
		return nil, err
	}
	if marked {
		frames = slices.DeleteFunc(frames, func(f Frame) bool { return f.sequence > published })
	}
	// Without a mark, the last frame may not be synced.
	if err := file.Sync(); err != nil && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EINVAL) {
		return nil, fmt.Errorf("sync journal: %w", err)
	}
	return frames, nil
}

// Write keeps a frame, whose payload is given in parts, and holds it until it
// is released. When it returns nil, the frame is durable. After any error but
// ErrFull and ErrNoSpace nobody knows whether it is: the journal must be opened
// again.
func (j *Journal) Write(f Frame, payload ...[]byte) error {
	f.sequence = j.next
	frame := appendFrame(j.buffer, f, payload)
	place, err := j.place(int64(len(frame)))
	if err != nil {
		return err
	}
	if err := j.writeAt(frame, place.offset); isNoSpace(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err) // the frame is not whole
	} else if err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	// The commit point: before it, nobody hears of the frame.
	if err := j.sync(j.file); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	j.next++
	j.offset = place.end
	if f.Count > 0 {
		place.last = f.Last()
		j.held = append(j.held, place)
	}
	return nil
}

// writeAt writes past the page cache if it can. A file system may refuse that
// only when it comes to it.
func (j *Journal) writeAt(frame []byte, offset int64) error {
	if j.direct != nil && len(frame) <= cap(j.buffer) {
		_, err := j.direct.WriteAt(frame, offset)
		if !errors.Is(err, syscall.EINVAL) {
			return err
		}
		if err := j.direct.Close(); err != nil {
			return err
		}
		j.direct = nil
	}
	_, err := j.file.WriteAt(frame, offset)
	return err
}

// Publish lets other processes read what has been written. The caller does so
// when its own readers see it, and before anybody hears an answer.
func (j *Journal) Publish() error { return j.mark.publish(j.next - 1) }

// Release gives up the frames whose records are all at most last.
func (j *Journal) Release(last uint64) {
	n := 0
	for n < len(j.held) && j.held[n].last <= last {
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

// place finds room for a frame behind the last one or, if that is as good, at
// the beginning of the file. The file grows while more than half of it is held.
func (j *Journal) place(length int64) (extent, error) {
	ahead, around := j.room()
	if length <= ahead {
		return extent{offset: j.offset, end: j.offset + length}, nil
	}
	if length <= around && j.heldBytes() <= j.size/2 {
		return extent{end: length}, nil
	}
	var err error
	if j.wrapped() || j.offset+length > MaxSize {
		err = ErrFull
	} else if err = j.grow(j.offset + length); err == nil {
		return extent{offset: j.offset, end: j.offset + length}, nil
	}
	if length <= around {
		return extent{end: length}, nil
	}
	return extent{}, err
}

// room returns how many bytes are free behind the last frame, and at the
// beginning of the file.
func (j *Journal) room() (ahead, around int64) {
	switch {
	case len(j.held) == 0:
		return j.size - j.offset, j.size
	case j.wrapped():
		return j.held[0].offset - j.offset, 0
	default:
		return j.size - j.offset, j.held[0].offset
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
	if _, err := j.file.WriteAt(make([]byte, length-j.size), j.size); isNoSpace(err) {
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

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
