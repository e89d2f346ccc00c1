package verify

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

// OpenItem is an item that waits for a person or a process, as a list has it.
type OpenItem struct {
	List, Key string
	Event     string // id of the event that opened it
	Stream    string
	Position  eventstore.Position
	Reason    string
	User      string
	Payment   string
}

// OpenItems folds a log up to a position for what waits, a second time. Nothing but
// the rule is shared with the lists: a hold, a mispayment and a kept callback wait
// from the event that brings them to the one that settles them, and again from the one
// that undoes that.
func OpenItems(ctx context.Context, log eventstore.Reader, to eventstore.Position) (map[string]OpenItem, error) {
	w := waiting{open: make(map[string]OpenItem), first: make(map[string]OpenItem)}
	for e, err := range log.ReadAll(ctx, 0) {
		if err != nil {
			return nil, fmt.Errorf("fold what waits: %w", err)
		}
		if e.Position > to {
			break
		}
		if !mayWait(&e) {
			continue
		}
		var said waits
		if err := json.Unmarshal(e.Data, &said); err != nil {
			return nil, fmt.Errorf("fold what waits: event %s at position %s: %w", e.ID, e.Position, err)
		}
		w.put(&e, &said)
	}
	return w.open, nil
}

// waiting is what waits, by its id.
type waiting struct {
	open  map[string]OpenItem
	first map[string]OpenItem // of review, as it was opened first, by key
}

// waits is what events say of what waits.
type waits struct {
	Hold       string   `json:"hold"`
	Mispayment string   `json:"mispayment"`
	Item       string   `json:"item"`
	Refund     string   `json:"refund"`
	Posted     bool     `json:"posted"`
	Opens      []string `json:"opens"`
	Task       string   `json:"task"`
	Outcome    string   `json:"outcome"`
	Closes     []closed `json:"closes"`
	Reason     string   `json:"reason"`
	User       string   `json:"user"`
	Payment    string   `json:"payment"`

	Contradiction bool      `json:"contradiction"`
	Transfer      *struct{} `json:"transfer"`
	Needs         []string  `json:"needs"`
}

// mayWait saves decoding the events that name no item, which are nearly all.
func mayWait(e *eventstore.Recorded) bool {
	switch e.Type {
	case "OrderRegistered", "PaymentsSought":
		return true
	}
	for _, name := range []string{`"transfer":`, `"hold":`, `"mispayment":`, `"item":`, `"refund":`} {
		if bytes.Contains(e.Data, []byte(name)) {
			return true
		}
	}
	return e.Stream.Category() == "quarantine"
}

func (w *waiting) put(e *eventstore.Recorded, said *waits) {
	if said.Transfer != nil && !said.Contradiction {
		delete(w.open, OpenItem{List: "verification", Key: said.Payment}.id())
	}
	item := OpenItem{
		List: "review", Event: e.ID.String(), Stream: string(e.Stream), Position: e.Position,
		Reason: said.Reason, User: said.User, Payment: said.Payment,
	}
	switch e.Type {
	case "PaymentReceived":
		if !slices.Contains(said.Needs, "api") {
			return
		}
		item.List, item.Key, item.Reason = "verification", said.Payment, "api"
	case "OrderRegistered":
		if !strings.HasPrefix(string(e.Stream), "order-site.") {
			return
		}
		item.List, item.Key, item.Reason = "linking", string(e.Stream), "registered"
	case "PaymentsSought":
		delete(w.open, OpenItem{List: "linking", Key: string(e.Stream)}.id())
		return
	case quarantined:
		item.List, item.Key = "quarantine", item.Event
	default:
		if e.Stream.Category() == "quarantine" && said.Outcome != "quarantined" {
			delete(w.open, OpenItem{List: "quarantine", Key: said.Task}.id())
		}
		w.refund(e.Type, said, item)
		w.review(e.Type, said, item)
		return
	}
	w.open[item.id()] = item
}

// review folds what waits for a person.
func (w *waiting) review(eventType string, said *waits, item OpenItem) {
	for _, c := range said.Closes {
		delete(w.open, inReview(c.Hold))
	}
	switch eventType {
	case "PaymentHeld", "DepositHeld", "PayoutHeld", "RefundHeld":
		item.Key = said.Hold
	case "PaymentMispaid":
		item.Key, item.Reason = said.Mispayment, "mispayment"
	case "DepositSeenAgain":
		w.show(said.Hold)
		return
	case "DepositRefunded": // the decision has settled the item, and it may have come again since
		return
	case "DecisionReversed", "RefundWithdrawn":
		w.show(said.Item)
		for _, id := range said.Opens {
			w.show(id)
		}
		return
	default:
		delete(w.open, inReview(said.Item))
		return
	}
	w.first[item.Key] = item
	w.open[item.id()] = item
}

// refund folds the refunds that are decided, and neither sent nor withdrawn.
func (w *waiting) refund(eventType string, said *waits, item OpenItem) {
	item.List, item.Key, item.Reason, item.User = "refunds", item.Stream+" "+encodeName(said.Refund), "unsent", ""
	switch {
	case said.Refund == "":
	case eventType == "RefundDecided":
		w.open[item.id()] = item
	case eventType == "RefundHeld" && !said.Posted, eventType == "RefundReported":
	default:
		delete(w.open, item.id())
	}
}

// show shows an item again, as it was opened first.
func (w *waiting) show(key string) {
	if item, known := w.first[key]; known {
		w.open[item.id()] = item
	}
}

// id names an item: two lists may have items of one key.
func (i OpenItem) id() string { return i.List + " " + i.Key }

func inReview(key string) string { return OpenItem{List: "review", Key: key}.id() }

// CompareOpen takes an item of a list off those that wait, and says in what it
// differs. What is left in the end is missing from the lists.
func CompareOpen(open map[string]OpenItem, has OpenItem) (Difference, bool) {
	wants, waits := open[has.id()]
	delete(open, has.id())
	d := Difference{Subject: has.id()}
	switch {
	case !waits:
		d.Text = "it does not wait any more, or never did"
	case wants != has:
		d.Text = fmt.Sprintf("it is %+v, and the log says %+v", has, wants)
	default:
		return Difference{}, false
	}
	return d, true
}

// Missing says that an item is on no list.
func (i OpenItem) Missing() Difference {
	return Difference{Subject: i.id(), Text: fmt.Sprintf("position %s in %s opened it, and the list does not have it", i.Position, i.Stream)}
}
