package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// A mark says which frames are published: those that other processes may read.
// A frame is whole in the file before it is synced, and before its own process
// knows of it; whoever read it then would be ahead of the writer, and would see
// what a loss of power could take away.
//
// The mark is synced when it is made alone. It holds for the run of the machine
// that it names: after another start, every frame that is whole has been
// recovered, or will be.
//
// The file has the sequence of the last published frame in 8 bytes,
// little-endian, the same with all bits inverted, and the id of the run.
type mark struct {
	file    *os.File
	numbers []byte // the beginning of the file, mapped; nil if it cannot be
}

const (
	markSuffix  = "-mark"
	markNumbers = 16

	// markAttempts is how often a mark is read whose numbers do not agree. A writer
	// that was killed between them leaves them so.
	markAttempts = 100
)

// openMark opens the mark of a journal, and publishes all frames up to a
// sequence.
func openMark(path string, last uint64) (*mark, error) {
	file, err := os.OpenFile(path+markSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open mark of the journal: %w", err)
	}
	m := &mark{file: file}
	content := append(make([]byte, markNumbers), runOfMachine()...)
	putMark(content, last)
	_, err = file.WriteAt(content, 0) // all at once: the numbers of another run must not count for this one
	if err == nil {
		err = file.Truncate(int64(len(content)))
	}
	if err == nil {
		err = file.Sync() // the disk has room for it before it is mapped
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write mark of the journal: %w", err), file.Close())
	}
	m.numbers = mapFile(file, markNumbers)
	return m, nil
}

// publish is done for every frame while its callers wait: a store to mapped
// memory takes nothing, and waits hardly ever for the file system.
func (m *mark) publish(last uint64) error {
	if m.numbers != nil && m.store(last) {
		return nil
	}
	var numbers [markNumbers]byte
	putMark(numbers[:], last)
	if _, err := m.file.WriteAt(numbers[:], 0); err != nil {
		return fmt.Errorf("write mark of the journal: %w", err)
	}
	return nil
}

// store reports false if the memory is the file's no more: somebody has cut it
// off, or a file system that moves what is written has no room left.
func (m *mark) store(last uint64) (stored bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			_ = unmap(m.numbers) // of no use; the write that follows says what is wrong
			m.numbers = nil
		}
	}()
	putMark(m.numbers, last)
	return true
}

func putMark(numbers []byte, last uint64) {
	binary.LittleEndian.PutUint64(numbers, last)
	binary.LittleEndian.PutUint64(numbers[8:], ^last)
}

func (m *mark) close() error {
	err := unmap(m.numbers)
	m.numbers = nil
	return errors.Join(err, m.file.Close())
}

// readMark returns the sequence of the last published frame. It reports false
// if nobody says which frames are published, so that all are.
func readMark(path string) (last uint64, ok bool) {
	for range markAttempts {
		content, err := os.ReadFile(path + markSuffix)
		if err != nil || len(content) < markNumbers || string(content[markNumbers:]) != string(runOfMachine()) {
			return 0, false
		}
		last = binary.LittleEndian.Uint64(content)
		if last == ^binary.LittleEndian.Uint64(content[8:]) {
			return last, true
		}
		time.Sleep(time.Millisecond) // its writer is between the two numbers
	}
	return 0, false
}

// runOfMachine identifies the time since the machine was started. Where there
// is no such id, marks hold for ever.
func runOfMachine() []byte {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return []byte("unknown")
	}
	return id
}
