// Package quarantine keeps callbacks that are authentic but cannot be
// understood: each body once, in a stream of its own, until it can be. It is
// pure: commands carry everything that comes from outside.
package quarantine

// Category is the category of quarantine streams.
const Category = "quarantine"

// ID is the SHA-256 of a body, in lower-case hexadecimal digits.
type ID string

// Stream returns the name of the body's stream.
func (id ID) Stream() string { return Category + "-" + string(id) }

// State is what decisions about a quarantined body need to know.
type State struct {
	Kept       bool
	Reader     int  // the newest that has read it
	Understood bool // by that one
}

// Evolve puts one event on a state.
func Evolve(s State, event Event) State {
	switch e := event.(type) {
	case CallbackQuarantined:
		s.Kept, s.Reader = true, e.Reader
	case CallbackRedriven: // it stays kept: the body is evidence
		s.Reader, s.Understood = e.Reader, e.Outcome != Still
	}
	return s
}
