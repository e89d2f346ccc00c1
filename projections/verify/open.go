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
// from the event that brings them to the first later one that names them.
func OpenItems(ctx context.Context, log eventstore.Reader, to eventstore.Position) (map[string]OpenItem, error) {
	open := make(map[string]OpenItem) // by key, which is an event's id
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
		said.put(open, &e)
	}
	return open, nil
}

// waits is what events say of what waits.
type waits struct {
	Hold       string   `json:"hold"`
	Mispayment string   `json:"mispayment"`
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
	return e.Stream.Category() == "quarantine" || bytes.Contains(e.Data, []byte(`"transfer":`)) || bytes.Contains(e.Data, []byte(`"hold":`)) || bytes.Contains(e.Data, []byte(`"mispayment":`))
}

func (w *waits) put(open map[string]OpenItem, e *eventstore.Recorded) {
	item := OpenItem{
		List: "review", Event: e.ID.String(), Stream: string(e.Stream), Position: e.Position,
		Reason: w.Reason, User: w.User, Payment: w.Payment,
	}
	for _, c := range w.Closes {
		delete(open, inReview(c.Hold))
	}
	if w.Transfer != nil && !w.Contradiction {
		delete(open, OpenItem{List: "verification", Key: w.Payment}.id())
	}
	switch e.Type {
	case "PaymentHeld", "DepositHeld", "PayoutHeld":
		item.Key = w.Hold
	case "DepositSeenAgain":
		if _, waits := open[inReview(w.Hold)]; waits {
			return
		}
		item.Key, item.Reason = w.Hold, "no-transaction-hash"
	case "PaymentMispaid":
		item.Key, item.Reason = w.Mispayment, "mispayment"
	case "PaymentReceived":
		if !slices.Contains(w.Needs, "api") {
			return
		}
		item.List, item.Key, item.Reason = "verification", w.Payment, "api"
	case "OrderRegistered":
		if !strings.HasPrefix(string(e.Stream), "order-site.") {
			return
		}
		item.List, item.Key, item.Reason = "linking", string(e.Stream), "registered"
	case "PaymentsSought":
		delete(open, OpenItem{List: "linking", Key: string(e.Stream)}.id())
		return
	case quarantined:
		item.List, item.Key = "quarantine", item.Event
	default:
		if w.Outcome != "quarantined" {
			delete(open, OpenItem{List: "quarantine", Key: w.Task}.id())
		}
		delete(open, inReview(w.Hold))
		delete(open, inReview(w.Mispayment))
		return
	}
	open[item.id()] = item
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
