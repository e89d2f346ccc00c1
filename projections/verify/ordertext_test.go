package verify

import (
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/projections/projectiontest"
)

// TestTextsAreThoseOfJSON compares the short way with the long one.
func TestTextsAreThoseOfJSON(t *testing.T) {
	plain := 0
	for _, log := range []sliceLog{projectiontest.Sample(3000), manyOrders(20)} {
		compared := make(map[string]bool)
		for _, event := range log {
			id := event.Stream.ID()
			if event.Stream.Category() != "order" || compared[id] {
				continue
			}
			compared[id] = true
			o, err := foldStream(t.Context(), log, id, log.end())
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range []func(){
				func() {}, func() { o.User = `a "b"` }, func() { o.User = "é" }, func() { o.User = "<&>" }, func() { o.User = "" },
				func() { o.User, o.Registered = "a", true }, func() { o.Status = "paid"; o.OccurredAt = o.RecordedAt },
			} {
				change()
				got, err := o.text([]byte("before "))
				if err != nil {
					t.Fatal(err)
				}
				want, err := json.Marshal(o)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != "before "+string(want) {
					t.Fatalf("the text is\n%s\nwant\n%s", got, want)
				}
				if o.isPlain() {
					plain++
				}
			}
		}
	}
	if plain < 50 {
		t.Errorf("%d orders went the short way", plain)
	}
}
