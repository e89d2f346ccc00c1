package balances

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"daybook/domain/deposit"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/internal/fact"
)

func TestManyUsersLeaveLittleRoomForEntries(t *testing.T) {
	f := &filling{Redis: new(Redis)}
	for _, test := range []struct{ users, room int }{
		{0, maxFillBytes}, {fewPurses - 1, maxFillBytes}, {fewPurses, maxFillBytes / 2}, {2 * fewPurses, maxFillBytes / 4},
	} {
		f.purses.young = make(map[string]*purse)
		for i := range test.users {
			f.purses.young[fmt.Sprint(i)] = nil
		}
		if got := f.room(); got != test.room {
			t.Errorf("%d users leave %d bytes, want %d", test.users, got, test.room)
		}
	}
	f.texts = make([]byte, 0, maxFillBytes+spareBytes)
	f.Cut()
	f.Cut()
	if cap(f.texts) > maxFillBytes/4+spareBytes {
		t.Errorf("a buffer of %d bytes is kept", cap(f.texts))
	}
}

// Events of every type with the least data, which is enough to see whom they
// are about. What has a head and what is nobody's must agree with Fold.
func TestShortcutsAgreeWithFold(t *testing.T) {
	data := []byte(`{"payment":"p/1","user":"u1","amount":{"currency":"USD","amount":"12.53"}}`)
	for category, types := range map[string][]string{
		order.Category: order.Codec.Types(), deposit.Category: deposit.Codec.Types(), payout.Category: payout.Codec.Types(),
	} {
		for _, eventType := range types {
			event := eventstore.Recorded{
				Event:  eventstore.Event{Type: eventType, Schema: 1, Data: data},
				Stream: eventstore.StreamName(category + "-1"),
			}
			if category == payout.Category {
				event.Data = []byte(`{"facts":{"subtotal":{"currency":"USD","amount":"1.00"},"total":{"currency":"USD","amount":"1.00"}}}`)
			}
			decoded, err := ledger.Decode(event)
			if err != nil {
				t.Fatal(err)
			}
			changes, err := Fold(decoded)
			if err != nil {
				t.Fatal(err)
			}
			if isNobodys(category, eventType) && len(changes) > 0 {
				t.Errorf("%s is listed as nobody's and changes %+v", eventType, changes)
			}
			slow, err := foldDecoded(nil, &event)
			if err != nil {
				t.Fatal(err)
			}
			if fast, ok := foldHead(&event, category, new(fact.Head), nil); ok {
				if got, want := summed(t, []delta{fast}), summed(t, slow); got != want {
					t.Errorf("%s: the head says %s, the event %s", eventType, got, want)
				}
			}
		}
	}
}

// summed describes what deltas come to.
func summed(t *testing.T, deltas []delta) string {
	t.Helper()
	p := new(purse)
	entries := 0
	for i := range deltas {
		p.put(&deltas[i])
		if deltas[i].effect.available != 0 {
			entries++
		}
	}
	first := deltas[0]
	text := fmt.Sprintf("%s %s %s", first.user, first.payment, first.occurredAt)
	for i := range p.funds {
		f := &p.funds[i]
		text += fmt.Sprintf(" %s %s %s %d", f.currency, &f.available, &f.pending, entries)
	}
	return text
}

// The shortcuts are for a type in its own place and schema only.
func TestNothingIsSkippedForItsLooks(t *testing.T) {
	for _, event := range []eventstore.Recorded{
		{Stream: "order-1", Event: eventstore.Event{Type: "PaymentHeld", Schema: 2, Data: []byte(`{}`)}},
		{Stream: "address-1", Event: eventstore.Event{Type: "PaymentReceived", Schema: 1, Data: []byte(`{}`)}},
		{Stream: "claim-1", Event: eventstore.Event{Type: "PaymentReceived", Schema: 1, Data: []byte(`{}`)}},
		{Stream: "order-1", Event: eventstore.Event{Type: "PaymentVerified", Schema: 1, Data: bytes.Repeat([]byte(`{`), 9)}},
	} {
		if _, err := foldAll(nil, []eventstore.Recorded{event}); !errors.Is(err, follow.ErrCannotFold) {
			t.Errorf("%s of schema %d in %s: error is %v", event.Type, event.Schema, event.Stream, err)
		}
	}
}
