package verify

import "daybook/eventstore"

// Model is a read model that is compared.
type Model struct {
	Name        string
	FoldVersion int // that it must have been built by

	// Document is set for a model each of whose keys is the fold of one stream.
	Document *Document
}

// balancesModel is the model that is folded by rules of this package.
const balancesModel = "balances"

// foldVersion is that of a model; 0 is none.
func (o Options) foldVersion(name string) int {
	for _, m := range o.Models {
		if m.Name == name {
			return m.FoldVersion
		}
	}
	return 0
}

// Document says how a key is folded from its stream. It is the fold of the model
// itself: a second one would only repeat its words, and they are not money. What
// is compared is whether Redis has what the log says now.
type Document struct {
	Kind     string // of the keys
	Category string // of the streams; a key and its stream have the same id

	// New returns the document of an id before its first event.
	New func(id string) Folded
}

// Folded is a document at some revision.
type Folded interface {
	// Put puts the next event of the stream on it.
	Put(event eventstore.Recorded) error

	// Text returns what the key has.
	Text() ([]byte, error)
}
