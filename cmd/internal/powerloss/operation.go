package powerloss

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// kind says what an operation does.
type kind int

const (
	write    kind = iota // data, at an offset of a file
	truncate             // a file to a length, its offset
	sync                 // all of a file or a directory
	enter                // an entry of a directory for a file
	remove               // an entry of a directory
	rename               // both
)

// operation is a change of a file or of a directory, or a sync of one. Files and
// directories have numbers, because names change.
type operation struct {
	kind         kind
	file         int
	path, from   string // of entries
	offset       int64
	data         []byte
	began, ended int    // moments of the recording; ended is 0 if nobody knows
	class        string // see Recording.Draw
}

// parse translates a call into operations on files under the root, and
// answers. It fails for a call that changes a file in a way that is unknown
// here, which would make every image wrong.
func (r *Recording) parse(c Call) error {
	switch c.Name {
	case "open", "openat":
		return r.parseOpen(c)
	case "mkdir", "mkdirat":
		if path, ok := r.named(c, 0); ok && c.Succeeded() && r.entries[path] == 0 {
			r.enter(c, path, true)
		}
		return nil
	case "read", "lseek":
		return r.parsePosition(c)
	case "write", "pwrite64", "writev", "sendto", "sendmsg":
		return r.parseWrite(c)
	case "fsync", "fdatasync":
		if file := r.entries[c.Path]; file > 0 && c.Succeeded() {
			r.add(c, operation{kind: sync, file: file})
		}
		return nil
	case "ftruncate":
		return r.parseTruncate(c)
	case "unlink", "unlinkat", "rmdir":
		if path, ok := r.named(c, 0); ok && !c.failed() && r.entries[path] > 0 {
			r.add(c, operation{kind: remove, path: path, file: r.entries[path]})
		}
		return nil
	case "rename", "renameat", "renameat2", "link", "linkat":
		return r.parseRename(c)
	case "mmap":
		return r.parseMap(c)
	case "recvfrom", "sync":
		return nil // a sync of everything promises nothing here
	}
	if strings.Contains(c.Text, r.root+"/") {
		return fmt.Errorf("%s(%.200s is not understood", c.Name, c.Text)
	}
	return nil
}

func (c Call) failed() bool { return c.Ended > 0 && c.Result < 0 }

// named returns the nth path in quotes, if it is under the root.
func (r *Recording) named(c Call, n int) (path string, ok bool) {
	rest := c.Text
	for range n + 1 {
		decoded, after, err := unquote(rest)
		if err != nil {
			return "", false
		}
		path, rest = filepath.Clean(string(decoded)), after
	}
	return path, strings.HasPrefix(path, r.root+"/")
}

func (r *Recording) parseOpen(c Call) error {
	path, ok := r.named(c, 0)
	if !ok || c.failed() || !strings.Contains(c.Text, "O_CREAT") && c.Ended == 0 {
		return nil
	}
	if r.entries[path] == 0 && strings.Contains(c.Text, "O_CREAT") {
		r.enter(c, path, false)
	}
	file := r.entries[path]
	if strings.Contains(c.Text, "O_TRUNC") && len(r.content[file]) > 0 {
		r.add(c, operation{kind: truncate, file: file})
	}
	r.positions[c.Result] = position{file: file, isAtEnd: strings.Contains(c.Text, "O_APPEND")}
	return nil
}

// position is where a descriptor writes that is not told.
type position struct {
	file    int
	offset  int64
	isAtEnd bool
}

