package main

import "strings"

// mistakes are errors that are reported together, one a line.
type mistakes []error

func (m mistakes) Error() string {
	lines := make([]string, len(m))
	for i, err := range m {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\ndaybook: ")
}

// Unwrap returns all of them.
func (m mistakes) Unwrap() []error { return m }

// note adds an error, if it is one, or several.
func (m *mistakes) note(err error) {
	if several, ok := err.(mistakes); ok {
		*m = append(*m, several...)
	} else if err != nil {
		*m = append(*m, err)
	}
}

// err returns nil if there are none.
func (m mistakes) err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}
