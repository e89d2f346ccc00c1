// Package find answers "where is my payment?" in sentences. What a text may name is
// found by the names of streams and by the lookup, and what became of it is folded
// from those streams when it is asked.
package find

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/eventstore"
	"daybook/projections/local"
)

const (
	// MaxText bounds what is asked for, in bytes.
	MaxText = 2 * ident.MaxBytes

	// maxMatches bounds the streams of an answer, newest first.
	maxMatches = 20

	// maxNamed bounds the events that are looked up for one key.
	maxNamed = 200
)

// Finder finds payments in a log.
type Finder struct {
	Log    eventstore.Reader
	Lookup *local.Model
}

// Answer says what is known of a text.
type Answer struct {
	Text    string  // in sentences
	Matches []Match // newest first
	More    int     // older streams that are not among them, at least
}

// Match is a stream that the text names, and what became of its payments.
type Match struct {
	Stream   eventstore.StreamName
	Position eventstore.Position // of the event that it was found by
	Says     []string            // sentences, newest first
}

// Find answers for a text: an order id, bare or qualified, a user, a transaction
// hash, an address, a mispayment id, a reference, a provider's id, the name of a
// stream, or the id of a request.
func (f Finder) Find(ctx context.Context, text string) (Answer, error) {
	text = strings.TrimSpace(text)
	matches, err := f.matches(ctx, text)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Matches: matches}
	if more := len(matches) - maxMatches; more > 0 {
		a.Matches, a.More = matches[:maxMatches], more
	}
	var sentences []string
	for i := range a.Matches {
		m := &a.Matches[i]
		if m.Says, err = f.story(ctx, m.Stream, text); err != nil {
			return Answer{}, err
		}
		sentences = append(sentences, m.Says...)
	}
	if len(sentences) == 0 {
		sentences = []string{nothing(text)}
	}
	a.Text = strings.Join(sentences, " ")
	return a, nil
}

func nothing(text string) string {
	if id, err := ulid.ParseStrict(text); err == nil {
		return "No event carries the request " + text + " of " + day(id.Timestamp()) + ": it repeated what was known, or was refused. The server's log has its line under this request_id."
	}
	return "Nothing is known of " + text + ": no callback with it was received and understood. Check the spelling, look at the provider whether the payment was completed and its callback sent, and at `daybook quarantine` for callbacks of that time."
}

// matches returns the streams that a text names, newest first.
func (f Finder) matches(ctx context.Context, text string) ([]Match, error) {
	found := make(map[eventstore.StreamName]eventstore.Position)
	add := func(stream eventstore.StreamName, position eventstore.Position) {
		found[stream] = max(found[stream], position)
	}
	for _, stream := range streamsOf(text) {
		for event, err := range f.Log.Read(ctx, stream, 0) {
			if err != nil {
				return nil, err
			}
			add(stream, event.Position)
			break
		}
	}
	for _, key := range local.KeysFor(text) {
		events, err := f.Lookup.Named(ctx, f.Log, key, 0, maxNamed)
		if err != nil {
			return nil, err
		}
		for _, event := range events {
			add(event.Stream, event.Position)
		}
	}
	if id, err := ulid.ParseStrict(text); err == nil {
		caused, err := f.Lookup.Caused(ctx, f.Log, id)
		if err != nil {
			return nil, err
		}
		for _, event := range caused {
			add(event.Stream, event.Position)
		}
	}
	var matches []Match
	for stream, position := range found {
		if stream.Category() != "claim" { // what is claimed is said by its owner
			matches = append(matches, Match{Stream: stream, Position: position})
		}
	}
	slices.SortFunc(matches, func(a, b Match) int { return cmp.Compare(b.Position, a.Position) })
	return matches, nil
}

// namers are who names orders.
var namers = []string{"coinbase", "site", "checkout", "commerce"}

// streamsOf returns the streams that a text may name.
func streamsOf(text string) []eventstore.StreamName {
	var names []eventstore.StreamName
	if ident.Check(text) == nil {
		for _, namer := range namers {
			names = append(names, eventstore.StreamName(order.NewID(namer, text).Stream()))
			if own, qualified := strings.CutPrefix(text, namer+"."); qualified && own != "" {
				names = append(names, eventstore.StreamName(order.ID(text).Stream()), eventstore.StreamName(order.NewID(namer, own).Stream()))
			}
		}
		names = append(names, eventstore.StreamName(payout.NewID(text).Stream()), eventstore.StreamName(quarantine.ID(strings.ToLower(text)).Stream()))
	}
	if address, err := deposit.ParseAddress(text); err == nil {
		names = append(names, eventstore.StreamName(deposit.NewID(address).Stream()))
	}
	switch stream := eventstore.StreamName(text); stream.Category() {
	case order.Category, deposit.Category, payout.Category, quarantine.Category:
		names = append(names, stream)
	}
	return slices.DeleteFunc(names, func(name eventstore.StreamName) bool { return name.Check() != nil })
}
