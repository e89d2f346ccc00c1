package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"zombiezen.com/go/sqlite"

	"daybook/eventstore/sqlitestore/journal"
)

// remedies say what a person can do about an error of the files of a log. The
// first that fits is given.
var remedies = []struct {
	fits func(error) bool
	do   string
}{
	{is(ErrTakenAway), "callbacks that were acknowledged since then are not in a file that has a name: put the directory back, start daybook again, and compare with Coinbase's list of payments"},
	{is(syscall.EMFILE, syscall.ENFILE), "too many files are open: raise the limit (`ulimit -n`, LimitNOFILE= of the systemd unit, --ulimit of the container) and start again"},
	{isNoSpace, "the disk is full, or has no inodes left: see `df -h` and `df -i`, make room, and start again"},
	{is(syscall.EROFS), "the file system is mounted read-only: see `dmesg` for the reason, mount it for writing, and start again"},
	{is(fs.ErrPermission), "give the directory and all files in it to the user that daybook runs as"},
	{isCode(sqlite.ResultReadOnly), "the database or its file system is read-only: give the directory and all files in it to the user that daybook runs as, mount the volume for writing, and start again"},
	{isCode(sqlite.ResultCorrupt, sqlite.ResultNotADB), "the database is malformed: keep its files as they are, put a copy of the whole directory in their place (`daybook verify --data DIR` tells whether a copy is sound), and compare with Coinbase's list of payments"},
	{isCode(sqlite.ResultIOErr, sqlite.ResultCantOpen), "the disk or the file system refuses: see `dmesg`, mend that, and start daybook again, it recovers what was acknowledged"},
}

// withRemedy adds what to do about an error of the files in a directory.
func withRemedy(err error, directory string) error {
	if err == nil {
		return nil
	}
	cause := err
	if isCode(sqlite.ResultCantOpen, sqlite.ResultIOErr)(err) {
		cause = errors.Join(err, tryToOpen(directory))
	}
	for _, r := range remedies {
		if r.fits(cause) {
			return fmt.Errorf("%w: %s", err, r.do)
		}
	}
	return err
}

// afterFailure adds what to do about an error that has ended a store.
func afterFailure(err error, directory string) error {
	if with := withRemedy(err, directory); with.Error() != err.Error() {
		return with
	}
	return fmt.Errorf("%w: it is not known what is on disk: start daybook again, it recovers what was acknowledged", err)
}

// tryToOpen finds the reason that SQLite does not hand through: it opens the
// database, and makes a file as those beside it.
func tryToOpen(directory string) error {
	file, err := os.OpenFile(filepath.Join(directory, fileName), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	made, err := os.CreateTemp(directory, "daybook-")
	if err != nil {
		return err
	}
	return errors.Join(made.Close(), os.Remove(made.Name()))
}

func is(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

func isNoSpace(err error) bool {
	return journal.IsNoSpace(err) || isDiskFull(err)
}

func isCode(codes ...sqlite.ResultCode) func(error) bool {
	return func(err error) bool {
		found := sqlite.ErrCode(err).ToPrimary()
		for _, code := range codes {
			if found == code {
				return true
			}
		}
		return false
	}
}
