package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"daybook/http/callback"
)

func TestAFormatThatIsOffHasNoRoute(t *testing.T) {
	w := newWorld(t, wiring{})
	format := coinbaseFormats(callback.Sources{}, w.secret)[0]
	format.Off = true
	for _, r := range NewServer(Config{Formats: []*callback.Format{format}}).table {
		if strings.HasPrefix(r.path, callbackPrefix) {
			t.Errorf("%s is a route", r.path)
		}
	}
	if a := w.do(newCallback("/callbacks/other?secret="+secret, strings.NewReader("{}"))); a.Status != http.StatusNotFound {
		t.Errorf("a format that does not exist is answered %d", a.Status)
	}
}
