package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"daybook/projections/balances"
)

// completed is a callback that credits cents of a currency to a user.
func completed(id, user string, cents int, currency string) string {
	return fmt.Sprintf(`{"order":{"id":%q,"status":"completed","event":{"type":"completed"},"total_native":{"cents":%d,"currency_iso":%q},"custom":%q},"customer":{"email":"canary@example.com"}}`,
		id, cents, currency, user)
}

func TestTheEntityTagChangesExactlyWhenTheUsersBalanceDoes(t *testing.T) {
	w := newWorld(t, wiring{})
	tag := func() string {
		t.Helper()
		return w.get(Website, "/balances/u1").Header.Get("ETag")
	}
	unknown := tag()
	w.post(completed("A", "u2", 100, "USD"))
	if tag() != unknown {
		t.Error("it changed with another user's balance")
	}
	w.post(completed("B", "u1", 100, "USD"))
	first := tag()
	if first == unknown {
		t.Error("it did not change with the first credit")
	}
	for name, body := range map[string]string{
		"a repetition":         completed("B", "u1", 100, "USD"),
		"a contradiction":      completed("B", "u1", 200, "USD"),
		"a status":             `{"order":{"id":"B","status":"expired","custom":"u1"}}`,
		"another user's order": completed("C", "u2", 100, "USD"),
		"a mispayment":         `{"order":{"id":"B","status":"mispaid","custom":"u1","mispayments":[{"id":"M","total_native":{"cents":1,"currency_iso":"USD"}}]}}`,
	} {
		w.post(body)
		if tag() != first {
			t.Errorf("it changed with %s", name)
		}
	}
	w.post(completed("D", "u1", 1, "EUR"))
	second := tag()
	if second == first {
		t.Error("it did not change with another currency")
	}
	w.post(completed("E", "u1", 1, "USD"))
	if tag() == second {
		t.Error("it did not change with another credit")
	}
}

func TestAnEntityTagOfOneUserIsNotAnothers(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(completed("A", "u1", 100, "USD"))
	w.post(completed("B", "u2", 200, "USD"))
	if w.get(Website, "/balances/u1").Header.Get("ETag") == w.get(Website, "/balances/u2").Header.Get("ETag") {
		t.Error("different balances have the same tag")
	}
}

func TestIfNoneMatchIsComparedWeaklyAndAsAList(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(completed("A", "u1", 100, "USD"))
	tag := w.get(Website, "/balances/u1").Header.Get("ETag")
	strong := strings.TrimPrefix(tag, "W/")
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"the tag":                            {[]string{tag}, http.StatusNotModified},
		"the tag as a strong one":            {[]string{strong}, http.StatusNotModified},
		"any tag":                            {[]string{"*"}, http.StatusNotModified},
		"a list that has it":                 {[]string{`"a", ` + tag + `,W/"b"`}, http.StatusNotModified},
		"a list without spaces":              {[]string{`"a",` + tag}, http.StatusNotModified},
		"several headers":                    {[]string{`"a"`, tag}, http.StatusNotModified},
		"another tag":                        {[]string{`W/"a"`}, http.StatusOK},
		"a list that has it not":             {[]string{`"a", "b"`}, http.StatusOK},
		"the tag without its quotes":         {[]string{strings.Trim(strong, `"`)}, http.StatusOK},
		"the start of the tag":               {[]string{tag[:len(tag)-2] + `"`}, http.StatusOK},
		"an empty header":                    {[]string{""}, http.StatusOK},
		"nothing but commas":                 {[]string{",,"}, http.StatusOK},
		"a tag that contains the tag":        {[]string{`"a` + strong + `"`}, http.StatusOK},
		"the tag in another user's brackets": {[]string{"(" + tag + ")"}, http.StatusOK},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r := w.request(Website, method, "/balances/u1", "")
			for _, value := range test.headers {
				r.Header.Add("If-None-Match", value)
			}
			a := w.do(r)
			if a.Status != test.status {
				t.Errorf("%s of %s is answered %d", method, name, a.Status)
			}
			if a.Header.Get("ETag") != tag {
				t.Errorf("%s of %s has the tag %s", method, name, a.Header.Get("ETag"))
			}
			if a.Status == http.StatusNotModified && len(a.Body) > 0 {
				t.Errorf("%s of %s has a body", method, name)
			}
		}
	}
}

func TestAReadWaitsForThePositionOfAWrite(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.wait = time.Minute
	answers := make(chan answer)
	for _, path := range []string{"/balances/u1", "/balances/u1/entries", "/orders/coinbase.A"} {
		r := w.request(Website, http.MethodGet, path+"?min_position=3", "")
		go func() { answers <- w.do(r) }()
	}
	if a := w.post(completed("A", "u1", 100, "USD")); a.Header.Get("Daybook-Position") != "3" {
		t.Fatalf("written at %v", a.Header)
	}
	for range 3 {
		if a := <-answers; a.Status != http.StatusOK || !strings.Contains(string(a.Body), `"1.00"`) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
}

func TestAReadDoesNotWaitForEver(t *testing.T) {
	w := newWorld(t, wiring{})
	w.server.guard.wait = time.Millisecond
	for _, path := range []string{"/balances/u1", "/balances/u1/entries", "/orders/coinbase.A"} {
		a := w.get(Website, path+"?min_position=2")
		if !isProblem(a, behind) || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %v %s", path, a.Status, a.Header, a.Body)
		}
	}
	if a := w.get(Website, "/balances/u1?min_position=1"); a.Status != http.StatusOK {
		t.Errorf("a position that was reached: %d %s", a.Status, a.Body)
	}
}

func TestTheWaitIsFiveSecondsUnlessATestSaysOtherwise(t *testing.T) {
	if w := newWorld(t, wiring{}); w.server.guard.wait != 5*time.Second {
		t.Error(w.server.guard.wait)
	}
}

// olderCopy is a read model in whose place an older copy was put.
type olderCopy struct{ Balances }

func (c olderCopy) Balance(ctx context.Context, user string) (balances.Balance, error) {
	balance, err := c.Balances.Balance(ctx, user)
	balance.Position--
	return balance, err
}

func (c olderCopy) Entries(ctx context.Context, user string, before uint64, limit int) (balances.Page, error) {
	page, err := c.Balances.Entries(ctx, user, before, limit)
	page.Position--
	return page, err
}

func TestAnOlderCopyOfAReadModelDoesNotPassForWhatItsProjectionHasApplied(t *testing.T) {
	w := newWorld(t, wiring{balancesReader: func(b Balances) Balances { return olderCopy{b} }})
	w.post(completed("A", "u1", 100, "USD"))
	for _, path := range []string{"/balances/u1", "/balances/u1/entries"} {
		for _, query := range []string{"", "?min_position=2", "?min_position=3"} {
			if a := w.get(Website, path+query); !isProblem(a, behind) {
				t.Errorf("%s%s: %d %s", path, query, a.Status, a.Body)
			}
		}
	}
}
