package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"daybook/eventstore/sqlitestore/journal"
)

func syncFile(file *os.File) error { return file.Sync() }

// open returns the journal at a path, which it makes if there is none, and its
// frames.
func open(t rapid.TB, path string) (*journal.Journal, []journal.Frame) {
	t.Helper()
	j, contents, err := journal.Open(path, syncFile)
	if errors.Is(err, os.ErrNotExist) {
		j, err = journal.Create(path, 0, syncFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	if contents.Torn != nil {
		t.Fatalf("torn: %+v", contents.Torn)
	}
	return j, contents.Frames
}

// read returns the frames that others read.
func read(t rapid.TB, path string) []journal.Frame {
	t.Helper()
	contents, err := journal.ReadFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	return contents.Frames
}

// frame makes the frame of a record; the payload tells the number.
func frame(number uint64, size int) (journal.Frame, []byte) {
	payload := bytes.Repeat(fmt.Appendf(nil, "%d.", number), size/2+1)[:size]
	return journal.Frame{First: number, Count: 1, Time: int64(number), Previous: [16]byte{byte(number - 1)}}, payload
}

func write(t rapid.TB, j *journal.Journal, number uint64, size int) {
	t.Helper()
	f, payload := frame(number, size)
	if err := j.Write(f, payload[:1], payload[1:]); err != nil {
		t.Fatal(err)
	}
	if err := j.Publish(); err != nil {
		t.Fatal(err)
	}
}

// check compares frames with those of numbers from first on that a test wrote.
func check(t rapid.TB, frames []journal.Frame, first, last uint64) {
	t.Helper()
	var numbers []uint64
	for _, f := range frames {
		if f.First < first {
			continue // released
		}
		numbers = append(numbers, f.First)
		want, payload := frame(f.First, len(f.Payload))
		if f.Count != 1 || f.Time != want.Time || f.Previous != want.Previous || !bytes.Equal(payload, f.Payload) {
			t.Fatalf("frame %d is not what was written", f.First)
		}
	}
	if uint64(len(numbers)) != last-first+1 {
		t.Fatalf("the frames are %v, want %d to %d", numbers, first, last)
	}
}

// TestFramesAreKeptUntilReleased writes, releases and opens anew at random, so
// that the circle closes at many places.
func TestFramesAreKeptUntilReleased(t *testing.T) {
	if testing.Short() {
		t.Skip("writes gigabytes, from one goroutine: nothing for the race detector")
	}
	path := filepath.Join(t.TempDir(), "journal")
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(path)
		j, _ := open(t, path)
		defer func() { j.Close() }()
		first, next := uint64(1), uint64(1)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				size := rapid.SampledFrom([]int{1, 4000, 4096, 50_000, 1 << 20}).Draw(t, "size")
				f, payload := frame(next, size)
				err := j.Write(f, payload)
				if errors.Is(err, journal.ErrFull) { // then it has to take the frame once all are released
					if next == first {
						t.Fatal("full without a frame")
					}
					j.Release(next - 1)
					first = next
					err = j.Write(f, payload)
				}
				if err := errors.Join(err, j.Publish()); err != nil {
					t.Fatal(err)
				}
				next++
			},
			"release": func(t *rapid.T) {
				if next > first {
					first = rapid.Uint64Range(first, next).Draw(t, "first")
					j.Release(first - 1)
				}
			},
			"trial": func(t *rapid.T) {
				if err := j.Write(journal.Frame{First: next}); err != nil && !errors.Is(err, journal.ErrFull) {
					t.Fatal(err)
				}
			},
			"look": func(t *rapid.T) {
				check(t, withRecords(read(t, path)), first, next-1)
			},
			"open": func(t *rapid.T) {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				var frames []journal.Frame
				j, frames = open(t, path)
				check(t, withRecords(frames), first, next-1)
				first = next // the owner has brought them to safety
			},
		})
		info, err := os.Stat(path)
		if err != nil || info.Size() > journal.MaxSize {
			t.Fatalf("the file has %d bytes (%v)", info.Size(), err)
		}
	})
}

func withRecords(frames []journal.Frame) []journal.Frame {
	var found []journal.Frame
	for _, f := range frames {
		if f.Count > 0 {
			found = append(found, f)
		}
	}
	return found
}

// TestZeroesInsideAFrameAreNotTheEndOfTheFile has the head of a frame of zeroes
// overwritten in the next round, while a later frame after it is held.
func TestZeroesInsideAFrameAreNotTheEndOfTheFile(t *testing.T) {
	const block = 4096
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	write(t, j, 1, 256*block)
	if err := errors.Join(j.Write(journal.Frame{First: 2}, make([]byte, 100*block)), j.Publish()); err != nil {
		t.Fatal(err)
	}
	write(t, j, 2, 10*block)
	j.Release(1)
	write(t, j, 3, 257*block)
	for range 3 {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		var frames []journal.Frame
		j, frames = open(t, path)
		check(t, withRecords(frames), 2, 3)
	}
	j.Close()
}

