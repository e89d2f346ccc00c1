package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// configVariable names the configuration file. It is the one setting that the file
// itself cannot have.
const configVariable = "DAYBOOK_CONFIG"

// quoted matches what a message quotes from the file, which may be a secret.
var quoted = regexp.MustCompile(`".*"`)

// readConfig reads a configuration file. It returns its values as the environment
// would have them, by variable; those with a mistake are left out.
func readConfig(path string, known []variable) (values map[string]string, found mistakes) {
	note := func(format string, arguments ...any) {
		found.note(fmt.Errorf("%s: "+format, append([]any{path}, arguments...)...))
	}
	content, err := readFile(path)
	if err != nil {
		found.note(fmt.Errorf("--config: %w", err))
		return nil, found
	}
	var entries map[string]any
	file, err := toml.Decode(strings.TrimPrefix(string(content), "\uFEFF"), &entries)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			note("line %d is not TOML: %s", syntax.Position.Line, quoted.ReplaceAllString(syntax.Message, "something"))
		} else {
			note("it is not TOML")
		}
		return nil, found
	}
	keys := make(map[string]variable, len(known))
	for _, v := range known {
		if v.name != configVariable {
			keys[v.key()] = v
		}
	}
	values = make(map[string]string)
	for _, written := range file.Keys() { // as they are in the file
		value, ok := entries[written[0]]
		if !ok {
			continue // another key of a table
		}
		delete(entries, written[0])
		key := strings.ReplaceAll(written[0], "_", "-")
		v, ok := keys[key]
		if _, table := value.(map[string]any); table {
			note("%q is a table: settings are at the top, before any table", written[0])
			continue
		}
		if !ok {
			note("%s is no setting", describe(fmt.Sprintf("%q", written[0]), nearest(slices.Sorted(maps.Keys(keys)), key)))
			continue
		}
		if _, again := values[v.name]; again {
			note("%s is there twice, with - and with _", key)
			continue
		}
		text, err := v.fromTOML(value)
		if err != nil {
			note("%s %w", key, err)
			continue
		}
		values[v.name] = text
	}
	return values, found
}

// fromTOML returns the text of a value in the configuration file. Its errors never
// repeat the value.
func (v variable) fromTOML(value any) (string, error) {
	if v.secret {
		return "", fmt.Errorf("is a secret, which others could read in this file: set %s, or %s to a file that has it", v.name, v.twin().key())
	}
	text, err := v.text(value)
	if err != nil {
		return "", err
	}
	if text, err = v.clean(text); err != nil {
		return "", err
	}
	if url, ok := secretURLOf(v.flag); ok && text != "" && url.hasPassword(text) {
		return "", fmt.Errorf("takes a URL such as %s without a password, which others could read in this file: for one with a password set %s, or %s to a file that has it", url.example, v.name, v.twin().key())
	}
	return text, nil
}

// The types of values, as messages name them.
const (
	typeText   = "a text in quotation marks"
	typeNumber = "a number"
	typeBool   = "true or false"
	typeList   = "a list of texts"
)

// text returns a value that has the type of the flag. A list may be one text.
func (v variable) text(value any) (string, error) {
	want, found := typeText, "a date, a time or a table"
	switch {
	case v.list:
		want = typeList
	case v.flag != nil && v.flag.IsBool():
		want = typeBool
	case v.flag != nil && isNumber(v.flag.Target.Type()):
		want = typeNumber
	}
	switch value := value.(type) {
	case string:
		if v.list {
			return value, nil
		}
		found = typeText
	case bool:
		found = typeBool
	case int64, float64:
		found = typeNumber
	case []any:
		if v.list {
			return joinTexts(value)
		}
		found = typeList
	}
	if found != want {
		return "", fmt.Errorf("must be %s, and is %s", want, found)
	}
	return fmt.Sprint(value), nil
}

func joinTexts(values []any) (string, error) {
	texts := make([]string, len(values))
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			return "", fmt.Errorf("must be a list of texts, and entry %d is none", i+1)
		}
		texts[i] = text
	}
	return strings.Join(texts, ","), nil
}

// isNumber reports whether a flag takes a number. A duration is a text, such as 5s.
func isNumber(t reflect.Type) bool {
	return t.PkgPath() == "" && t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64
}

// isUnset reports whether neither a variable nor its twin is set.
func isUnset(name string) bool {
	main := strings.TrimSuffix(name, fileSuffix)
	return os.Getenv(main) == "" && os.Getenv(main+fileSuffix) == ""
}
