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

// Kept is what the list has of a kept callback, as details of its item.
type Kept struct {
	Format string `json:"format"`
	Digest string `json:"digest"`
	Length int64  `json:"length"`
	Reader int    `json:"reader"`          // the newest that did not understand it; 0: the first
	Method string `json:"method,omitzero"` // by which it was authenticated; empty: it was not
}

func keptOf(e quarantine.CallbackQuarantined) Kept {
	k := Kept{Format: e.Format, Digest: e.Digest, Length: e.Length, Reader: e.Reader}
	if e.Authenticity != nil {
		k.Method = e.Authenticity.Method
	}
	return k
}

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
			Details: details(keptOf(e)),
		})}
	case quarantine.CallbackRedriven:
		if e.Outcome == quarantine.Still {
			return []Change{Again(e.Task, Item{Details: details(readAgain{Reader: e.Reader, Reason: string(e.Reason)})})}
		}
		return []Change{Close(e.Task)}
	}
	return nil
}
