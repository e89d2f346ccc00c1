package eventstore

import (
	"errors"
	"fmt"
	"strings"
)

// Damage is an ErrDamaged that knows the stream it was met in. Its text names
// that stream, and with it an order or an address: it is for a person who looks
// into the log. A line that is logged has Anonymous of it.
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

// Anonymous returns the text of an error with the category in the place of the
// damaged stream's name.
func Anonymous(err error) string {
	text := err.Error()
	var damage *Damage
	if errors.As(err, &damage) {
		text = strings.ReplaceAll(text, string(damage.Stream), damage.Stream.Category()+"-…")
	}
	return text
}
