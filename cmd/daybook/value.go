package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// maxFileBytes bounds a file of settings.
const maxFileBytes = 64 << 10

// fileTimeout bounds how long a pipe in place of such a file may take.
const fileTimeout = 5 * time.Second

// cleanValue returns a setting as it is meant, wherever it comes from: without the
// blanks, line ends and byte order mark around it, which files and editors leave
// there. What it cannot tell from a mistake is an error, which says what to do and
// never repeats the value.
func cleanValue(text string) (string, error) {
	text = strings.TrimFunc(text, isAround)
	switch {
	case !utf8.ValidString(text):
		return "", errors.New("is not UTF-8: save it as UTF-8, not as UTF-16")
	case strings.Contains(text, `"`), strings.Trim(text, quotes) != text:
		return "", errors.New("has quotation marks in or around it, which would be a part of it: take them away")
	case strings.ContainsFunc(text, isInvisible):
		return "", errors.New("has a line break, a tab or another invisible character in it: write it anew, in one line")
	}
	return text, nil
}

// quotes are taken for a part of the value by what reads no shell, such as
// docker's --env-file.
const quotes = "\"'`“”‘’"

func isAround(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' || r == '\u200B' }

func isInvisible(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// cleanList returns a list whose entries are separated by commas, lines or both, as
// one with commas. An entry that is empty between two commas stays in it; one that
// has no other is empty.
func cleanList(text string) (string, error) {
	var lines []string
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimFunc(line, isAround); line != "" {
			lines = append(lines, line)
		}
	}
	var entries []string
	for i, line := range lines {
		if i+1 < len(lines) {
			line = strings.TrimSuffix(line, ",")
		}
		for entry := range strings.SplitSeq(line, ",") {
			entry, err := cleanValue(entry)
			if err != nil {
				return "", fmt.Errorf("entry %d %w", len(entries)+1, err)
			}
			entries = append(entries, entry)
		}
	}
	if strings.Join(entries, "") == "" {
		return "", nil
	}
	return strings.Join(entries, ","), nil
}

// clean is cleanList or cleanValue.
func clean(text string, list bool) (string, error) {
	if list {
		return cleanList(text)
	}
	return cleanValue(text)
}

// fileValue reads a setting from a file. label names the setting that names the
// file.
func (v variable) fileValue(label, path string) (string, error) {
	content, err := readFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", label, err)
	}
	value, err := v.clean(string(content))
	if err != nil {
		return "", fmt.Errorf("%s: what is in %s %w", label, path, err)
	}
	return value, nil
}

// readFile reads a small file or a pipe.
func readFile(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe may have no writer
	if err != nil {
		return nil, err
	}
	defer file.Close()
	_ = file.SetReadDeadline(time.Now().Add(fileTimeout)) // files on disk have none, and need none
	content, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFileBytes {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxFileBytes)
	}
	return content, nil
}

// cleanFlags are the options that give flags the same treatment. A positional
// argument, such as the name of a user, is taken as it is.
func cleanFlags() []kong.Option {
	plain := kong.NewRegistry().RegisterDefaults()
	text, list := reflect.TypeFor[string](), reflect.TypeFor[[]string]()
	return []kong.Option{
		kong.KindMapper(reflect.String, cleaned{plain.ForType(text)}),
		kong.KindMapper(reflect.Slice, cleaned{plain.ForType(list)}),
		kong.NamedMapper("path", cleaned{plain.ForNamedType("path", text)}),
		kong.NamedMapper("existingfile", cleaned{plain.ForNamedType("existingfile", text)}),
	}
}

// cleaned is a mapper of clean values.
type cleaned struct{ kong.Mapper }

// Decode implements kong.Mapper.
func (c cleaned) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	token := ctx.Scan.Peek()
	if value, ok := token.Value.(string); ok && ctx.Value.Flag != nil && !token.IsEOL() {
		value, err := clean(value, ctx.Value.IsSlice())
		if err != nil {
			return err
		}
		if value == "" {
			return errors.New("is empty: leave it out to have its default")
		}
		ctx.Scan.Pop()
		ctx.Scan.PushTyped(value, token.Type)
	}
	return c.Mapper.Decode(ctx, target)
}
