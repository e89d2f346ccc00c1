package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/http/callback"

	"github.com/go-json-experiment/json"
)

// specimen is a row of testdata/corpus.txt with its body.
type specimen struct {
	name    string
	body    []byte
	status  int
	outcome string // - where a problem is answered
	events  string // types, in order
}

func corpus(t testing.TB) []specimen {
	t.Helper()
	table, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []specimen
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		s := specimen{name: fields[0], outcome: fields[2], events: repeated(fields[3])}
		if s.status, err = strconv.Atoi(fields[1]); err != nil {
			t.Fatal(err)
		}
		if kind, generated := strings.CutPrefix(s.name, "generated:"); generated {
			s.body = generate(t, kind)
		} else if s.body, err = os.ReadFile(filepath.Join("testdata/corpus", s.name)); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// repeated writes 3*A as A,A,A, and - as nothing.
func repeated(events string) string {
	if events == "-" {
		return ""
	}
	count, name, found := strings.Cut(events, "*")
	n, err := strconv.Atoi(count)
	if !found || err != nil {
		return events
	}
	return strings.TrimSuffix(strings.Repeat(name+",", n), ",")
}

// generate makes the bodies that are too large for a file.
func generate(t testing.TB, kind string) []byte {
	t.Helper()
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	list := func(n int, element string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, element, i)
			b.WriteByte(',')
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	order := func(id, members string) string {
		return fmt.Sprintf(`{"order":{"id":"canary-%s","status":"expired",%s}}`, id, members)
	}
	switch kind {
	case "nested-10000-deep":
		return []byte(nested(10_000))
	case "nested-10001-deep":
		return []byte(nested(10_001))
	case "nested-100000-deep":
		return []byte(nested(100_000))
	case "nested-in-an-order":
		return []byte(order(kind, `"x":`+nested(9_000)))
	case "256-kibibytes":
		return []byte(padded(kind, 256<<10))
	case "one-byte-more":
		return []byte(padded(kind, 256<<10+1))
	case "four-times-as-much":
		return []byte(padded(kind, 4*256<<10))
	case "256-kibibytes-of-zeros":
		return make([]byte, 256<<10)
	case "members":
		return []byte(order(kind, list(20_000, `"m%d":0`)))
	case "mispayments-1000":
		return []byte(`{"order":{"id":"canary-thousand","status":"mispaid","mispayments":[` + list(1000, `{"id":"canary-T%d","total_native":{"cents":1,"currency_iso":"USD"}}`) + `]}}`)
	case "mispayments-1001":
		return []byte(`{"order":{"id":"canary-more","status":"mispaid","mispayments":[` + list(1001, `{"id":"canary-U%d","total_native":{"cents":1,"currency_iso":"USD"}}`) + `]}}`)
	case "contradicting-mispayments":
		return []byte(order(kind, `"mispayments":[`+list(1100, `{"id":"M","total_native":{"cents":%d,"currency_iso":"USD"}}`)+`]`))
	case "payout-codes":
		return []byte(`{"payout":{"id":"canary-codes","status":"Pending","subtotal":{"amount":"1","currency":"USD"},"total":{"amount":"1","currency":"USD"},"order_codes":[` + list(20_000, `"C%07d"`) + `]}}`)
	}
	t.Fatalf("nobody generates %s", kind)
	return nil
}

func TestTheTableOfTheCorpusHasEveryFile(t *testing.T) {
	listed := make(map[string]bool)
	for _, s := range corpus(t) {
		if listed[s.name] {
			t.Errorf("%s is in the table twice", s.name)
		}
		listed[s.name] = true
	}
	files, err := os.ReadDir("testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !listed[file.Name()] {
			t.Errorf("%s is not in the table", file.Name())
		}
	}
}

func TestEveryBodyOfTheCorpusBecomesWhatItsTableSays(t *testing.T) {
	if testing.Short() {
		t.Skip("one request at a time, each on a log of its own")
	}
	for _, s := range corpus(t) {
		t.Run(s.name, func(t *testing.T) {
			w := newWorld(t, wiring{noProjections: true})
			s.check(w, w.do(newCallback(target, bytes.NewReader(s.body))), 1)
		})
	}
}

func TestTheCorpusAgainstOneLogBecomesTheSame(t *testing.T) {
	w := newWorld(t, wiring{})
	all := corpus(t)
	for _, s := range all {
		before := w.end()
		s.check(w, w.do(newCallback(target, bytes.NewReader(s.body))), before)
	}
	end := w.end()
	for _, s := range all {
		a := w.do(newCallback(target, bytes.NewReader(s.body)))
		if a.Status != s.status {
			w.Errorf("%s again: %d %s", s.name, a.Status, a.Body)
		}
	}
	// Payments to an address without a usable hash cannot be told apart.
	if again := types(w.eventsAfter(end)); again != repeated("3*DepositSeenAgain") {
		t.Errorf("the second time brought %s", again)
	}
	w.settle()
	for _, path := range []string{"/readyz", "/readyz/reads"} {
		if a := w.get("", path); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}

// split takes the claims of mispayments out of events, which come before what
// their owner says and refer to its evidence.
func split(all []eventstore.Recorded) (claims, others []eventstore.Recorded) {
	for _, event := range all {
		if event.Type == "PaymentClaimed" {
			claims = append(claims, event)
		} else {
			others = append(others, event)
		}
	}
	return claims, others
}

// check compares an answer and what was appended behind a position with the
// table.
func (s specimen) check(w *world, a answer, before eventstore.Position) {
	w.Helper()
	if a.Status != s.status {
		w.Errorf("%s: status %d, expected %d: %s", s.name, a.Status, s.status, a.Body)
	}
	if s.outcome != "-" {
		if outcome := decodeCallback(w, a).Outcome; outcome != s.outcome {
			w.Errorf("%s: outcome %s, expected %s", s.name, outcome, s.outcome)
		}
	}
	claims, events := split(w.eventsAfter(before))
	if mispaid := strings.Count(s.events, "PaymentMispaid"); len(claims) != mispaid {
		w.Errorf("%s: %d claims of %d mispayments", s.name, len(claims), mispaid)
	}
	if stored := types(events); stored != s.events {
		w.Errorf("%s: stored %.200s, expected %.200s", s.name, stored, s.events)
	}
	for i, event := range events {
		var k kept
		if err := json.Unmarshal(event.Metadata, &k); err != nil {
			w.Fatal(err)
		}
		switch expected := s.body[:min(len(s.body), 256<<10)]; {
		case k.Evidence.SHA256 != digestOf(string(expected)):
			w.Errorf("%s: event %d has the evidence of another body", s.name, i)
		case i > 0 || s.status == http.StatusRequestEntityTooLarge:
			if len(k.Evidence.Body) > 0 {
				w.Errorf("%s: event %d has the body too", s.name, i)
			}
		case !bytes.Equal(k.Evidence.Body, s.body):
			w.Errorf("%s: the evidence is not the body", s.name)
		}
	}
	if s.outcome != callback.Test && len(events) == 0 {
		w.Errorf("%s: an authentic callback is lost", s.name)
	}
}

// eventsAfter returns what was appended behind a position.
func (w *world) eventsAfter(position eventstore.Position) []eventstore.Recorded {
	w.Helper()
	var events []eventstore.Recorded
	for event, err := range w.store.ReadAll(w.Context(), position, eventstore.WithMetadata) {
		if err != nil {
			w.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}
