package verify

import (
	"testing"

	"github.com/go-json-experiment/json"
)

// TestADigestIsComparedWhateverTheEncoding has a changed body under a word for
// its encoding that nobody knows.
func TestADigestIsComparedWhateverTheEncoding(t *testing.T) {
	l := newEvidentLog()
	l.hold(one)
	changed := kept(one)
	changed.Encoding, changed.Body = "unheard-of", []byte(two)
	l.sliceLog[1].Metadata, _ = json.Marshal(map[string]any{"actor": "callback:coinbase", "evidence": changed})
	if e := l.check(t, "the SHA-256 of the kept body is not the one beside it"); e.Unread["f"] != 1 {
		t.Errorf("%+v", e)
	}
}
