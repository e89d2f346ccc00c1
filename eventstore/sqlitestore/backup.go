package sqlitestore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/eventstore"
)

// SumsFile names the checksums of a backup, in the form of sha256sum.
const SumsFile = "SHA256SUMS"

// backupPages is how many pages are copied between two looks at the context.
const backupPages = 256

// Backup writes a copy of the log to a new directory, as of one moment at or after
// the call, beside a process that writes. It is one database, which needs no
// journal, and its checksum. Told, if not nil, hears how many pages are copied.
//
// The directory gets its name when all of it is durable. What an interrupted
// backup has left is replaced.
func (r *Reader) Backup(ctx context.Context, directory string, told func(done, all int)) (eventstore.Position, error) {
	position, err := r.backup(ctx, filepath.Clean(directory), told)
	if err != nil {
		return 0, fmt.Errorf("back up to %s: %w", directory, withRemedy(err, filepath.Dir(r.path)))
	}
	return position, nil
}

func (r *Reader) backup(ctx context.Context, directory string, told func(done, all int)) (eventstore.Position, error) {
	if _, err := os.Lstat(directory); err == nil {
		return 0, errors.New("it is there already: name a directory that is not")
	} else if !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	partial := directory + ".partial"
	for _, name := range []string{fileName, fileName + "-wal", fileName + "-shm", SumsFile} {
		if err := os.Remove(filepath.Join(partial, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	if err := makeDirectory(partial); err != nil {
		return 0, err
	}
	recent, err := r.unfiled(ctx) // before the file: what is filed meanwhile is then in both
	if err != nil {
		return 0, err
	}
	path := filepath.Join(partial, fileName)
	if err := copyDatabase(ctx, r.path, path, told); err != nil {
		return 0, err
	}
	position, err := complete(ctx, path, recent, r.torn.Load())
	if err != nil {
		return 0, err
	}
	if err := writeSums(partial); err != nil {
		return 0, err
	}
	if err := os.Rename(partial, directory); err != nil {
		return 0, err
	}
	return position, syncDirectory(filepath.Dir(directory))
}

// copyDatabase copies the file as of one moment: the transaction that reads it
// stays open.
func copyDatabase(ctx context.Context, from, to string, told func(done, all int)) (err error) {
	if err := makeFile(to); err != nil {
		return err
	}
	var opened closers
	defer func() { err = errors.Join(err, opened.close()) }()
	source, err := sqlite.OpenConn(from, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	opened.add(source)
	source.SetBusyTimeout(lockTimeout)
	for _, statement := range []string{"BEGIN", "SELECT count(*) FROM journal"} {
		if err := sqlitex.ExecuteTransient(source, statement, nil); err != nil {
			return err
		}
	}
	target, err := sqlite.OpenConn(to, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	opened.add(target)
	copying, err := sqlite.NewBackup(target, "main", source, "main")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copying.Close()) }()
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if more, err = copying.Step(backupPages); err != nil {
			return err
		}
		if told != nil {
			told(copying.PageCount()-copying.Remaining(), copying.PageCount())
		}
	}
	return nil
}

// complete adds what was in the journal alone, and makes the copy one that was
// closed. What the journal may have lost is recorded in it, unless that was done
// meanwhile: the copy has no journal that could tell.
func complete(ctx context.Context, path string, recent []eventstore.Recorded, torn *eventstore.LossFound) (_ eventstore.Position, err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	f, err := prepareFile(ctx, conn, path, Options{Now: time.Now})
	if err != nil {
		return 0, err
	}
	if err := f.begin(); err != nil {
		return 0, err
	}
	recent = slices.DeleteFunc(recent, func(e eventstore.Recorded) bool { return e.Position <= f.end.position })
	events := make([]entry, len(recent))
	for i, e := range recent {
		events[i] = entry{Recorded: e, hash: hashOf(e.Stream)}
	}
	if err := f.recover(events); err != nil {
		return 0, err
	}
	if torn != nil && f.end.position < torn.First {
		if err := f.recordLoss(Options{Now: time.Now}, *torn); err != nil {
			return 0, err
		}
		return f.end.position, step(f.statements.rollback)
	}
	state, err := readJournalState(conn)
	if err != nil {
		return 0, err
	}
	if err := f.setState(journalState{state.id, false}); err != nil {
		return 0, err
	}
	return f.end.position, step(f.statements.rollback)
}

// writeSums is called when the database is closed.
func writeSums(directory string) error {
	sum, err := sumOf(filepath.Join(directory, fileName))
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(directory, SumsFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s  %s\n", sum, fileName)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncDirectory(directory)
}

// dropSums takes the checksum away from a copy that was restored: it is that of a
// backup nobody has written to.
func dropSums(directory string) error {
	err := os.Remove(filepath.Join(directory, SumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, syncDirectory(directory))
}

// sumOf returns the SHA-256 of a file.
func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// CheckSums compares a backup with its checksum. It reports false if a directory
// has none. It is called before the log is opened.
func CheckSums(directory string) (checked bool, err error) {
	content, err := os.ReadFile(filepath.Join(directory, SumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	want, name, _ := strings.Cut(strings.TrimSpace(string(content)), "  ")
	if name != fileName {
		return false, fmt.Errorf("%s names %q, not %s: it is not that of a backup", filepath.Join(directory, SumsFile), name, fileName)
	}
	found, err := sumOf(filepath.Join(directory, fileName))
	if err != nil {
		return false, err
	}
	if found != want {
		return true, fmt.Errorf("%w: %s has SHA-256 %s, and the backup had %s: it was changed since. "+
			"If a server has run on it, delete %s; if not, use another backup", eventstore.ErrDamaged, fileName, found, want, SumsFile)
	}
	return true, nil
}
