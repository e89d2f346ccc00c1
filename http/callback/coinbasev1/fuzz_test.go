package coinbasev1_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
)

// FuzzParse reads anything without a panic, refuses with an *Error, and calls
// strict JSON what another reader does.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("../../testdata/corpus/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range seeds {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(body) < 4<<10 { // minimising larger ones takes the whole time
			f.Add(body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := coinbasev1.Parse(body)
		var refusal *callback.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("%T: %v", err, err)
		}
		said := 0
		for _, set := range []bool{message.Order != nil, message.Payout != nil, message.Deposit != nil, message.Test} {
			if set {
				said++
			}
		}
		if err == nil && said != 1 || err != nil && said != 0 {
			t.Fatalf("it says %d things, with the error %v", said, err)
		}
		notJSON := refusal != nil && refusal.Reason == quarantine.NotJSON
		if strict := isStrictJSON(body); strict == notJSON {
			t.Fatalf("another reader calls it strict JSON: %v; this one says %v", strict, err)
		}
		again, errAgain := coinbasev1.Parse(bytes.Clone(body))
		if (err == nil) != (errAgain == nil) || describe(message) != describe(again) {
			t.Fatal("the same bytes say another thing")
		}
	})
}

// isStrictJSON asks encoding/json for the grammar, and looks itself for what
// that lets pass: bytes that are not UTF-8, half surrogate pairs, and names
// given twice.
func isStrictJSON(body []byte) bool {
	return utf8.Valid(body) && json.Valid(body) && !hasHalfSurrogate(body) && uniqueNames(json.NewDecoder(bytes.NewReader(body)))
}

// hasHalfSurrogate looks for \uD800 to \uDFFF out of place in valid JSON.
func hasHalfSurrogate(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		first, ok := escapedRune(body[i:])
		if !ok {
			i++ // the escaped byte
			continue
		}
		i += 5
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := escapedRune(body[i+1:])
		if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escapedRune reads \uXXXX.
func escapedRune(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range text[2:6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		default:
			r = r<<4 | rune(c|0x20-'a'+10)
		}
	}
	return r, true
}

// uniqueNames walks valid JSON.
func uniqueNames(dec *json.Decoder) bool {
	dec.UseNumber()
	var names []map[string]bool // of the open objects; nil for arrays
	name := true                // the next text of an object is a name
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('{'):
			names, name = append(names, make(map[string]bool)), true
			continue
		case json.Delim('['):
			names = append(names, nil)
			continue
		case json.Delim('}'), json.Delim(']'):
			names = names[:len(names)-1]
			name = true // if this was a value of an object, a name follows
			continue
		}
		if len(names) == 0 || names[len(names)-1] == nil {
			continue
		}
		if text, ok := token.(string); ok && name {
			if names[len(names)-1][text] {
				return false
			}
			names[len(names)-1][text] = true
			name = false
			continue
		}
		name = true
	}
}
