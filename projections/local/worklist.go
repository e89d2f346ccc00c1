package local

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/eventstore"
)

// Worklist is a read model of open items: opened by an event, closed by another
// event and by nothing else. People and processes read the same lists.
type Worklist struct {
	Name    string
	Version int           // of the meaning that Fold gives to events
	Names   []codec.Event // the types that Fold is given; others are not decoded
	Fold    func(Event) []Change
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
	closes
)

// Open opens the item of a key. Of Item it takes what the event itself does not
// have: Due, Reason, User, Payment and Details. The item of a key that is open
// stays as it is.
func Open(key string, item Item) Change { return Change{opens, key, item} }

// Again opens the item of a key, or notes on the open one that it came again.
func Again(key string, item Item) Change { return Change{notes, key, item} }

// Close closes the item of a key, if it is open.
func Close(key string) Change { return Change{kind: closes, key: key} }

// Put applies the change of a recorded event to the open items of a list, by key.
func (c Change) Put(open map[string]Item, recorded eventstore.Recorded) {
	item, isOpen := open[c.key]
	switch {
	case c.kind == closes:
		delete(open, c.key)
	case !isOpen:
		item = c.item
		item.Key, item.Event, item.Stream, item.Position, item.OpenedAt = c.key, recorded.ID.String(), recorded.Stream, recorded.Position, recorded.RecordedAt
		open[c.key] = item
	case c.kind == notes:
		item.Again, item.AgainAt = item.Again+1, recorded.RecordedAt
		open[c.key] = item
	}
}

// Item is an open item.
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
}

// details returns the details of an item. Its members are those of an event that
// was decoded, so that they can be written.
func details(members any) jsontext.Value {
	text, err := json.Marshal(members, json.Deterministic(true), jsontext.SpaceAfterComma(false))
	if err != nil {
		panic(err)
	}
	return text
}
