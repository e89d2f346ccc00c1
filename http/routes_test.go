package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"daybook/http/callback"
)

func TestAFormatWithoutAPathHasNoRoute(t *testing.T) {
	w := newWorld(t, wiring{})
	format := coinbaseFormats(callback.Sources{}, w.secret, w.signatures)[0]
	format.Path = ""
	for _, r := range NewServer(Config{Formats: []*callback.Format{format}}).table {
		if strings.HasPrefix(r.path, callbackPrefix) {
			t.Errorf("%s is a route", r.path)
		}
	}
}

func TestARouteWithoutSecretsNamesTheVariable(t *testing.T) {
	w := newWorld(t, wiring{})
	w.secret.Set(callback.Secrets{})
	if a := w.post("{}"); !isProblem(a, notFound) || !strings.Contains(string(a.Body), "DAYBOOK_CALLBACK_SECRETS") {
		t.Errorf("without a secret: %d %s", a.Status, a.Body)
	}
	w.secret.Set(mustSecrets(t, secret))
	if a := w.post(completed("A", "u1", 1, "USD")); a.Status != http.StatusOK {
		t.Errorf("with one again: %d %s", a.Status, a.Body)
	}
	if a := w.do(newCallback("/callbacks/other?secret="+secret, strings.NewReader("{}"))); a.Status != http.StatusNotFound {
		t.Errorf("a format that does not exist is answered %d", a.Status)
	}
}
