package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"daybook/eventstore"
)

const (
	fileName        = "daybook.db"
	journalFileName = "daybook.journal"
	lockFileName    = "daybook.lock"
)

// makeDirectory makes the directory of the log durably, its parents included.
func makeDirectory(directory string) error {
	if directory == "" {
		return errors.New("open log: no directory given")
	}
	parent := filepath.Dir(filepath.Clean(directory))
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		if err := makeDirectory(parent); err != nil {
			return err
		}
	}
	_, missing := os.Stat(directory)
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	err := syncDirectory(parent) // which holds the directory's own entry
	if missing == nil && errors.Is(err, fs.ErrPermission) {
		return nil // an administrator made the directory, in one that this user cannot open
	}
	return err
}

// makeFile creates the file of the log for the owner alone, whatever the mode of
// the directory: evidence has personal data in it. SQLite gives the files beside it
// the same mode.
func makeFile(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	return file.Close()
}

// syncDirectory makes the entries of a directory durable: syncing a file does
// not sync its name.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	err = directory.Sync()
	return errors.Join(err, directory.Close())
}

// acquire locks the log for this process.
func acquire(directory string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(directory, lockFileName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock log: %w", err)
	}
	if !locked {
		return nil, fmt.Errorf("%w: %s is held: stop that process, use its HTTP API, or read with a command that opens the log read-only", eventstore.ErrLocked, lock.Path())
	}
	return lock, nil
}
