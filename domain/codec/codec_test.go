package codec_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

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
	got, err := lamps.Decode("LampLit", 1, data)
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
		{"a type that is not listed", "LampStolen", 1, `{}`, true},
		{"a newer schema", "LampLit", 2, `{"lamp":"a"}`, true},
		{"no schema", "LampLit", 0, `{"lamp":"a"}`, true},
		{"data that is no JSON", "LampLit", 1, `{"lamp":`, false},
		{"a member given twice", "LampLit", 1, `{"lamp":"a","lamp":"b"}`, false},
		{"another type of value", "LampLit", 1, `{"lamp":1}`, false},
		{"two documents", "LampLit", 1, `{"lamp":"a"}{}`, false},
		{"invalid UTF-8", "LampLit", 1, "{\"lamp\":\"\xff\"}", false},
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

// lampMoved has had its room spelt "place" in schema 1, and no floor in schema 2.
type lampMoved struct {
	Room  string `json:"room"`
	Floor int    `json:"floor"`
}

func (lampMoved) EventType() string { return "LampMoved" }

var moves = codec.New(codec.Of[lampMoved, event](
	func(data []byte) ([]byte, error) {
		var old struct {
			Place string `json:"place"`
		}
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{"room": old.Place})
	},
	func(data []byte) ([]byte, error) {
		var old struct {
			Room string `json:"room"`
		}
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, err
		}
		return json.Marshal(lampMoved{Room: old.Room, Floor: 1})
	}))

// A fold sees today's event, whatever the schema it was written in.
func TestEventsOfOlderSchemasAreFolded(t *testing.T) {
	if got := moves.Schema("LampMoved"); got != 3 {
		t.Errorf("two upcasters make schema %d, want 3", got)
	}
	rooms := make(map[string]int)
	for schema, data := range map[int]string{1: `{"place":"hall"}`, 2: `{"room":"kitchen"}`, 3: `{"room":"attic","floor":4}`} {
		e, err := moves.Decode("LampMoved", schema, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		moved := e.(lampMoved)
		rooms[moved.Room] = moved.Floor
	}
	if want := map[string]int{"hall": 1, "kitchen": 1, "attic": 4}; !maps.Equal(rooms, want) {
		t.Errorf("got %v, want %v", rooms, want)
	}
	if _, err := moves.Decode("LampMoved", 4, []byte(`{}`)); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("a later schema: got %v, want ErrUnknown", err)
	}
	if _, err := moves.Decode("LampMoved", 1, []byte(`{"place":7}`)); err == nil {
		t.Error("data that its upcaster cannot read is decoded")
	}
}
