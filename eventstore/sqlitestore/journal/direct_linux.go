package journal

import (
	"os"
	"syscall"
)

// openDirect opens a file once more, for writes that go past the page cache:
// the sync behind them has nothing left to write. It returns nil if the file
// system does not offer that.
func openDirect(path string) *os.File {
	file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_DIRECT, 0)
	if err != nil {
		return nil
	}
	return file
}

// newBuffer returns an empty buffer that begins on a page, as direct writes
// must, or nil. Memory is taken as it is used.
func newBuffer(size int) []byte {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	return memory[:0]
}

// mapFile returns the beginning of a file as memory that is the file's, for every
// process that reads it, or nil.
func mapFile(file *os.File, size int) []byte {
	memory, err := syscall.Mmap(int(file.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil
	}
	return memory
}

func unmap(memory []byte) error {
	if memory == nil {
		return nil
	}
	return syscall.Munmap(memory[:cap(memory)])
}
