package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
)

// A mark says which frames are published: those that other processes may read.
// A frame is whole in the file before it is synced, and before its own process
// knows of it; whoever read it then would be ahead of the writer, and would see
// what a loss of power could take away.
//
// The mark is not synced. It holds for the run of the machine that it names:
// after another start, every frame that is whole has been recovered, or will be.
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
	run := runOfMachine()
	_, err = file.WriteAt(run, markNumbers)
	if err == nil {
		err = file.Truncate(int64(markNumbers + len(run)))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write mark of the journal: %w", err), file.Close())
	}
	if err := m.publish(last); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// What is mapped must have its place on the disk: it is too late to find none
	// when it is written.
	if err := file.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("sync mark of the journal: %w", err), file.Close())
	}
	m.numbers = mapFile(file, markNumbers)
	return m, nil
}

// publish is done for every frame while its callers wait: a store to mapped
// memory takes nothing, and waits for no commit of the file system as a write to
// the file may.
func (m *mark) publish(last uint64) error {
	if m.numbers != nil {
		putMark(m.numbers, last)
		return nil
	}
	var numbers [markNumbers]byte
	putMark(numbers[:], last)
	if _, err := m.file.WriteAt(numbers[:], 0); err != nil {
		return fmt.Errorf("write mark of the journal: %w", err)
	}
	return nil
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
