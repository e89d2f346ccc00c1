package eventstoredb

import (
	"cmp"
	"errors"
	"fmt"
)

// operation is what a call asks for, by the right that it needs.
type operation string

const (
	readingAll    operation = "read $all, the log of the whole database"
	readingStream operation = "read its streams"
	appending     operation = "append to its streams"
)

// rules say what an admin writes so that an operation is allowed, %s being the
// user.
var rules = map[operation]string{
	readingAll:    "to the stream $$$all an event of type $metadata that names %s in $r of $acl",
	readingStream: "to the stream $settings an event of type settings that names %s in $r of $userStreamAcl",
	appending:     "to the stream $settings an event of type settings that names %s in $w of $userStreamAcl",
}

// refused says which right is missing, and how it is given.
func (s *Store) refused(err error) error {
	var f *failure
	if !errors.As(err, &f) || rules[f.asked] == "" {
		return fmt.Errorf("EventStoreDB does not allow this to the user of the connection string: %w", err)
	}
	user := cmp.Or(s.cluster.settings.username, "the user")
	rule := fmt.Sprintf(rules[f.asked], user+" or a group of it")
	return fmt.Errorf("EventStoreDB does not let %s %s, namespace %s: as an admin append %s (docs/eventstoredb.md has it to copy); daybook goes on by itself then: %w",
		user, f.asked, s.namespace.name, rule, err)
}
