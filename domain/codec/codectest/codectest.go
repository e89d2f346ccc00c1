// Package codectest checks that the events of an aggregate are written for
// ever as they were written once.
package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/money"
)

// Run checks the codec in c against the files testdata/<Type>.v<schema>.json of
// the package under test. There is one sample, with a value in every field, for
// each listed type. A file that has been released is never changed: data like
// it is in the logs.
func Run[E codec.Event](t *testing.T, c codec.Codec[E], samples []E) {
	types := c.Types()
	for _, sample := range samples {
		name := sample.EventType()
		t.Run(name, func(t *testing.T) {
			golden(t, c, sample)
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
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name, version, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), ".")
		if version != fmt.Sprintf("v%d", codec.Schema) || !slices.Contains(c.Types(), name) {
			t.Errorf("%s is of no listed event type", file)
		}
	}
}

func golden[E codec.Event](t *testing.T, c codec.Codec[E], sample E) {
	name := sample.EventType()
	file := filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", name, codec.Schema))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("no golden file: %v", err)
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	for _, path := range empty(reflect.ValueOf(sample), name) {
		t.Errorf("the sample has no %s, so that nothing is known of how it is written", path)
	}
	encoded, err := codec.Encode(sample)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded, data) {
		t.Errorf("the sample is written as\n%s\n%s has\n%s", encoded, file, data)
	}
	decoded, err := c.Decode(name, codec.Schema, data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(decoded, sample) {
		t.Errorf("%s is read as\n%+v\nwant\n%+v", file, decoded, sample)
	}
	again, err := codec.Encode(decoded)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, data) {
		t.Errorf("%s is read and written as\n%s\nwant\n%s", file, again, data)
	}
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
		{sample.EventType(), codec.Schema + 1},
		{sample.EventType(), 0},
		{sample.EventType() + "V2", codec.Schema},
		{strings.ToLower(sample.EventType()), codec.Schema},
		{"", codec.Schema},
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
