package httpapi

import (
	"bytes"
	"net/http"
	"testing"
)

// FuzzCallback posts anything with the right secret. The answer is one of
// those that openapi.yaml documents for a body, and never a fault.
func FuzzCallback(f *testing.F) {
	for _, s := range corpus(f) {
		if len(s.body) < 4<<10 {
			f.Add(s.body)
		}
	}
	w := newWorld(f, wiring{noProjections: true})
	f.Fuzz(func(t *testing.T, body []byte) {
		w.TB = t
		for range 2 {
			switch a := w.do(newCallback(target, bytes.NewReader(body))); a.Status {
			case http.StatusOK, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			default:
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		w.log.checkCanaries(t)
	})
}
