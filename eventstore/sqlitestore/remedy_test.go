package sqlitestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/eventstore/sqlitestore"
)

// TestErrorsOfFilesSayWhatToDo breaks what is around the files of a log, and
// opens it.
func TestErrorsOfFilesSayWhatToDo(t *testing.T) {
	tool(t, "unshare", "apt-get install -y util-linux")
	const directory = `"$` + directoryVariable + `"`
	for name, c := range map[string]struct {
		empty bool   // there is no log yet
		shell string // prepares; "$0" opens the log
		want  string
	}{
		"a read-only file system": {shell: `mount --bind ` + directory + ` ` + directory + ` && mount -o remount,ro,bind ` + directory + ` && exec "$0"`, want: "mounted read-only"},
		"too many open files":     {shell: `ulimit -n 9; exec "$0"`, want: "LimitNOFILE"},
		"no inodes":               {empty: true, shell: `mount -t tmpfs -o nr_inodes=3 tmpfs ` + directory + ` && exec "$0"`, want: "df -i"},
		"no room":                 {empty: true, shell: `mount -t tmpfs -o size=256k tmpfs ` + directory + ` && exec "$0"`, want: "df -h"},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			if !c.empty {
				shut(t, open(t, directory))
			}
			other := start(t, "open", directory, "unshare", "-rm", "sh", "-c", c.shell)
			if text := other.expect(t, "error"); !strings.Contains(text, c.want) {
				t.Errorf("the error is %q, want one that says %q", text, c.want)
			}
		})
	}
}

func TestAMalformedDatabaseSaysWhatToDo(t *testing.T) {
	for name, offset := range map[string]int{"its header": 0, "its schema": 100, "its first page": 2000} {
		directory := t.TempDir()
		shut(t, open(t, directory))
		path := filepath.Join(directory, "daybook.db")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copy(content[offset:], strings.Repeat("else", 3000))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, writing := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: directory})
		_, reading := sqlitestore.OpenReadOnly(t.Context(), directory)
		for _, err := range []error{writing, reading} {
			if err == nil || !strings.Contains(err.Error(), "malformed") || !strings.Contains(err.Error(), "put a copy") {
				t.Errorf("%s: got error %v", name, err)
			}
		}
		if errors.Is(writing, os.ErrNotExist) {
			t.Error(writing)
		}
	}
}