func (c Call) descriptor() int64 {
	digits, _, _ := strings.Cut(c.Text, "<")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (r *Recording) parsePosition(c Call) error {
	p, isOurs := r.positions[c.descriptor()]
	if !isOurs || r.entries[c.Path] != p.file || !c.Succeeded() {
		return nil
	}
	if c.Name == "lseek" {
		p.offset = 0
	}
	p.offset += c.Result
	r.positions[c.descriptor()] = p
	return nil
}

func (r *Recording) parseWrite(c Call) error {
	if strings.HasPrefix(c.Path, "TCP") {
		r.answer(c)
		return nil
	}
	file := r.entries[c.Path]
	if file == 0 || c.failed() {
		return nil
	}
	data, rest, err := unquote(c.Text)
	if err != nil {
		return fmt.Errorf("%s to %s: %w", c.Name, c.Path, err)
	}
	if int64(len(data)) < c.Result {
		return fmt.Errorf("the trace has %d bytes of %d that were written: %.400s", len(data), c.Result, c.Text)
	}
	if c.Ended > 0 {
		data = data[:c.Result]
	}
	var offset int64
	switch c.Name {
	case "pwrite64":
		numbers := strings.Split(strings.TrimPrefix(rest, ", "), ", ")
		if len(numbers) < 2 {
			return fmt.Errorf("a write to %s has no place: %.80q", c.Path, rest)
		}
		text, _, _ := strings.Cut(numbers[1], ")")
		if offset, err = strconv.ParseInt(text, 10, 64); err != nil {
			return err
		}
	case "write":
		p := r.positions[c.descriptor()]
		if p.file != file {
			return fmt.Errorf("a write to %s begins where nobody knows", c.Path)
		}
		if offset = p.offset; p.isAtEnd {
			offset = int64(len(r.content[file]))
		}
		p.offset = offset + int64(len(data))
		r.positions[c.descriptor()] = p
	default:
		return fmt.Errorf("%s to %s is not understood", c.Name, c.Path)
	}
	r.add(c, operation{kind: write, file: file, offset: offset, data: data})
	return nil
}

// answer adds what is written to a connection, if an answer begins there.
func (r *Recording) answer(c Call) {
	var text []byte
	for rest := c.Text; ; {
		part, after, err := unquote(rest)
		if err != nil {
			break
		}
		text, rest = append(text, part...), after
	}
	if bytes.Contains(text, []byte("HTTP/1.1 200")) {
		r.answers = append(r.answers, answer{r.moment + c.Began, string(text)})
	}
}

func (r *Recording) parseTruncate(c Call) error {
	file := r.entries[c.Path]
	if file == 0 || c.failed() {
		return nil
	}
	_, rest, _ := strings.Cut(c.Text, ">, ")
	digits, _, _ := strings.Cut(rest, ")")
	length, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return fmt.Errorf("truncate %s: %w", c.Path, err)
	}
	r.add(c, operation{kind: truncate, file: file, offset: length})
	return nil
}

func (r *Recording) parseRename(c Call) error {
	from, isFrom := r.named(c, 0)
	to, isTo := r.named(c, 1)
	file := r.entries[from]
	if c.failed() || !isFrom && !isTo {
		return nil
	}
	if file == 0 || !isTo || c.Ended == 0 || r.isDirectory[file] {
		return fmt.Errorf("%s(%.200s is not understood", c.Name, c.Text)
	}
	if strings.HasPrefix(c.Name, "link") {
		r.add(c, operation{kind: enter, path: to, file: file})
		return nil
	}
	r.add(c, operation{kind: rename, path: to, from: from, file: file})
	return nil
}

var mapped = regexp.MustCompile(`PROT_WRITE.*MAP_SHARED, \d+<([^>]*)>`)

// parseMap knows the files that may be written through memory: what is stored
// there is in no trace.
func (r *Recording) parseMap(c Call) error {
	found := mapped.FindStringSubmatch(c.Text)
	if found == nil || !strings.HasPrefix(found[1], r.root+"/") {
		return nil
	}
	if !isMapped(found[1]) {
		return errors.New(found[1] + " is written through memory, which is in no trace")
	}
	return nil
}

// isMapped reports whether a file means nothing after another start of the
// machine, and may be written through memory for that reason.
func isMapped(path string) bool {
	return slices.ContainsFunc([]string{"-shm", "-mark"}, func(suffix string) bool { return strings.HasSuffix(path, suffix) })
}
