package verify

import (
	"context"
	"errors"
	"iter"
	"testing"

	"daybook/eventstore"
)

// lostStreams is a log that cannot be looked up.
type lostStreams struct{ sliceLog }

var errLost = errors.New("the log is lost")

func (lostStreams) Read(context.Context, eventstore.StreamName, eventstore.Revision, ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) { yield(eventstore.Recorded{}, errLost) }
}

// TestACreditThatCannotBeLookedUpIsNotProved has a credit that closes nothing,
// of a stream whose earlier events are not remembered.
func TestACreditThatCannotBeLookedUpIsNotProved(t *testing.T) {
	l := newEvidentLog()
	l.add("address-A", "AddressRegistered", `{"user":"u1"}`, "website:shop", nil)
	l.add("address-A", "DepositVerified", `{"payment":"p","user":"u1","amount":{"currency":"BTC","amount":"`+one+`"}}`, "website:shop", nil)
	p := newProver(lostStreams{l.sliceLog}, map[string]Reader{}, maxSlots)
	e := l.sliceLog[2]
	var x proof
	p.read(&x, &e)
	if err := p.apply(t.Context(), &e, &x); !errors.Is(err, errLost) {
		t.Errorf("error %v", err)
	}
}
