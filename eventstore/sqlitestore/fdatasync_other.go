//go:build !linux

package sqlitestore

import "os"

// fdatasync syncs a file with all that the file system keeps about it.
func fdatasync(file *os.File) error { return file.Sync() }
