package eventstore

import "fmt"

// Damage is an ErrDamaged that knows the stream it was met in. Its text names
// that stream, and with it an order or an address: it is for a person who looks
// into the log. The log of a server leaves it out.
type Damage struct {
	Stream StreamName
	What   string // what is wrong with the stream, and what to do
}

// Error implements error.
func (d *Damage) Error() string {
	return fmt.Sprintf("%v: stream %s %s", ErrDamaged, d.Stream, d.What)
}

// Unwrap makes it an ErrDamaged.
func (d *Damage) Unwrap() error { return ErrDamaged }
