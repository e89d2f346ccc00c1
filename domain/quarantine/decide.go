package quarantine

// Decide returns the event that keeps a callback, none if it is kept already.
func Decide(s State, c Keep) ([]Event, error) {
	if s.Kept {
		return nil, nil
	}
	return []Event{CallbackQuarantined(c)}, nil
}
