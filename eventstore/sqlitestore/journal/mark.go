package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// published is the mark of a journal: it says which frames other processes may read.
// A frame is whole in the file before it is synced, and before its own process
// knows of it; whoever read it then would be ahead of the writer, and would see
// what a loss of power could take away.
//
// The mark is synced when it is made alone. It holds for the run of the machine
// that it names: after another start, every frame that is whole has been
// recovered, or will be.
//
// The file has the sequence of the last published frame in 8 bytes,
// little-endian, the same with all bits inverted, the id of the journal in 16, and
// the id of the run.
type published struct {
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
func openMark(path string, journal ID, last uint64) (*published, error) {
	file, err := os.OpenFile(path+markSuffix, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open mark of the journal: %w", err)
	}
	m := &published{file: file}
	content := append(append(make([]byte, markNumbers), journal[:]...), runOfMachine()...)
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
func (m *published) publish(last uint64) error {
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
func (m *published) store(last uint64) (stored bool) {
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

func (m *published) close() error {
	err := unmap(m.numbers)
	m.numbers = nil
	return errors.Join(err, m.file.Close())
}

// mark is what a mark says.
type mark struct {
	ok        bool // it is of this run of the machine
	journal   ID
	published uint64 // sequence of the last published frame
}

// holdsFor reports whether the mark says which frames of a journal are published.
// If not, all are.
func (m mark) holdsFor(journal ID) bool { return m.ok && m.journal == journal }

func readMark(path string) mark {
	const runAt = markNumbers + len(ID{})
	for range markAttempts {
		content, err := os.ReadFile(path + markSuffix)
		if err != nil || len(content) < runAt || string(content[runAt:]) != string(runOfMachine()) {
			return mark{}
		}
		last := binary.LittleEndian.Uint64(content)
		if last == ^binary.LittleEndian.Uint64(content[8:]) {
			return mark{ok: true, journal: ID(content[markNumbers:runAt]), published: last}
		}
		time.Sleep(time.Millisecond) // its writer is between the two numbers
	}
	return mark{}
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
