package codec_test

import (
	"errors"
	"slices"
	"testing"

	"daybook/domain/codec"
)

type event interface{ codec.Event }

type lampLit struct {
	Lamp string `json:"lamp"`
}

func (lampLit) EventType() string { return "LampLit" }

type lampDimmed struct{}

func (lampDimmed) EventType() string { return "LampDimmed" }

var lamps = codec.New(codec.Of[lampLit, event](), codec.Of[lampDimmed, event]())

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	data, err := codec.Encode(lampLit{Lamp: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"lamp":"a"}`; string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
	got, err := lamps.Decode("LampLit", codec.Schema, data)
	if err != nil || got != (lampLit{Lamp: "a"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTypes(t *testing.T) {
	got := lamps.Types()
	slices.Sort(got)
	if want := []string{"LampDimmed", "LampLit"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDecodeFails(t *testing.T) {
	for _, test := range []struct {
		name      string
		eventType string
		schema    int
		data      string
		unknown   bool
	}{
		{"a type that is not listed", "LampStolen", codec.Schema, `{}`, true},
		{"a newer schema", "LampLit", codec.Schema + 1, `{"lamp":"a"}`, true},
		{"no schema", "LampLit", 0, `{"lamp":"a"}`, true},
		{"data that is no JSON", "LampLit", codec.Schema, `{"lamp":`, false},
		{"a member given twice", "LampLit", codec.Schema, `{"lamp":"a","lamp":"b"}`, false},
		{"another type of value", "LampLit", codec.Schema, `{"lamp":1}`, false},
		{"two documents", "LampLit", codec.Schema, `{"lamp":"a"}{}`, false},
		{"invalid UTF-8", "LampLit", codec.Schema, "{\"lamp\":\"\xff\"}", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := lamps.Decode(test.eventType, test.schema, []byte(test.data))
			if err == nil || errors.Is(err, codec.ErrUnknown) != test.unknown {
				t.Errorf("got %v, %v, want ErrUnknown %v", got, err, test.unknown)
			}
		})
	}
}

func TestEncodeFailsOnWhatCannotBeRead(t *testing.T) {
	if data, err := codec.Encode(lampLit{Lamp: "\xff"}); err == nil {
		t.Errorf("got %q", data)
	}
}
