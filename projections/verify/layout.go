package verify

import (
	"fmt"
	"strconv"
	"strings"
)

// layout knows the names of a generation's keys, as they are documented for
// websites that read them:
//
//	{daybook}:current
//	{daybook}:3:checkpoint:<projection>   {daybook}:3:sum:<projection>   {daybook}:3:whole:<projection>
//	{daybook}:3:keys:<projection>
//	{daybook}:3:balance:<user>   {daybook}:3:entries:<user>   {daybook}:3:order:<id>
type layout struct {
	prefix     string
	generation uint64
}

func (l layout) current() string { return l.prefix + ":current" }

func (l layout) key(kind, name string) string {
	return l.prefix + ":" + strconv.FormatUint(l.generation, 10) + ":" + kind + ":" + name
}

// all matches every key of the generation, for SCAN.
func (l layout) all() string { return escapeGlob(l.key("", "")[:len(l.key("", ""))-1]) + "*" }

// kind matches the keys of a kind.
func (l layout) kind(name string) string { return escapeGlob(l.key(name, "")) + "*" }

// cut returns what a key of the generation keeps, and of whom.
func (l layout) cut(key string) (kind, name string) {
	kind, name, _ = strings.Cut(strings.TrimPrefix(key, l.key("", "")[:len(l.key("", ""))-1]), ":")
	return kind, name
}

// escapeGlob makes a pattern of text that matches it alone.
func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `^`, `\^`).Replace(text)
}

// encodeName percent-encodes a user as keys have it: every byte outside
// A-Z a-z 0-9 . _ ~ -
func encodeName(name string) string {
	isPlain := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '~' || c == '-'
	}
	strange := 0
	for i := range len(name) {
		if !isPlain(name[i]) {
			strange++
		}
	}
	if strange == 0 {
		return name
	}
	encoded := make([]byte, 0, len(name)+2*strange)
	for i := range len(name) {
		if isPlain(name[i]) {
			encoded = append(encoded, name[i])
		} else {
			encoded = fmt.Appendf(encoded, "%%%02X", name[i])
		}
	}
	return string(encoded)
}
