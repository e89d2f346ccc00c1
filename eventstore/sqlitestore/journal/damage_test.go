package journal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"daybook/eventstore/sqlitestore/journal"
)

const (
	block  = 4096
	sector = 512
)

// written makes a journal of frames of one block each and returns its content.
func written(t *testing.T, path string, frames int) []byte {
	t.Helper()
	j, _ := open(t, path)
	for number := range frames {
		write(t, j, uint64(number+1), 1000)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return content(t, path)
}

func content(t rapid.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func put(t rapid.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// elsewhere makes a journal one of another run of the machine.
func elsewhere(t rapid.TB, path string) {
	t.Helper()
	if err := os.Remove(path + "-mark"); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// TestWhatIsMissingIsNoticed damages a journal of ten frames, on the machine where
// it was written and on another.
func TestWhatIsMissingIsNoticed(t *testing.T) {
	const frames = 10
	frame := func(number int) int { return number * block } // after the file's header
	for name, c := range map[string]struct {
		damage func(content []byte) []byte
		torn   uint64 // record from which on another machine does not know more; 0: it does
		count  uint32
	}{
		"emptied":                   {damage: func(content []byte) []byte { return nil }},
		"all zeroes":                {damage: func(content []byte) []byte { clear(content); return content }},
		"cut to its header":         {damage: func(content []byte) []byte { return content[:block] }},
		"cut after the third frame": {damage: func(content []byte) []byte { return content[:frame(4)] }},
		"the newest frame is zeroes": {damage: func(content []byte) []byte {
			clear(content[frame(frames):frame(frames+1)])
			return content
		}},
		"the last three are zeroes": {damage: func(content []byte) []byte { clear(content[frame(8):frame(12)]); return content }},
		"a byte of the newest": {torn: frames, count: 1, damage: func(content []byte) []byte {
			content[frame(frames)+100] ^= 1
			return content
		}},
		"a byte in each of the last two": {damage: func(content []byte) []byte {
			content[frame(frames-1)+100] ^= 1
			content[frame(frames)+100] ^= 1
			return content
		}},
		"the newest is something else": {torn: frames, damage: func(content []byte) []byte {
			copy(content[frame(frames):], bytes.Repeat([]byte("else"), block/4))
			return content
		}},
		"the beginning is something else": {damage: func(content []byte) []byte { copy(content, "else"); return content }},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal")
			damaged := c.damage(written(t, path, frames))
			put(t, path, damaged)
			if _, err := journal.ReadFile(path, 0); !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("where it was written: got error %v", err)
			}
			if _, _, err := journal.Open(path, syncFile); !errors.Is(err, journal.ErrDamaged) {
				t.Errorf("opened where it was written: got error %v", err)
			}
			elsewhere(t, path)
			contents, err := journal.ReadFile(path, 0)
			if c.torn == 0 {
				if !errors.Is(err, journal.ErrDamaged) {
					t.Errorf("elsewhere: got error %v", err)
				}
				return
			}
			if err != nil || contents.Torn == nil || *contents.Torn != (journal.Torn{First: c.torn, Count: c.count}) {
				t.Errorf("elsewhere: got %+v and error %v", contents.Torn, err)
			}
			check(t, contents.Frames, 1, c.torn-1)
		})
	}
}

// TestAFrameInTheMiddleLeavesAGap is noticed by the owner, who knows the records.
func TestAFrameInTheMiddleLeavesAGap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	damaged := written(t, path, 5)
	damaged[3*block+100] ^= 1
	put(t, path, damaged)
	frames := read(t, path)
	if len(frames) != 4 || frames[1].First != 2 || frames[2].First != 4 {
		t.Errorf("got %d frames", len(frames))
	}
}

// TestALossOfPowerTearsTheLastFrameAlone puts the file together from the sectors
// before a write and those after it, at random, with frames of all sizes in a
// circle that closes often.
func TestALossOfPowerTearsTheLastFrameAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("writes gigabytes, from one goroutine: nothing for the race detector")
	}
	path := filepath.Join(t.TempDir(), "journal")
	torn := filepath.Join(t.TempDir(), "torn")
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(path)
		j, _ := open(t, path)
		defer func() { j.Close() }()
		first := uint64(1)
		writes := rapid.IntRange(1, 30).Draw(t, "writes")
		for number := uint64(1); number <= uint64(writes); number++ {
			lost := rapid.IntRange(0, 5).Draw(t, "power") == 0
			var before []byte
			if lost {
				before = content(t, path)
			}
			write(t, j, number, rapid.SampledFrom([]int{100, 4000, 4096, 30_000, 200_000}).Draw(t, "size"))
			if lost {
				put(t, torn, mix(t, before, content(t, path)))
				checkTorn(t, torn, first, number)
			}
			first = rapid.Uint64Range(first, number+1).Draw(t, "released")
			j.Release(first - 1)
		}
	})
}

// mix takes each sector that differs from one of two contents.
func mix(t *rapid.T, before, after []byte) []byte {
	mixed := bytes.Clone(after)
	mostly := rapid.SampledFrom([]int{1, 4, 7}).Draw(t, "mostly")
	for at := 0; at < len(before); at += sector {
		end := min(at+sector, len(before))
		if !bytes.Equal(before[at:end], after[at:end]) && rapid.IntRange(0, 8).Draw(t, "sector") < mostly {
			copy(mixed[at:end], before[at:end])
		}
	}
	return mixed
}

// checkTorn checks that frames from first on are there, but the last, which may
// be.
func checkTorn(t *rapid.T, path string, first, last uint64) {
	contents, err := journal.ReadFile(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	frames := withRecords(contents.Frames)
	if n := len(frames); n == 0 || frames[n-1].First < last {
		last--
	}
	if first <= last {
		check(t, frames, first, last)
	}
	if torn := contents.Torn; torn != nil && (torn.First != last+1 || torn.Count > 1) {
		t.Fatalf("torn is %+v after %d", torn, last)
	}
}

// TestADamagedEndIsNeverSilent overwrites the newest frames, whatever the circle
// looks like.
func TestADamagedEndIsNeverSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("writes gigabytes, from one goroutine: nothing for the race detector")
	}
	path := filepath.Join(t.TempDir(), "journal")
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(path)
		elsewhere(t, path)
		j, _ := open(t, path)
		var before []byte
		last := uint64(rapid.IntRange(2, 30).Draw(t, "frames"))
		lost := uint64(rapid.IntRange(1, int(min(last-1, 5))).Draw(t, "lost"))
		for number := uint64(1); number <= last; number++ {
			if number == last-lost+1 {
				before = content(t, path)
			}
			write(t, j, number, rapid.SampledFrom([]int{100, 4000, 30_000, 200_000}).Draw(t, "size"))
			j.Release(number - 1)
		}
		j.Close()
		after := content(t, path)
		fill := rapid.SampledFrom([]string{"\x00", "x"}).Draw(t, "fill")
		for at := 0; at < len(before); at += block { // what was written since, but no terminator of before
			if !bytes.Equal(before[at:at+block], after[at:at+block]) {
				copy(after[at:at+block], bytes.Repeat([]byte(fill), block))
			}
		}
		clear(after[len(before):])
		put(t, path, after)
		elsewhere(t, path)
		contents, err := journal.ReadFile(path, 0)
		if err == nil && contents.Torn == nil {
			t.Fatalf("%d frames of %d are gone and nothing says so: it ends at %d", lost, last, contents.End)
		}
		if err == nil && fill == "\x00" {
			t.Fatalf("zeroes are taken for a torn frame: %+v", contents.Torn)
		}
	})
}
