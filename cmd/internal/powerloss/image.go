package powerloss

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sectorSize in bytes is what a disk writes whole or not at all.
const sectorSize = 512

// Draw draws a moment: any, one in a sync, or one in an operation or right after
// it, with each class of operations as likely as another, so that what happens
// once, such as the first sync of a directory, comes as often as what happens all
// the time. It returns what the operation is.
func (r *Recording) Draw(random *rand.Rand) (moment int, during string) {
	byClass, syncs := r.classes()
	way := random.IntN(3)
	switch {
	case way == 0 || len(syncs) == 0:
		return random.IntN(r.moment + 1), "any moment"
	case way == 1:
		op := syncs[random.IntN(len(syncs))]
		return op.began + 1, "in " + op.class
	}
	classes := slices.Sorted(maps.Keys(byClass))
	class := classes[random.IntN(len(classes))]
	op := byClass[class][random.IntN(len(byClass[class]))]
	if random.IntN(2) == 0 && op.ended > 0 {
		return op.ended + 1, "after " + class
	}
	return op.began + 1, "in " + class
}

// Image is a directory as a loss of power leaves it: content by path below the
// directory. A path that ends in a slash is a directory.
type Image map[string][]byte

// Cut returns an image of a moment.
func (r *Recording) Cut(moment int, random *rand.Rand) Image {
	files, entries, open := r.replay(moment)
	fate := drawFate(random)
	for _, op := range fate.entries(open, random) {
		op.change(entries)
	}
	settled := map[int][]byte{} // two entries may be of one file
	image := Image{}
	for _, path := range slices.Sorted(maps.Keys(entries)) { // the same draws in each run
		number := entries[path]
		if !r.isReachable(entries, path) {
			continue
		}
		name := strings.TrimPrefix(path, r.root+"/")
		if r.isDirectory[number] {
			image[name+"/"] = nil
			continue
		}
		if _, ok := settled[number]; !ok {
			settled[number] = files[number].settle(fate, random)
		}
		image[name] = settled[number]
	}
	return image
}

// isReachable reports whether the directories that a path is in are there.
func (r *Recording) isReachable(entries map[string]int, path string) bool {
	for parent := filepath.Dir(path); parent != r.root; parent = filepath.Dir(parent) {
		if _, ok := entries[parent]; !ok {
			return false
		}
	}
	return true
}

// state is a file at a moment.
type state struct {
	durable []byte
	pending []operation // that are not synced
}

// replay returns the files, and the entries of directories: those that are
// durable, and operations on them that are not.
func (r *Recording) replay(moment int) (files []state, entries map[string]int, open []operation) {
	files, entries = make([]state, len(r.content)), map[string]int{}
	for _, f := range r.base {
		files[f.number].durable = bytes.Clone(f.content)
		entries[f.path] = f.number
	}
	for _, op := range r.ops {
		if op.began >= moment {
			break
		}
		switch op.kind {
		case write, truncate:
			files[op.file].pending = append(files[op.file].pending, op)
		case enter, remove, rename:
			open = append(open, op)
		case sync:
			if op.ended == 0 || op.ended >= moment {
				continue
			}
			if r.isDirectory[op.file] {
				open = enterSynced(entries, open, r.pathOf(op.file), op.began)
			}
			files[op.file].sync(op.began)
		}
	}
	return files, entries, open
}

// enterSynced makes the operations on entries of a directory durable that had
// ended when its sync began, and returns the others.
func enterSynced(entries map[string]int, open []operation, directory string, began int) []operation {
	return slices.DeleteFunc(open, func(op operation) bool {
		if filepath.Dir(op.path) != directory || op.ended == 0 || op.ended >= began {
			return false
		}
		op.change(entries)
		return true
	})
}

// change does an operation to entries. What is removed may be another file by
// that name, if not all that happened before is on disk: then it stays.
func (op operation) change(entries map[string]int) {
	switch op.kind {
	case enter:
		entries[op.path] = op.file
	case remove:
		if entries[op.path] == op.file {
			delete(entries, op.path)
		}
	case rename:
		delete(entries, op.from)
		entries[op.path] = op.file
	}
}

