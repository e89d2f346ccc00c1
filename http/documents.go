package httpapi

import (
	_ "embed"
	"fmt"
	"net/http"

	"github.com/gorilla/mux"
)

//go:embed openapi.yaml
var openAPI []byte

// getOpenAPI answers with the description of this interface.
func getOpenAPI(w *call, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI) // the client may be gone
	return nil
}

// getProblem explains one type of problem, so that its URI leads somewhere.
func getProblem(w *call, r *http.Request) error {
	for _, k := range problemsByTable {
		if k.name == mux.Vars(r)["name"] {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintf(w, "%s\n\n%s (HTTP %d).\n", k.name, k.title, k.status)
			return nil
		}
	}
	return notFound.problem("There is no such problem.", nil)
}
