package sqlitestore

import (
	"os"
	"syscall"
)

// fdatasync syncs the content of a file whose size does not change.
func fdatasync(file *os.File) error {
	for {
		err := syscall.Fdatasync(int(file.Fd()))
		if err != syscall.EINTR {
			return err
		}
	}
}
