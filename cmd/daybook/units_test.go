package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// systemdAnalyze checks units without systemd being what runs the machine.
func systemdAnalyze(t *testing.T, arguments ...string) {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on this machine")
	}
	if out, err := exec.Command(program, arguments...).CombinedOutput(); err != nil || strings.Contains(string(out), "Unknown") {
		t.Errorf("systemd-analyze %q: %v\n%s", arguments, err, out)
	}
}

func TestUnitsAreWhatSystemdTakes(t *testing.T) {
	inTree(t)
	t.Parallel()
	directory := t.TempDir()
	for _, name := range []string{"daybook.service", "daybook-backup.service", "daybook-backup.timer"} {
		text := sample(t, name)
		for _, program := range []string{"/usr/local/bin/daybook-backup ", "/usr/local/bin/daybook "} {
			text = strings.ReplaceAll(text, "ExecStart="+program, "ExecStart="+daybook(t)+" ")
		}
		write(t, filepath.Join(directory, name), text)
	}
	for _, name := range []string{"daybook.service", "daybook-backup.timer"} {
		systemdAnalyze(t, "verify", "--man=no", filepath.Join(directory, name))
	}
	for _, name := range []string{"daybook.service", "daybook-backup.service"} {
		systemdAnalyze(t, "security", "--offline=yes", "--no-pager", "--threshold=20", filepath.Join(directory, name)) // tenths
	}
}

// TestBackupsAreDatedProvenAndPruned has copies of other days, and something that
// is none.
func TestBackupsAreDatedProvenAndPruned(t *testing.T) {
	inTree(t)
	embedded(t)
	t.Parallel()
	if err := exec.Command(daybook(t), "backup", "--help").Run(); err != nil {
		t.Skip("this daybook has no command backup")
	}
	s := start(t, options{})
	s.record(completedOrder("KEPT", "ann", 100))
	directory := t.TempDir()
	old := []string{"2026-01-01T031700Z", "2026-01-02T031700Z", "2026-01-03T031700Z", "notes", "unproven-2026-01-04T031700Z"}
	for _, name := range old {
		if err := os.Mkdir(filepath.Join(directory, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	backup := func(data string) error {
		command := exec.Command("sh", "../../docs/deploy/daybook-backup.sh", directory, "2")
		command.Env = []string{"PATH=" + filepath.Dir(daybook(t)) + ":" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "DAYBOOK_DATA=" + data, "DAYBOOK_REDIS=redis://127.0.0.1:1"}
		out, err := command.CombinedOutput()
		t.Logf("%s", out)
		return err
	}
	if err := backup(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a log that is not there is backed up")
	}
	if err := backup(s.data); err != nil {
		t.Fatal(err)
	}
	var names []string
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if len(names) != 3 || names[0] != "2026-01-03T031700Z" || !slices.Contains(names, "notes") {
		t.Fatalf("there are %v", names)
	}
	if events := replay(t, filepath.Join(directory, names[1])); len(events) != 3 {
		t.Errorf("the copy has %d events", len(events))
	}
}
