package httpapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// ignoring are the routes that ignore what they do not know of a query.
var ignoring = []string{"/callbacks/coinbase", "/callbacks/coinbase/checkouts", "/healthz", "/readyz", "/readyz/reads", "/metrics"}

// eachOperation calls a function with every operation of openapi.yaml, a path of
// it, and the names of its query parameters.
func eachOperation(t *testing.T, do func(route, method, path string, parameters []string)) {
	for route, item := range mustDocument(t).Paths.Map() {
		path := strings.NewReplacer(
			"{user}", "u1", "{id}", "coinbase.A", "{address}", "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5",
			"{stream}", "daybook-log", "{name}", "internal",
		).Replace(route)
		for method, operation := range item.Operations() {
			var parameters []string
			for _, list := range []openapi3.Parameters{item.Parameters, operation.Parameters} {
				for _, p := range list {
					if p.Value.In == openapi3.ParameterInQuery {
						parameters = append(parameters, p.Value.Name)
					}
				}
			}
			do(route, method, path, parameters)
		}
	}
}

func TestAQueryParameterThatTheDocumentDoesNotListIsRefused(t *testing.T) {
	w := newWorld(t, wiring{})
	eachOperation(t, func(route, method, path string, parameters []string) {
		if slices.Contains(ignoring, route) {
			return
		}
		for _, unknown := range []string{"as_of=2020-01-01", "canary", "Limit=1", "limit%20=1", "=1", "secret=" + secret} {
			a := w.do(w.request(Operator, method, path+"?"+unknown, `{"user":"u1"}`))
			name, _, _ := strings.Cut(unknown, "=")
			name = strings.ReplaceAll(name, "%20", " ")
			if !isProblem(a, badRequest) || !strings.Contains(string(a.Body), `\"`+name+`\"`) {
				t.Errorf("%s %s?%s: %d %s", method, route, unknown, a.Status, a.Body)
			}
			list := "This route takes " + strings.Join(parameters, ", ") + "."
			if len(parameters) == 0 {
				list = "This route takes none."
			}
			if !strings.Contains(string(a.Body), list) {
				t.Errorf("%s %s?%s: %s, but openapi.yaml says: %s", method, route, unknown, a.Body, list)
			}
		}
	})
	if end := w.end(); end != 1 {
		t.Errorf("the log ends at %s: a refused command was carried out", end)
	}
}

func TestAQueryParameterThatIsTwiceOrEmptyIsRefused(t *testing.T) {
	w := newWorld(t, wiring{})
	eachOperation(t, func(route, method, path string, parameters []string) {
		for _, name := range parameters {
			for _, query := range []string{name + "=1&" + name + "=1", name + "=", name, name + "=1;a", name + "=%zz"} {
				a := w.do(w.request(Operator, method, path+"?"+query, `{"user":"u1"}`))
				if !isProblem(a, badRequest) {
					t.Errorf("%s %s?%s: %d %s", method, route, query, a.Status, a.Body)
				}
			}
		}
	})
}

func TestAStrangerLearnsNothingOfAQuery(t *testing.T) {
	w := newWorld(t, wiring{})
	if a := w.get("", "/balances/u1?as_of=2020-01-01"); !isProblem(a, unauthorized) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestCallbacksHealthAndMetricsIgnoreTheirQuery(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, route := range ignoring {
		for _, query := range []string{"shop=canary", "a=1&a=2", "limit=", "%ff=1", "&&"} {
			r := w.request("", http.MethodGet, route+"?"+query, "")
			switch route {
			case checkoutsPath:
				r = webhook(t, checkoutSecret, time.Now(), checkout("A", "checkout.payment.expired", "EXPIRED"))
				r.URL.RawQuery = query
			case "/callbacks/coinbase":
				r = newCallback(route+"?"+query+"&secret="+secret, strings.NewReader(`{"order":{"id":"A","status":"new"}}`))
			}
			a := w.do(r)
			if a.Status != http.StatusOK {
				t.Errorf("%s?%s: %d %s", route, query, a.Status, a.Body)
			}
		}
	}
}
