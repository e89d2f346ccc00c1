package strictjson_test

import (
	"strings"
	"testing"

	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// document has a text and a list of texts.
type document struct {
	strictjson.Object
	Text strictjson.Scalar
	List strictjson.List[strictjson.Scalar, *strictjson.Scalar]
}

func (d *document) Read(dec *jsontext.Decoder) error {
	return d.ReadMembers(dec, func(name []byte) strictjson.Value {
		switch string(name) {
		case "text":
			return &d.Text
		case "list":
			return &d.List
		}
		return nil
	})
}

func TestMembersMayBeOfAnyType(t *testing.T) {
	for text, want := range map[string]struct {
		strange, missing bool
		value            string
		elements         int
	}{
		`{"text":"a","list":["b",{}]}`:    {false, false, "a", 2},
		`{"text":1.50,"list":"b"}`:        {false, false, "1.50", 1},
		`{"text":null,"list":null}`:       {false, true, "", 0},
		`{"text":""}`:                     {false, true, "", 0},
		`{"other":{"text":"a"}}`:          {false, true, "", 0},
		`{"text":{"a":[1,"b"]},"list":0}`: {false, false, "", 1},
		`{"te\u0078t":"\u0061"}`:          {false, false, "a", 0},
		`[1]`:                             {true, true, "", 0},
		`null`:                            {false, true, "", 0},
	} {
		var d document
		if err := strictjson.Unmarshal([]byte(text), &d); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if d.Strange != want.strange || d.Text.Missing() != want.missing || d.Text.Text != want.value || len(d.List.Elements) != want.elements {
			t.Errorf("%s is read as %+v", text, d)
		}
	}
}

func TestWhatIsNotStrictIsRefused(t *testing.T) {
	for _, text := range []string{
		``, `{`, `{} {}`, `{"text":"a","text":"b"}`, `{"other":1,"other":2}`, `{"other":{"a":1,"a":2}}`, `{"text":'a'}`, `{"list":[1,]}`,
		"{\"text\":\"\xff\"}", "{\"other\":\"\xff\"}", `{"text":"\ud800"}`, `{"text":01}`, `{"text":NaN}`, "\ufeff{}", "{\"text\":\"\x01\"}",
		strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
	} {
		if err := strictjson.Unmarshal([]byte(text), new(document)); err == nil {
			t.Errorf("%.60q is read", text)
		}
	}
}
