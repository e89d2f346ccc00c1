package local

import (
	"daybook/domain/codec"
	"daybook/domain/quarantine"
)

// Quarantine is the list of callbacks that were kept without being understood.
var Quarantine = Worklist{
	Name:    "quarantine",
	Version: 1,
	Names:   []codec.Event{quarantine.CallbackQuarantined{}, quarantine.CallbackRedriven{}},
	Fold:    foldQuarantine,
}

type quarantineDetails struct {
	Format string `json:"format"`
	Digest string `json:"digest"`
	Length int64  `json:"length"`
}

// StillQuarantined is the outcome of a callback that a newer reader does not
// understand either.
const StillQuarantined = "quarantined"

// readAgain is what the newest reader made of it.
type readAgain struct {
	Reader int    `json:"reader"`
	Reason string `json:"reader_reason"`
}

func foldQuarantine(event Event) []Change {
	switch e := event.Event.(type) {
	case quarantine.CallbackQuarantined:
		return []Change{Open(event.ID, Item{
			Reason:  string(e.Reason),
			Details: details(quarantineDetails{Format: e.Format, Digest: e.Digest, Length: e.Length}),
		})}
	case quarantine.CallbackRedriven:
		if e.Outcome == StillQuarantined {
			return []Change{Again(e.Task, Item{Details: details(readAgain{Reader: e.Reader, Reason: string(e.Reason)})})}
		}
		return []Change{Close(e.Task)}
	}
	return nil
}
