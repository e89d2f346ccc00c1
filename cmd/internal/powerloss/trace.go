package powerloss

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// tracedCalls are the system calls by which files and connections are opened,
// written, read, synced and named. Those with a question mark are not on every
// architecture.
const tracedCalls = "?open,openat,?mkdir,mkdirat,read,recvfrom,lseek,write,pwrite64,writev,pwritev,?pwritev2,sendto,sendmsg,sendfile,copy_file_range," +
	"fsync,fdatasync,sync,syncfs,ftruncate,truncate,fallocate,?unlink,unlinkat,?rmdir,?rename,renameat,renameat2,?link,linkat,mmap,?io_uring_setup"

// Command returns a command line that becomes the program given after it and
// keeps its process id, and writes the program's system calls to a file.
func Command(strace, file string) []string {
	return []string{strace, "-D", "-f", "--seccomp-bpf", "-yy", "-s", "67108864", "-e", "trace=" + tracedCalls, "-e", "signal=none", "-o", file}
}

// Call is one system call of a trace. Began and Ended are line numbers of the
// trace, which has the lines in the order in which they happened: a thread
// cannot go on before its line is written. A call that the end of the program
// cut off has an Ended of 0.
type Call struct {
	Name         string
	Path         string // of the file descriptor that comes first, or both ends of the connection
	Text         string // arguments and result
	Result       int64  // -1 if it failed
	Began, Ended int
}

// IsSync reports whether a call synced a file.
func (c Call) IsSync(path string) bool {
	return (c.Name == "fsync" || c.Name == "fdatasync") && c.Path == path && c.Succeeded()
}

// Succeeded reports whether a call ended well.
func (c Call) Succeeded() bool { return c.Ended > 0 && c.Result >= 0 }

const unfinished = " <unfinished ...>"

// ReadTrace reads what strace has written, as Command tells it to.
func ReadTrace(file string) ([]Call, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var calls []*Call
	open := map[string]*Call{} // by thread
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		thread, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		text = strings.TrimLeft(text, " ")
		if rest, isResumed := strings.CutPrefix(text, "<... "); isResumed {
			name, rest, _ := strings.Cut(rest, " resumed>")
			c := open[thread]
			if c == nil || c.Name != name {
				return nil, fmt.Errorf("line %d of the trace resumes nothing: %.80q", number, line)
			}
			delete(open, thread)
			c.Text += rest
			c.finish(number)
			continue
		}
		name, arguments, isCall := strings.Cut(text, "(")
		if !isCall || strings.ContainsAny(name, " +-") {
			continue // a thread or the process has ended
		}
		c := &Call{Name: name, Text: arguments, Began: number, Path: descriptorPath(arguments)}
		calls = append(calls, c)
		if rest, waits := strings.CutSuffix(c.Text, unfinished); waits {
			c.Text = rest
			open[thread] = c
			continue
		}
		c.finish(number)
	}
	all := make([]Call, 0, len(calls))
	for _, c := range calls {
		all = append(all, *c)
	}
	return all, nil
}

// finish reads the result, which is a question mark if the program has ended
// meanwhile.
func (c *Call) finish(line int) {
	at := strings.LastIndex(c.Text, " = ")
	if at < 0 {
		return
	}
	digits, _, _ := strings.Cut(c.Text[at+len(" = "):], " ")
	digits, _, _ = strings.Cut(digits, "<")
	result, err := strconv.ParseInt(digits, 0, 64)
	if err != nil && !strings.HasPrefix(digits, "0x") { // an address may be larger
		return
	}
	c.Result, c.Ended = result, line
}

// descriptorPath returns what the descriptor that a text begins with stands for.
func descriptorPath(text string) string {
	digits := strings.TrimLeft(text, "0123456789")
	if digits == text || !strings.HasPrefix(digits, "<") {
		return ""
	}
	for _, end := range []string{">,", ">)", "> <", ">"} { // a path may have a > in it
		if path, _, ok := strings.Cut(digits[1:], end); ok {
			return path
		}
	}
	return ""
}

// unquote decodes the first string that a text has in quotes, and returns what
// follows it.
func unquote(text string) (decoded []byte, rest string, err error) {
	_, text, ok := strings.Cut(text, `"`)
	if !ok {
		return nil, "", fmt.Errorf("no string in %.80q", text)
	}
	decoded = make([]byte, 0, min(len(text), 1<<16))
	for i := 0; i < len(text); {
		switch text[i] {
		case '"':
			if strings.HasPrefix(text[i+1:], "...") {
				return nil, "", fmt.Errorf("a string is not all in the trace")
			}
			return decoded, text[i+1:], nil
		case '\\':
			b, length := unescape(text[i+1:])
			if length == 0 {
				return nil, "", fmt.Errorf("unknown escape %.5q", text[i:])
			}
			decoded = append(decoded, b)
			i += 1 + length
		default:
			decoded = append(decoded, text[i])
			i++
		}
	}
	return nil, "", fmt.Errorf("a string does not end")
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'f': '\f', '"': '"', '\\': '\\'}

// unescape decodes what follows a backslash. The length is 0 if it is nothing.
func unescape(text string) (b byte, length int) {
	if text == "" {
		return 0, 0
	}
	if b, ok := escapes[text[0]]; ok {
		return b, 1
	}
	for length < min(3, len(text)) && '0' <= text[length] && text[length] <= '7' {
		b = b<<3 | (text[length] - '0')
		length++
	}
	return b, length
}