// TestASmallLoadKeepsTheFileSmall writes many frames that are released soon.
func TestASmallLoadKeepsTheFileSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	defer j.Close()
	for number := uint64(1); number <= 2000; number++ {
		write(t, j, number, 3000)
		if number > 50 {
			j.Release(number - 50)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 1<<20 {
		t.Errorf("the file has %d bytes (%v)", info.Size(), err)
	}
}

// TestAFailedSyncIsAnError also shows that it is not taken for a full disk.
func TestAFailedSyncIsAnError(t *testing.T) {
	broken := false
	j, err := journal.Create(filepath.Join(t.TempDir(), "journal"), 0, func(*os.File) error {
		if broken {
			return syscall.EIO
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	write(t, j, 1, 10)
	broken = true
	f, payload := frame(2, 10)
	if err := j.Write(f, payload); !errors.Is(err, syscall.EIO) || errors.Is(err, journal.ErrNoSpace) {
		t.Errorf("got error %v", err)
	}
}

// TestAFrameIsReadByOthersWhenItIsPublished also reads without a mark, as after
// another start of the machine.
func TestAFrameIsReadByOthersWhenItIsPublished(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	defer j.Close()
	write(t, j, 1, 10)
	count := func(want int) {
		t.Helper()
		if frames := read(t, path); len(frames) != want {
			t.Errorf("others read %d frames, want %d", len(frames), want)
		}
	}
	for number := uint64(2); number < 4; number++ {
		f, payload := frame(number, 10)
		if err := j.Write(f, payload); err != nil {
			t.Fatal(err)
		}
		count(int(number) - 1)
		if number == 2 {
			if err := j.Publish(); err != nil {
				t.Fatal(err)
			}
			count(2)
		}
	}
	if err := os.Remove(path + "-mark"); err != nil {
		t.Fatal(err)
	}
	count(3)
}

// TestAMarkIsReadAgainWhileItIsWritten stops a writer between the two numbers.
func TestAMarkIsReadAgainWhileItIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	defer j.Close()
	write(t, j, 1, 10)
	f, payload := frame(2, 10)
	if err := j.Write(f, payload); err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile(path + "-mark")
	if err != nil {
		t.Fatal(err)
	}
	half := slices.Clone(mark)
	half[8]++
	file, err := os.OpenFile(path+"-mark", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(half, 0); err != nil {
		t.Fatal(err)
	}
	written := time.AfterFunc(20*time.Millisecond, func() { _, _ = file.WriteAt(mark, 0) })
	defer written.Stop()
	if frames := read(t, path); len(frames) != 1 {
		t.Errorf("read %d frames, want the one that is published", len(frames))
	}
}

// TestAMarkThatWasCutOffIsWritten takes the memory away that it is mapped to.
func TestAMarkThatWasCutOffIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	defer j.Close()
	before, err := os.ReadFile(path + "-mark")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path+"-mark", 0); err != nil {
		t.Fatal(err)
	}
	write(t, j, 1, 10)
	write(t, j, 2, 10)
	after, err := os.ReadFile(path + "-mark")
	if err != nil || bytes.Equal(after, before[:len(after)]) || len(after) != 16 {
		t.Errorf("the mark is %x (%v)", after, err)
	}
}

func TestAMissingJournalIsAnError(t *testing.T) {
	if _, err := journal.ReadFile(filepath.Join(t.TempDir(), "journal"), 0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
}

// FuzzFrames reads files that nobody wrote.
func FuzzFrames(f *testing.F) {
	path := filepath.Join(f.TempDir(), "journal")
	j, err := journal.Create(path, 0, syncFile)
	if err != nil {
		f.Fatal(err)
	}
	one, payload := frame(1, 100)
	if err := j.Write(one, payload); err != nil {
		f.Fatal(err)
	}
	j.Close()
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content[:10_000])
	f.Add(content[:4096])
	f.Add([]byte("DAYBOOKH"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "journal")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		contents, err := journal.ReadFile(path, 0)
		if err != nil && !errors.Is(err, journal.ErrDamaged) {
			t.Fatal(err)
		}
		for _, frame := range contents.Frames {
			if len(frame.Payload) > len(content) {
				t.Errorf("a frame has %d bytes", len(frame.Payload))
			}
		}
	})
}

func TestFramesThatAReaderHasAreLeftOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	const last = 9
	for number := uint64(1); number <= last; number++ {
		write(t, j, number, 400_000*int(number%4)+1) // some larger than what is read at once
	}
	for after := uint64(0); after <= last; after++ {
		contents, err := journal.ReadFile(path, after)
		if err != nil {
			t.Fatal(err)
		}
		frames := contents.Frames
		if uint64(len(frames)) != last-after {
			t.Errorf("behind %d: got %d frames, want %d", after, len(frames), last-after)
		}
		check(t, frames, after+1, last)
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

// TestWhatOpenReturnsIsSynced opens the journal of a process that was killed after
// a write and before its sync.
func TestWhatOpenReturnsIsSynced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	killed := errors.New("killed")
	j, err := journal.Create(path, 0, func(*os.File) error { return killed })
	if err != nil {
		t.Fatal(err)
	}
	f, payload := frame(1, 100)
	if err := j.Write(f, payload); !errors.Is(err, killed) {
		t.Fatalf("the write ends with %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	syncs := 0
	again, contents, err := journal.Open(path, func(file *os.File) error { syncs++; return file.Sync() })
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if len(contents.Frames) != 1 || syncs != 1 {
		t.Errorf("%d frames are returned after %d syncs", len(contents.Frames), syncs)
	}
	if _, _, err := journal.Open(path, func(*os.File) error { return killed }); !errors.Is(err, killed) {
		t.Errorf("a sync that fails ends with %v", err)
	}
}
