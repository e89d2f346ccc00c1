package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// orderList is an answer of GET /orders.
type orderList struct {
	Orders       []jsontext.Value `json:"orders"`
	Next         string           `json:"next"`
	ChangedAfter string           `json:"changed_after"`
	Position     string           `json:"position"`
}

func (w *world) orders(query string) orderList {
	w.Helper()
	a := w.get(Website, "/orders?"+query)
	var list orderList
	if err := json.Unmarshal(a.Body, &list); err != nil || a.Status != http.StatusOK {
		w.Fatalf("%s is answered %d %s, %v", query, a.Status, a.Body, err)
	}
	return list
}

// ids are those of the orders of an answer.
func (l orderList) ids(t testing.TB) (ids []string) {
	t.Helper()
	for _, text := range l.Orders {
		var o struct{ ID string }
		if err := json.Unmarshal(text, &o, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, o.ID)
	}
	return ids
}

func TestListedOrdersAreAnsweredAsAlone(t *testing.T) {
	w := newWorld(t, wiring{})
	w.post(completed("A", "u1", 100, "USD"))
	w.post(completed("B", "", 100, "USD"))
	w.post(completed("C", "u/2", 100, "USD"))
	w.post(completed("C", "u/2", 200, "USD"))
	for _, query := range []string{"limit=1000", "changed_after=0"} {
		list := w.orders(query)
		if len(list.Orders) != 3 {
			t.Fatalf("%s lists %s", query, list.Orders)
		}
		for i, id := range list.ids(t) {
			if alone := w.get(Website, "/orders/"+id); strings.TrimSpace(string(alone.Body)) != string(list.Orders[i]) {
				t.Errorf("%s lists\n%s\nalone it is\n%s", query, list.Orders[i], alone.Body)
			}
		}
	}
	if list := w.orders("user=u%2F2&status=paid"); fmt.Sprint(list.ids(t)) != "[coinbase.C]" {
		t.Errorf("of u/2 there is %s", list.Orders)
	}
}

func TestListsOfOrdersRefuseOtherQuestions(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, query := range []string{
		"limit=0", "limit=1001", "limit=-1", "limit=x", "before=x", "before=0", "before=-1", "before=9223372036854775808",
		"changed_after=x", "changed_after=-1", "changed_after=18446744073709551616", "changed_after=", "changed_after=0&changed_after=0",
		"wait=1", "changed_after=0&wait=31", "changed_after=0&wait=-1", "changed_after=0&wait=1s", "changed_after=0&wait=", "changed_after=0&wait=1&wait=1",
		"changed_after=0&user=u", "changed_after=0&status=paid", "changed_after=0&reference=r", "changed_after=0&before=1", "changed_after=0&min_position=1",
		"status=PAID", "status=paid%20", "user=", "user=%00", "user=" + strings.Repeat("u", 129), "reference=%0A", "reference=%ff", "id=coinbase.A", "min_position=x", "user=%zz", "wait=%zz",
	} {
		if a := w.get(Website, "/orders?"+query); !isProblem(a, badRequest) {
			t.Errorf("%s is answered %d %s", query, a.Status, a.Body)
		}
	}
	for _, query := range []string{"user=%27%20OR%201%3D1--", "reference=%25", "before=9223372036854775807", "user=u1&before=1"} {
		if list := w.orders(query); len(list.Orders) > 0 {
			t.Errorf("%s lists %s", query, list.Orders)
		}
	}
}

// TestAPageOfOrdersFitsIntoMemory has no room for more than one large order, nor for the
// whole of the others.
func TestAPageOfOrdersFitsIntoMemory(t *testing.T) {
	w := newWorld(t, wiring{})
	for n := range 4 {
		id := fmt.Sprint("A", n)
		w.post(completed(id, "u1", 100, "USD"))
		for cents := range 40 {
			w.post(completed(id, "u1", 200+cents, "USD")) // a contradiction each
		}
	}
	w.settle()
	taken, err := w.server.guard.memory.reserve(t.Context(), "another", maxUnwrittenToken)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.release()
	rest, err := w.server.guard.memory.reserve(t.Context(), "one more", maxUnwritten-maxUnwrittenToken-25<<10)
	if err != nil {
		t.Fatal(err)
	}
	defer rest.release()
	var ids []string
	for query := "user=u1&limit=4"; ; {
		list := w.orders(query)
		if len(list.Orders) == 0 || len(list.Orders) == 4 {
			t.Fatalf("a page has %d orders", len(list.Orders))
		}
		ids = append(ids, list.ids(t)...)
		if list.Next == "" {
			break
		}
		query = "user=u1&limit=4&before=" + list.Next
	}
	if fmt.Sprint(ids) != "[coinbase.A3 coinbase.A2 coinbase.A1 coinbase.A0]" {
		t.Errorf("the pages have %v", ids)
	}
	ids = nil
	for after := "0"; ; {
		list := w.orders("limit=4&changed_after=" + after)
		if len(list.Orders) == 0 {
			break
		}
		ids, after = append(ids, list.ids(t)...), list.ChangedAfter
	}
	if fmt.Sprint(ids) != "[coinbase.A0 coinbase.A1 coinbase.A2 coinbase.A3]" {
		t.Errorf("changed are %v", ids)
	}
}

// TestListsOfOrdersThatAreBeingFoldedAreRefused has lists that are never filled.
func TestListsOfOrdersThatAreBeingFoldedAreRefused(t *testing.T) {
	w := newWorld(t, wiring{noProjections: true})
	w.server.guard.wait = 10 * time.Millisecond
	for _, query := range []string{"", "user=u1", "changed_after=0", "changed_after=0&wait=1"} {
		if a := w.get(Website, "/orders?"+query); !isProblem(a, behind) {
			t.Errorf("%s is answered %d %s", query, a.Status, a.Body)
		}
	}
}

// TestListedOrdersSurviveTheFile deletes local.db under a client that follows changes.
func TestListedOrdersSurviveTheFile(t *testing.T) {
	w := newWorld(t, wiring{})
	var seen []string
	after := "0"
	follows := func() {
		list := w.orders("changed_after=" + after)
		seen, after = append(seen, list.ids(t)...), list.ChangedAfter
	}
	w.post(completed("A", "u1", 100, "USD"))
	follows()
	before := w.orders("user=u1")
	if err := w.waiting.Reset(t.Context(), errors.New("the test deletes it")); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"user=u1", "changed_after=" + after} {
		a := w.get(Website, "/orders?"+query)
		for deadline := time.Now().Add(20 * time.Second); a.Status != http.StatusOK && time.Now().Before(deadline); a = w.get(Website, "/orders?"+query) {
			if a.Status != http.StatusServiceUnavailable {
				t.Fatalf("meanwhile it is answered %d %s", a.Status, a.Body)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if again := w.orders("user=u1"); fmt.Sprint(again) != fmt.Sprint(before) {
		t.Errorf("folded again it lists %v, before %v", again, before)
	}
	w.post(completed("B", "u1", 100, "USD"))
	follows()
	if !slices.Equal(seen, []string{"coinbase.A", "coinbase.B"}) {
		t.Errorf("the client has heard of %v", seen)
	}
}
