package payout

import (
	"time"

	"daybook/domain/ident"
)

// Progress is how far a payout is, as far as the sender's word is known.
type Progress int

// The words of the provider: Pending, then Complete.
const (
	Unknown Progress = iota
	Pending
	Complete
)

// Report is the command to take note of what a provider says about a payout.
type Report struct {
	Payment    ident.Payment
	Progress   Progress
	Status     string // the sender's word
	Digest     string // of the report
	Facts      *Facts // nil where they cannot be read
	OccurredAt time.Time
	Arrives    time.Time

	// EventID returns the id that the index-th event of this command gets.
	EventID func(index int) string
}
