package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

// TestListsThatAreBeingFoldedKeepNothingElse has lists that are never filled.
func TestListsThatAreBeingFoldedKeepNothingElse(t *testing.T) {
	w := newWorld(t, wiring{noProjections: true})
	for _, path := range []string{"/review", "/quarantine", "/find?q=u1"} {
		if a := w.get(Operator, path); !isProblem(a, behind) || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s is answered %d %s", path, a.Status, a.Body)
		}
	}
	if a := w.get(Operator, "/readyz"); a.Status != http.StatusOK {
		t.Errorf("/readyz is answered %d", a.Status)
	}
	if a := w.post(`{"order":{"id":"A","status":"completed"}}`); a.Status != http.StatusOK {
		t.Errorf("a callback is answered %d", a.Status)
	}
}

// TestReadyReadsDoesNotAskTheLists stops the lists alone.
func TestReadyReadsDoesNotAskTheLists(t *testing.T) {
	w := newWorld(t, wiring{})
	if a := w.get(Operator, "/readyz/reads"); a.Status != http.StatusOK {
		t.Errorf("/readyz/reads is answered %d", a.Status)
	}
	if !strings.Contains(w.metrics(), `daybook_projection_caught_up{projection="local"} 1`) {
		t.Errorf("no metric of the lists:\n%s", w.metrics())
	}
}
