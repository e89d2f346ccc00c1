package httpapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"daybook/projections/local"
)

// protected are the routes that need a token, and the roles that may use them
// beside the operator: the table of section 8 of the design.
var protected = map[string][]Role{
	"GET /balances/{user}":         {Website, Auditor},
	"GET /balances/{user}/entries": {Website, Auditor},
	"GET /orders":                  {Website, Auditor},
	"GET /orders/{id}":             {Website, Auditor},
	"GET /orders/{id}/changes":     {Website, Auditor},
	"PUT /addresses/{address}":     {Website},
	"PUT /orders/{id}":             {Website},
	"GET /streams/{stream}":        {Auditor},
	"GET /find":                    {Website, Auditor},
	"POST /log/loss-acceptance":    {Operator},

	"GET /review/{item}":                     {Auditor},
	"PUT /review/{item}/decision":            {Operator},
	"POST /review/{item}/reversal":           {Operator},
	"DELETE /review/{item}/refund":           {Operator},
	"PUT /review/{item}/refund/sent":         {Operator},
	"GET /orders/{id}/refunds/{refund}":      {Website, Auditor},
	"PUT /orders/{id}/refunds/{refund}":      {Operator},
	"DELETE /orders/{id}/refunds/{refund}":   {Operator},
	"PUT /orders/{id}/refunds/{refund}/sent": {Operator},
}

func init() {
	for _, list := range local.Worklists {
		protected["GET /"+list.Name] = []Role{Auditor}
	}
}

// open are the routes that nobody needs a token for.
var open = []string{
	"POST /callbacks/coinbase", "POST /callbacks/coinbase/checkouts", "GET /healthz", "GET /readyz", "GET /readyz/reads", "GET /metrics", "GET /openapi.yaml", "GET /problems/{name}", "GET /",
}

func TestEveryRouteIsEitherOpenOrNeedsARole(t *testing.T) {
	for _, r := range tableOfRoutes().table {
		for method := range r.methods {
			route := method + " " + r.path
			if _, needs := protected[route]; needs == slices.Contains(open, route) {
				t.Errorf("%s is in both tables or in none", route)
			}
		}
	}
}

func TestEachRouteAnswersTheRolesOfItsTableAndNoOthers(t *testing.T) {
	w := newWorld(t, wiring{})
	w.stopChanges() // streams end at once
	for route, roles := range protected {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{user}", "u1", "{id}", "coinbase.A", "{address}", "1abc", "{stream}", "daybook-log", "{item}", "i1", "{refund}", "r1").Replace(path)
		for role := range tokens {
			refused := w.do(w.request(role, method, path, "")).Status == http.StatusForbidden
			if allowed := role == Operator || slices.Contains(roles, role); allowed == refused {
				t.Errorf("%s as %s is refused: %v", route, role, refused)
			}
		}
		for name, header := range map[string][]string{
			"no header":                            nil,
			"an empty header":                      {""},
			"no secret":                            {"Bearer"},
			"an empty secret":                      {"Bearer "},
			"a wrong secret":                       {"Bearer canary-wrong"},
			"the start of a secret":                {"Bearer canary-token-of-the-operato"},
			"a secret in upper case":               {"Bearer CANARY-TOKEN-OF-THE-OPERATOR"},
			"another scheme":                       {"Basic " + tokens[Operator]},
			"no scheme":                            {tokens[Operator]},
			"the whole entry":                      {"Bearer operator:alice:" + tokens[Operator]},
			"the secret of the callbacks":          {"Bearer " + secret},
			"a wrong header before the right one":  {"Bearer canary-wrong", "Bearer " + tokens[Operator]},
			"two secrets in one header":            {"Bearer " + tokens[Website] + " " + tokens[Operator]},
			"two secrets in one header, by commas": {"Bearer " + tokens[Website] + ", " + tokens[Operator]},
		} {
			r := httptest.NewRequest(method, path, nil)
			for _, value := range header {
				r.Header.Add("Authorization", value)
			}
			if a := w.do(r); a.Status != http.StatusUnauthorized {
				t.Errorf("%s with %s is answered %d", route, name, a.Status)
			}
		}
		for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Authorization", scheme+"  "+tokens[Operator]+" ")
			if a := w.do(r); a.Status == http.StatusUnauthorized {
				t.Errorf("%s with the scheme %s is answered %d", route, scheme, a.Status)
			}
		}
	}
	if end := w.end(); end != 1 {
		t.Errorf("something was stored: the log ends at %s", end)
	}
}

func TestTokensThatAreNoGoodAreRefusedWithoutRepeatingThem(t *testing.T) {
	for name, entries := range map[string][]string{
		"no tokens":                  nil,
		"an empty entry":             {"website:shop:canary", ""},
		"a role of one's own":        {"canary:shop:canary"},
		"a role in upper case":       {"Website:shop:canary"},
		"no name":                    {"website::canary"},
		"no secret":                  {"website:canary:"},
		"a name alone":               {"website:canary"},
		"a role alone":               {"website"},
		"a name that breaks lines":   {"website:canary\n:canary"},
		"a name that is not UTF-8":   {"website:canary\xff:canary"},
		"the same secret once more":  {"website:shop:canary", "auditor:books:canary"},
		"the same entry once more":   {"website:shop:canary", "website:shop:canary"},
		"a good entry before a bad ": {"website:shop:canary", "auditor"},
	} {
		_, err := ParseTokens(entries)
		if err == nil {
			t.Errorf("%s is accepted", name)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%s is repeated: %v", name, err)
		}
	}
}

func TestASecretMayHaveColons(t *testing.T) {
	tokens, err := ParseTokens([]string{"website:shop:a:b"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer a:b")
	who, err := tokens.authorize(r, []Role{Website})
	if err != nil || who.Actor() != "website:shop" {
		t.Errorf("%v, %v", who, err)
	}
}
