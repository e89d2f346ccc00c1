package quarantine

import "errors"

// ErrNotKept says that a stream keeps no body.
var ErrNotKept = errors.New("no callback is kept here")

// Decide returns the event that keeps a callback, none if it is kept already.
func Decide(s State, c Keep) ([]Event, error) {
	if s.Kept {
		return nil, nil
	}
	return []Event{CallbackQuarantined(c)}, nil
}

// DecideRedrive returns the event that a redrive comes to, none if this reader or a
// newer one has read the callback already, or an older one has understood it.
func DecideRedrive(s State, c Redrive) ([]Event, error) {
	switch {
	case !s.Kept:
		return nil, ErrNotKept
	case s.Understood || s.Reader >= c.Reader:
		return nil, nil
	}
	return []Event{CallbackRedriven(c)}, nil
}
