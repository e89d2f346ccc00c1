package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
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
	file *os.File
}

const (
	markSuffix  = "-mark"
	markNumbers = 16
)

// openMark opens the mark of a journal, and publishes all frames up to a
// sequence.
func openMark(path string, last uint64) (*mark, error) {
	file, err := os.OpenFile(path+markSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open mark of the journal: %w", err)
	}
	m := &mark{file: file}
	if _, err := file.WriteAt(runOfMachine(), markNumbers); err != nil {
		return nil, errors.Join(fmt.Errorf("write mark of the journal: %w", err), file.Close())
	}
	if err := m.publish(last); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return m, nil
}

func (m *mark) publish(last uint64) error {
	var numbers [markNumbers]byte
	binary.LittleEndian.PutUint64(numbers[:], last)
	binary.LittleEndian.PutUint64(numbers[8:], ^last)
	if _, err := m.file.WriteAt(numbers[:], 0); err != nil {
		return fmt.Errorf("write mark of the journal: %w", err)
	}
	return nil
}

// readMark returns the sequence of the last published frame. It reports false
// if nobody says which frames are published, so that all are.
func readMark(path string) (last uint64, ok bool) {
	for range 3 { // it may be being written
		content, err := os.ReadFile(path + markSuffix)
		if err != nil || len(content) < markNumbers || string(content[markNumbers:]) != string(runOfMachine()) {
			return 0, false
		}
		last = binary.LittleEndian.Uint64(content)
		if last == ^binary.LittleEndian.Uint64(content[8:]) {
			return last, true
		}
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
