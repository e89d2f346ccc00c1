// Package powerloss puts a directory together as a loss of power may leave it,
// from a trace of the system calls of the programs that wrote to it.
//
// What was written before a sync began that had ended is there. Of the rest
// each write is there, or is not, or some of its sectors of 512 bytes are; a
// file has a length that it had since; an entry of a directory that was not
// synced is there or not. That is all that POSIX promises, and more than most
// file systems take away.
//
// It knows no program, and no file but those that lose their meaning with the
// run of the machine.
package powerloss

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Recording is what was done to a directory, in order. Its moments are counted
// from 0 to End; the lines of all its traces one after the other.
type Recording struct {
	root    string
	moment  int // at which the trace begins that is being added
	base    []file
	ops     []operation
	answers []answer

	// How the directory looks to programs. Numbers of files are their places in
	// content; 0 is none, and 1 the directory itself.
	entries     map[string]int
	content     [][]byte
	isDirectory []bool
	positions   map[int64]position // by descriptor
}

// file is one that was there at the beginning, and durable.
type file struct {
	path    string
	number  int
	content []byte
}

// answer is a write to a connection that begins an answer with status 200.
type answer struct {
	moment int
	text   string
}

// Begin begins a recording of a directory, what is in it being durable.
func Begin(root string) (*Recording, error) {
	r := &Recording{root: filepath.Clean(root), content: make([][]byte, 2), isDirectory: []bool{false, true}}
	r.entries = map[string]int{r.root: 1}
	err := filepath.WalkDir(r.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == r.root {
			return err
		}
		var content []byte
		if !entry.IsDir() {
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		r.content, r.isDirectory = append(r.content, bytes.Clone(content)), append(r.isDirectory, entry.IsDir())
		r.entries[path] = len(r.content) - 1
		r.base = append(r.base, file{path, len(r.content) - 1, content})
		return nil
	})
	return r, err
}

// End returns the last moment.
func (r *Recording) End() int { return r.moment }

// Add adds what a program did until it ended, or was killed. It fails if that
// does not explain what is in the directory, so that no image rests on a trace
// that was not understood. The last writes before a kill may not have come into
// the trace: they count as not synced.
func (r *Recording) Add(calls []Call, killed bool) error {
	r.positions = map[int64]position{}
	last := 0
	for _, c := range calls {
		last = max(last, c.Began, c.Ended)
		if err := r.parse(c); err != nil {
			return err
		}
	}
	r.moment += last + 1
	return r.check(killed)
}

// enter adds the making of a file or a directory.
func (r *Recording) enter(c Call, path string, isDirectory bool) {
	if _, err := os.Lstat(path); err != nil && c.Ended == 0 {
		return // the program was killed before
	}
	r.content, r.isDirectory = append(r.content, nil), append(r.isDirectory, isDirectory)
	r.add(c, operation{kind: enter, path: path, file: len(r.content) - 1})
}

// add adds an operation, and does it to what programs see.
func (r *Recording) add(c Call, op operation) {
	op.began = r.moment + c.Began
	if c.Ended > 0 {
		op.ended = r.moment + c.Ended
	} else if !r.happened(&op) {
		return
	}
	op.class = r.classify(c, op)
	switch op.kind {
	case write, truncate:
		r.content[op.file] = op.apply(r.content[op.file])
	case enter, remove, rename:
		op.change(r.entries)
	}
	r.ops = append(r.ops, op)
}

// happened reports whether an operation that a kill cut off has had an effect,
// and makes the operation that effect.
func (r *Recording) happened(op *operation) bool {
	switch op.kind {
	case write:
		path := r.pathOf(op.file)
		content, err := os.ReadFile(path)
		if err != nil || op.offset >= int64(len(content)) {
			return false
		}
		op.data = bytes.Clone(content[op.offset:min(int64(len(content)), op.offset+int64(len(op.data)))])
		return true
	case truncate:
		info, err := os.Lstat(r.pathOf(op.file))
		return err == nil && info.Size() == op.offset
	case remove:
		_, err := os.Lstat(op.path)
		return err != nil
	}
	return op.kind == enter
}

func (r *Recording) pathOf(file int) string {
	for path, n := range r.entries {
		if n == file {
			return path
		}
	}
	return ""
}

// check compares what the operations come to with what is there.
func (r *Recording) check(killed bool) error {
	there := map[string]bool{}
	err := filepath.WalkDir(r.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == r.root {
			return err
		}
		there[path] = true
		number := r.entries[path]
		if number == 0 || r.isDirectory[number] != entry.IsDir() {
			return fmt.Errorf("the trace does not explain %s", path)
		}
		if entry.IsDir() || isMapped(path) {
			return nil
		}
		content, err := os.ReadFile(path)
		if err == nil && killed {
			r.adopt(number, content)
		}
		if err == nil && !bytes.Equal(content, r.content[number]) {
			err = fmt.Errorf("the trace does not explain the content of %s: %s", path, difference(content, r.content[number]))
		}
		return err
	})
	for path := range r.entries {
		if err == nil && !there[path] && path != r.root {
			err = fmt.Errorf("the trace does not explain that %s is not there", path)
		}
	}
	return err
}

// adopt adds a write that makes a file what is there, if that is not shorter.
func (r *Recording) adopt(number int, content []byte) {
	explained := r.content[number]
	from := 0
	for from < min(len(content), len(explained)) && content[from] == explained[from] {
		from++
	}
	to := len(content)
	for len(content) == len(explained) && to > from && content[to-1] == explained[to-1] {
		to--
	}
	if from == to || len(content) < len(explained) {
		return
	}
	r.add(Call{Name: "pwrite64", Ended: 1}, operation{kind: write, file: number, offset: int64(from), data: bytes.Clone(content[from:to])})
}

func difference(there, explained []byte) string {
	n := 0
	for n < min(len(there), len(explained)) && there[n] == explained[n] {
		n++
	}
	return fmt.Sprintf("%d bytes and %d, the same up to %d", len(there), len(explained), n)
}

// Answered returns what programs had begun to write to connections before a
// moment, where that has the beginning of an answer with status 200.
func (r *Recording) Answered(moment int) []string {
	var texts []string
	for _, a := range r.answers {
		if a.moment < moment {
			texts = append(texts, a.text)
		}
	}
	return texts
}

// classify says what is special about an operation: what it is, of which file,
// whether it writes at the beginning, and whether it makes the file longer.
func (r *Recording) classify(c Call, op operation) string {
	path := op.path
	if path == "" {
		path = r.pathOf(op.file)
	}
	class := []string{c.Name, filepath.Base(path)}
	if op.kind == write && op.offset == 0 {
		class = append(class, "at its beginning")
	}
	if op.kind == write && op.offset+int64(len(op.data)) > int64(len(r.content[op.file])) {
		class = append(class, "growing")
	}
	return strings.Join(class, " ")
}

// classes returns the operations by class, and those that sync.
func (r *Recording) classes() (byClass map[string][]operation, syncs []operation) {
	byClass = map[string][]operation{}
	for _, op := range r.ops {
		byClass[op.class] = append(byClass[op.class], op)
		if op.kind == sync {
			syncs = append(syncs, op)
		}
	}
	return byClass, syncs
}
