package local

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/eventstore"
)

// Worklist is a read model of open items: opened by an event, closed by another
// event and by nothing else. A third one may reopen an item that was settled. People and
// processes read the same lists.
type Worklist struct {
	Name    string
	Version int           // of the meaning that Fold gives to events
	Names   []codec.Event // the types that Fold is given; others are not decoded
	Fold    func(Event) []Change
}

// types returns the names of the types. Types of several categories may share one.
func (w Worklist) types() []string {
	var types []string
	for _, event := range w.Names {
		types = append(types, event.EventType())
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Event is an event as a worklist is given it.
type Event struct {
	codec.Event
	ID         string
	Stream     eventstore.StreamName
	Position   eventstore.Position
	RecordedAt time.Time
}

// Change is what an event does to one item of a list.
type Change struct {
	kind changeKind
	key  string
	item Item
}

type changeKind int

const (
	opens changeKind = iota
	notes
	settles
	reopens
	closes
)

// Open opens the item of a key. Of Item it takes what the event itself does not
// have: Due, Reason, User, Payment and Details. The item of a key that is there
// stays as it is.
func Open(key string, item Item) Change { return Change{opens, key, item} }

// Again opens the item of a key, or notes on the one that is there that it came again,
// and reopens it.
func Again(key string, item Item) Change { return Change{notes, key, item} }

// Settle closes the item of a key, and keeps it for Reopen.
func Settle(key string) Change { return Change{kind: settles, key: key} }

// Reopen shows the settled item of a key again, as it was.
func Reopen(key string) Change { return Change{kind: reopens, key: key} }

// Close closes the item of a key for good.
func Close(key string) Change { return Change{kind: closes, key: key} }

// Put applies the change of a recorded event to the items of a list, by key.
func (c Change) Put(items map[string]Item, recorded eventstore.Recorded) {
	item, isThere := items[c.key]
	switch c.kind {
	case opens:
		if isThere {
			return
		}
		item = c.opened(recorded)
	case notes:
		if isThere {
			item.Again, item.AgainAt, item.isSettled = item.Again+1, recorded.RecordedAt, false
		} else {
			item = c.opened(recorded)
		}
	case settles, reopens:
		if !isThere {
			return
		}
		item.isSettled = c.kind == settles
	case closes:
		delete(items, c.key)
		return
	}
	items[c.key] = item
}

func (c Change) opened(recorded eventstore.Recorded) Item {
	item := c.item
	item.Key, item.Event, item.Stream, item.Position, item.OpenedAt = c.key, recorded.ID.String(), recorded.Stream, recorded.Position, recorded.RecordedAt
	return item
}

// Item is an item of a list. A model returns open ones.
type Item struct {
	Key      string
	Event    string // id of the event that opened it
	Stream   eventstore.StreamName
	Position eventstore.Position // of that event
	OpenedAt time.Time           // when that event was recorded
	Due      time.Time           // from when there is something to do; zero: at once
	Reason   string
	User     string         // empty if it is not known
	Payment  ident.Payment  // empty if it has none
	Details  jsontext.Value // a small JSON object

	Again   int       // how often it came again
	AgainAt time.Time // and when, the last time

	isSettled bool
}

// IsOpen reports whether the item waits.
func (i Item) IsOpen() bool { return !i.isSettled }

// details returns the details of an item. Its members are those of an event that
// was decoded, so that they can be written.
func details(members any) jsontext.Value {
	text, err := json.Marshal(members, json.Deterministic(true), jsontext.SpaceAfterComma(false))
	if err != nil {
		panic(err)
	}
	return text
}
