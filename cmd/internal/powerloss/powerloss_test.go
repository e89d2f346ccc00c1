package powerloss_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"daybook/cmd/internal/powerloss"
)

// roleVariable makes the test binary the program that is traced.
const roleVariable = "POWERLOSS_TEST_DIRECTORY"

func TestMain(m *testing.M) {
	if directory := os.Getenv(roleVariable); directory != "" {
		if err := work(directory); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// page is what the program writes, told from others by a letter.
func page(letter string) []byte { return bytes.Repeat([]byte(letter), 4096) }

// work writes files with and without syncs.
func work(directory string) (err error) {
	must := func(e error) { err = errors.Join(err, e) }
	create := func(name string) *os.File {
		file, e := os.Create(filepath.Join(directory, name))
		must(e)
		return file
	}
	put := func(file *os.File, letter string, at int64) {
		_, e := file.WriteAt(page(letter), at)
		must(e)
	}
	synced, torn, unnamed, shrunk, gone := create("synced"), create("torn"), create("unnamed"), create("shrunk"), create("gone")
	_, e := synced.WriteString(string(page("a")))
	must(e)
	put(torn, "a", 0)
	put(shrunk, "a", 0)
	for _, file := range []*os.File{synced, torn, shrunk, gone} {
		must(file.Sync())
	}
	top, e := os.Open(directory)
	must(e)
	must(os.Rename(unnamed.Name(), filepath.Join(directory, "named")))
	must(top.Sync())
	must(os.Rename(filepath.Join(directory, "named"), filepath.Join(directory, "renamed")))
	put(torn, "b", 0)
	put(torn, "c", 4096)
	must(shrunk.Truncate(0))
	put(shrunk, "b", 0)
	must(os.Remove(gone.Name()))
	late := create("late")
	put(late, "a", 0)
	must(late.Sync())
	return err
}

// record records the program.
func record(t *testing.T) *powerloss.Recording {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatalf("%v; type: apt-get install strace", err)
	}
	directory, file := t.TempDir(), filepath.Join(t.TempDir(), "trace")
	r, err := powerloss.Begin(directory)
	if err != nil {
		t.Fatal(err)
	}
	line := append(powerloss.Command(strace, file), os.Args[0])
	program := exec.Command(line[0], line[1:]...)
	program.Env = append(os.Environ(), roleVariable+"="+directory)
	if printed, err := program.CombinedOutput(); err != nil { // its end is that of the tracer, which has the pipe too
		t.Fatalf("%v: %s", err, printed)
	}
	calls, err := powerloss.ReadTrace(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Add(calls, false); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestALossOfPowerTakesWhatIsNotSynced draws many images of the end, and finds
// in them all that may be, and nothing else.
func TestALossOfPowerTakesWhatIsNotSynced(t *testing.T) {
	t.Parallel()
	r, random := record(t), rand.New(rand.NewPCG(1, 2))
	found := map[string]bool{}
	for range 300 {
		image := r.Cut(r.End(), random)
		if !bytes.Equal(image["synced"], page("a")) {
			t.Fatalf("what was synced is %.40q, %d bytes", image["synced"], len(image["synced"]))
		}
		if _, ok := image["unnamed"]; ok {
			t.Fatal("a name is there that was changed before a sync")
		}
		for name, content := range image {
			found[name+" "+letters(content)] = true
		}
		for _, name := range []string{"named", "renamed", "gone", "late"} {
			if _, ok := image[name]; !ok {
				found["no "+name] = true
			}
		}
	}
	for _, want := range []string{
		"torn a", "torn a0", "torn ab", "torn b", "torn bc", "torn b0", "torn abc0", // old, longer, some sectors, all
		"shrunk a", "shrunk ", "shrunk b", "shrunk 0",
		"named ", "no named", "renamed ", "no renamed", "gone ", "no gone", "late a", "no late",
	} {
		if !found[want] {
			t.Errorf("no image has %q; they have %v", want, found)
		}
	}
	for _, impossible := range []string{"torn ", "torn 0", "shrunk ab", "late ", "late 0"} {
		if found[impossible] {
			t.Errorf("an image has %q", impossible)
		}
	}
}

// letters returns which letters a content has, a 0 for a zero.
func letters(content []byte) string {
	var letters strings.Builder
	for _, letter := range "abc\x00" {
		if bytes.ContainsRune(content, letter) {
			letters.WriteRune(max(letter, '0')) // 0 for a zero
		}
	}
	return letters.String()
}

// TestAnImageIsDrawnAgain cuts twice at each of many moments.
func TestAnImageIsDrawnAgain(t *testing.T) {
	t.Parallel()
	r := record(t)
	for seed := range uint64(100) {
		draw := func() string {
			random := rand.New(rand.NewPCG(seed, 0))
			moment, during := r.Draw(random)
			return fmt.Sprint(moment, during, r.Cut(moment, random))
		}
		if once, again := draw(), draw(); once != again {
			t.Fatalf("seed %d draws two images", seed)
		}
	}
}

// TestATraceThatIsNotUnderstoodMakesNoImage changes the directory in ways that
// are not in a trace, and leaves a call out.
func TestATraceThatIsNotUnderstoodMakesNoImage(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "file")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, calls := range map[string][]powerloss.Call{
		"nothing":      nil,
		"half a write": {{Name: "pwrite64", Path: path, Text: `9<` + path + `>, "aft"..., 5, 0) = 5`, Began: 1, Ended: 1, Result: 5}},
		"another call": {{Name: "copy_file_range", Text: `9</x>, NULL, 10<` + path + `>, NULL, 5, 0) = 5`, Began: 1, Ended: 1, Result: 5}},
		"memory":       {{Name: "mmap", Text: `NULL, 6, PROT_READ|PROT_WRITE, MAP_SHARED, 9<` + path + `>, 0) = 0x7f0000000000`, Began: 1, Ended: 1}},
	} {
		r, err := powerloss.Begin(directory)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("after "), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.Add(calls, false); err == nil {
			t.Errorf("%s: no error", name)
		}
		if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
