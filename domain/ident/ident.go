// Package ident has the rules for identifiers that come from outside: order
// ids, users, references, addresses. What passes is an ordinary identifier
// everywhere; nothing is special about a slash or a colon in a user's name. It
// knows neither events nor amounts.
package ident

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxBytes bounds an identifier, before encoding.
const MaxBytes = 128

// ErrUnusable is wrapped by every error of Check.
var ErrUnusable = errors.New("not a usable identifier")

// Check reports why text cannot be an identifier: it must be 1 to 128 bytes of
// UTF-8 without control characters, and neither "." nor "..", which paths give
// a meaning to. The text itself is left out of the error, because it may be
// personal.
func Check(text string) error {
	switch {
	case text == "":
		return fmt.Errorf("%w: empty", ErrUnusable)
	case len(text) > MaxBytes:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrUnusable, len(text), MaxBytes)
	case text == "." || text == "..":
		return fmt.Errorf("%w: a dot path", ErrUnusable)
	case isPrintable(text):
		return nil // nearly all there are
	case !utf8.ValidString(text):
		return fmt.Errorf("%w: not UTF-8", ErrUnusable)
	}
	for _, r := range text {
		if isControl(r) {
			return fmt.Errorf("%w: control character %U", ErrUnusable, r)
		}
	}
	return nil
}

// isPrintable reports whether text has nothing but visible ASCII and spaces.
func isPrintable(text string) bool {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] >= 0x7f {
			return false
		}
	}
	return true
}

// isControl covers C0, DEL and C1 (Unicode category Cc), and the line and
// paragraph separators, which break log lines just as well.
func isControl(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029'
}

// Escape percent-encodes every byte outside A-Z a-z 0-9 . _ ~ - so that text
// can be a part of a stream name, an account, a key or a path segment.
func Escape(text string) string {
	extra := 0
	for i := range len(text) {
		if !isUnreserved(text[i]) {
			extra += 2
		}
	}
	if extra == 0 {
		return text
	}
	escaped := make([]byte, 0, len(text)+extra)
	for i := range len(text) {
		c := text[i]
		if isUnreserved(c) {
			escaped = append(escaped, c)
			continue
		}
		escaped = append(escaped, '%', upperHex[c>>4], upperHex[c&15])
	}
	return string(escaped)
}

const upperHex = "0123456789ABCDEF"

// isUnreserved is RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '.' || c == '_' || c == '~' || c == '-'
}

// Unescape turns what Escape made back into text. It accepts lower-case
// digits and needless encoding too, because clients differ.
func Unescape(escaped string) (string, error) {
	text := make([]byte, 0, len(escaped))
	for i := 0; i < len(escaped); i++ {
		if escaped[i] != '%' {
			text = append(text, escaped[i])
			continue
		}
		if i+2 >= len(escaped) {
			return "", fmt.Errorf("%w: percent sign without two digits", ErrUnusable)
		}
		high, low := unhex(escaped[i+1]), unhex(escaped[i+2])
		if high < 0 || low < 0 {
			return "", fmt.Errorf("%w: percent sign without two digits", ErrUnusable)
		}
		text = append(text, byte(high<<4|low))
		i += 2
	}
	return string(text), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
