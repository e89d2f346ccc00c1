package sqlitestore_test

import (
	"path/filepath"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// TestALogKeepsWhatItsFirstStartMadeOfIt opens logs again otherwise, and a backup.
func TestALogKeepsWhatItsFirstStartMadeOfIt(t *testing.T) {
	for _, sandbox := range []bool{false, true} {
		directory := t.TempDir()
		for _, asked := range []bool{sandbox, !sandbox} {
			store := openWith(t, sqlitestore.Options{Directory: directory, Sandbox: asked})
			if created, err := eventstore.Created(t.Context(), store); err != nil || created.Sandbox != sandbox {
				t.Errorf("made with %v and opened with %v it is %+v, %v", sandbox, asked, created, err)
			}
			shut(t, store)
		}
		copied := filepath.Join(t.TempDir(), "copy")
		if _, err := openReader(t, directory).Backup(t.Context(), copied, nil); err != nil {
			t.Fatal(err)
		}
		if created, err := eventstore.Created(t.Context(), openReader(t, copied)); err != nil || created.Sandbox != sandbox {
			t.Errorf("made with %v its backup is %+v, %v", sandbox, created, err)
		}
	}
}