// sync makes durable what was written before a moment. A write that a kill cut
// off was over before the next program began.
func (s *state) sync(began int) {
	s.pending = slices.DeleteFunc(s.pending, func(op operation) bool {
		if op.ended >= began {
			return false
		}
		s.durable = op.apply(s.durable)
		return true
	})
}

// apply does an operation to a file.
func (op operation) apply(content []byte) []byte {
	if op.kind == truncate {
		return resize(content, op.offset)
	}
	if end := op.offset + int64(len(op.data)); end > int64(len(content)) {
		content = resize(content, end)
	}
	copy(content[op.offset:], op.data)
	return content
}

func resize(content []byte, length int64) []byte {
	if length <= int64(len(content)) {
		return content[:length:length]
	}
	return append(content, make([]byte, length-int64(len(content)))...)
}

// fate is how much of what was not synced is on disk, in thousandths: one image
// has nearly all of it, another nearly nothing, others something of each.
type fate struct{ whole, torn int }

func drawFate(random *rand.Rand) fate {
	fates := []fate{{0, 0}, {1000, 0}, {0, 1000}, {333, 333}, {900, 100}, {0, 200}}
	return fates[random.IntN(len(fates))]
}

// entries draws the operations on entries that are on disk: up to one of them,
// as a file system does that keeps their order, or any.
func (f fate) entries(open []operation, random *rand.Rand) []operation {
	if random.IntN(2) == 0 {
		return open[:random.IntN(len(open)+1)]
	}
	return slices.DeleteFunc(slices.Clone(open), func(operation) bool { return random.IntN(2) == 0 })
}

// settle draws what is on disk of a file.
func (s state) settle(f fate, random *rand.Rand) []byte {
	seen, disk := bytes.Clone(s.durable), s.durable
	known := random.IntN(len(s.pending) + 1) // whose lengths are on disk
	if all := f.whole + f.torn; random.IntN(1000) < all {
		known = len(s.pending)
	}
	length, lost := int64(len(disk)), int64(math.MaxInt64)
	for i, op := range s.pending {
		seen = op.apply(seen)
		if i < known {
			length = int64(len(seen))
		}
		switch {
		case op.kind == write:
			disk = f.tear(disk, seen, op, lost, random)
		case i < known:
			disk = resize(disk, min(op.offset, int64(len(disk))))
		default:
			lost = min(lost, op.offset) // what is written there is in blocks that the file does not have
		}
	}
	return resize(disk, length)
}

// tear brings some sectors of a write to disk, none or all, as programs see them
// after it. What is beyond lost stays as it was.
func (f fate) tear(disk, seen []byte, op operation, lost int64, random *rand.Rand) []byte {
	drawn := random.IntN(1000)
	if drawn >= f.whole+f.torn {
		return disk
	}
	end := op.offset + int64(len(op.data))
	for at := op.offset / sectorSize * sectorSize; at < min(end, lost); at += sectorSize {
		if drawn >= f.whole && random.IntN(2) == 0 {
			continue
		}
		to := min(at+sectorSize, int64(len(seen)))
		if to > int64(len(disk)) {
			disk = resize(disk, to)
		}
		copy(disk[at:to], seen[at:to])
	}
	return disk
}

// otherBoot is a run of a machine that is not this one.
const otherBoot = "00000000-1111-4222-8333-444444444444"

// Write writes an image to a directory, which is made. Small files that name
// this run of the machine name another.
func (m Image) Write(directory string) error {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	for name, content := range m {
		path := filepath.Join(directory, name)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o700)
		} else if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			if len(content) < 4096 {
				content = bytes.ReplaceAll(content, bytes.TrimSpace(boot), []byte(otherBoot))
			}
			err = os.WriteFile(path, content, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
