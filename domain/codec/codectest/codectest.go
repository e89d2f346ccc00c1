// Package codectest checks that the events of an aggregate are written for
// ever as they were written once.
package codectest

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/money"
)

// Run checks a codec against the golden files of the package under test, of which
// each listed type has
//
//	testdata/<Type>.v<schema>.json        what was written at first
//	testdata/<Type>.v<schema>.<n>.json    what was written after the n-th added field
//
// There is one sample for each type, with a value in every field: it is written
// as the newest file of the newest schema. All older files are still read, and
// those of the newest schema are written again as they are. A file that has been
// released is never changed: the logs have data like it.
func Run[E codec.Event](t *testing.T, c codec.Codec[E], samples []E) {
	types := c.Types()
	for _, sample := range samples {
		name := sample.EventType()
		t.Run(name, func(t *testing.T) {
			written(t, c, sample)
			for _, file := range filesOf(t, name) {
				read(t, c, name, file)
			}
			unknown(t, c, sample)
		})
		if !slices.Contains(types, name) {
			t.Errorf("%s is not listed in the codec", name)
		}
		types = slices.DeleteFunc(types, func(listed string) bool { return listed == name })
	}
	if len(types) > 0 {
		t.Errorf("no sample of %s", strings.Join(types, ", "))
	}
	for _, file := range filesOf(t, "*") {
		if !slices.Contains(c.Types(), file.eventType) {
			t.Errorf("%s is of no listed event type", file.path)
		}
	}
}

// goldenFile is <Type>.v<schema>.json or <Type>.v<schema>.<field>.json.
type goldenFile struct {
	path      string
	eventType string
	schema    int
	field     int // 0 for the first
}

// filesOf returns the golden files of a type, oldest first.
func filesOf(t *testing.T, eventType string) []goldenFile {
	paths, err := filepath.Glob(filepath.Join("testdata", eventType+".v*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []goldenFile
	for _, path := range paths {
		f := goldenFile{path: path}
		parts := strings.Split(filepath.Base(path), ".")
		f.eventType = parts[0]
		f.schema, err = strconv.Atoi(strings.TrimPrefix(parts[1], "v"))
		if err == nil && len(parts) == 4 {
			f.field, err = strconv.Atoi(parts[2])
		}
		if err != nil || len(parts) > 4 {
			t.Errorf("%s is no name of a golden file", path)
			continue
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b goldenFile) int {
		return cmp.Or(cmp.Compare(a.schema, b.schema), cmp.Compare(a.field, b.field))
	})
	return files
}

// written checks that a sample is written as the newest file has it.
func written[E codec.Event](t *testing.T, c codec.Codec[E], sample E) {
	name := sample.EventType()
	for _, path := range empty(reflect.ValueOf(sample), name) {
		t.Errorf("the sample has no %s, so that nothing is known of how it is written", path)
	}
	files := filesOf(t, name)
	if len(files) == 0 || files[len(files)-1].schema != c.Schema(name) {
		t.Fatalf("no golden file testdata/%s.v%d.json", name, c.Schema(name))
	}
	newest := files[len(files)-1]
	encoded, err := codec.Encode(sample)
	if err != nil {
		t.Fatal(err)
	}
	if data := content(t, newest); !bytes.Equal(encoded, data) {
		t.Errorf("the sample is written as\n%s\n%s has\n%s", encoded, newest.path, data)
	}
	decoded, err := c.Decode(name, newest.schema, encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(decoded, sample) {
		t.Errorf("%s is read as\n%+v\nwant\n%+v", newest.path, decoded, sample)
	}
}

// read checks that a file is read, and written again as it is if its schema is
// still written.
func read[E codec.Event](t *testing.T, c codec.Codec[E], name string, file goldenFile) {
	data := content(t, file)
	decoded, err := c.Decode(name, file.schema, data)
	if err != nil {
		t.Errorf("%s: %v", file.path, err)
		return
	}
	again, err := codec.Encode(decoded)
	if err != nil {
		t.Fatal(err)
	}
	if file.schema == c.Schema(name) && !bytes.Equal(again, data) {
		t.Errorf("%s is read and written as\n%s\nwant\n%s", file.path, again, data)
	}
}

func content(t *testing.T, file goldenFile) []byte {
	data, err := os.ReadFile(file.path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(data, []byte("\n"))
}

// unknown checks that what was not listed is never read as something else.
func unknown[E codec.Event](t *testing.T, c codec.Codec[E], sample E) {
	data, err := codec.Encode(sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []struct {
		eventType string
		schema    int
	}{
		{sample.EventType(), c.Schema(sample.EventType()) + 1},
		{sample.EventType(), 0},
		{sample.EventType() + "V2", 1},
		{strings.ToLower(sample.EventType()), 1},
		{"", 1},
	} {
		if _, err := c.Decode(other.eventType, other.schema, data); !errors.Is(err, codec.ErrUnknown) {
			t.Errorf("type %q of schema %d: got %v, want ErrUnknown", other.eventType, other.schema, err)
		}
	}
}

// empty returns the paths of fields without a value.
func empty(v reflect.Value, path string) []string {
	switch {
	case v.Type() == reflect.TypeFor[money.Amount](), v.Type() == reflect.TypeFor[time.Time]():
		if v.IsZero() {
			return []string{path}
		}
	case v.Kind() == reflect.Struct:
		var paths []string
		for i := range v.NumField() {
			paths = append(paths, empty(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
		return paths
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return empty(v.Elem(), path)
	case v.Kind() == reflect.Slice && v.Len() > 0:
		return empty(v.Index(0), path)
	case v.IsZero():
		return []string{path}
	}
	return nil
}
