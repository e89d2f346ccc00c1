package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// guardInterval is how often the files of the log are looked at.
const guardInterval = 2 * time.Second

// guard notices that files of the log were deleted or replaced under the running
// store. Everything would go on without them, on files that nobody can open any
// more, and be gone with the process.
type guard struct {
	files map[string]fs.FileInfo // what was opened, by path
}

// newGuard is called when all files of the log are open.
func newGuard(directory string) (guard, error) {
	g := guard{make(map[string]fs.FileInfo)}
	for _, name := range []string{fileName, fileName + "-wal", fileName + "-shm", journalFileName, lockFileName} {
		path := filepath.Join(directory, name)
		info, err := os.Stat(path)
		if err != nil {
			return guard{}, fmt.Errorf("look at the files of the log: %w", err)
		}
		g.files[path] = info
	}
	return g, nil
}

// check returns which file is not the one that was opened. That a file cannot be
// looked at for the moment says nothing.
func (g guard) check() error {
	for path, opened := range g.files {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%w: %s was deleted or its volume taken away", ErrTakenAway, path)
		case err == nil && !os.SameFile(opened, info):
			return fmt.Errorf("%w: %s is another file than the one that was opened", ErrTakenAway, path)
		}
	}
	return nil
}

// ErrTakenAway says that files of the log are not under their names any more. A
// process that starts again in their place would make another log.
var ErrTakenAway = errors.New("the files of the log were taken away while it was open")

// run tells when a file is gone, once.
func (g guard) run(ctx context.Context, gone func(error)) {
	ticker := time.NewTicker(guardInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := g.check(); err != nil {
				gone(err)
				return
			}
		}
	}
}
