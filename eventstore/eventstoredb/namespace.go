package eventstoredb

import (
	"fmt"
	"strings"

	"daybook/eventstore"
)

// namespace is what the names of our streams begin with in a database that
// others use too. It is added and taken off here and nowhere else.
type namespace struct {
	name   string
	prefix string // name and a dot
}

// maxNamespace bounds a namespace in bytes.
const maxNamespace = 64

func parseNamespace(name string) (namespace, error) {
	if name == "" || len(name) > maxNamespace || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return namespace{}, fmt.Errorf("namespace %.80q is not 1 to %d characters of a-z, 0-9 and _", name, maxNamespace)
	}
	return namespace{name: name, prefix: name + "."}, nil
}

// full returns the name of a stream in the database.
func (n namespace) full(stream eventstore.StreamName) string { return n.prefix + string(stream) }

// own returns the name of one of our streams.
func (n namespace) own(full string) (eventstore.StreamName, bool) {
	own, ok := strings.CutPrefix(full, n.prefix)
	return eventstore.StreamName(own), ok
}
