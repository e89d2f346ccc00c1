package balances

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/redismodel"
)

// The members of an entry in Redis, a JSON array. Those of a person are left out of an
// entry that no person has made.
const (
	entryPosition = iota
	entryType
	entryPayment
	entryCurrency
	entryAmount
	entryBalance
	entryStream
	entryOccurred
	entryRecorded
	entryBy
	entryNote
	entryMembers
)

// encodeEntry returns the text of an entry.
func encodeEntry(e Entry) (string, error) {
	occurred := ""
	if !e.OccurredAt.IsZero() {
		occurred = e.OccurredAt.UTC().Format(time.RFC3339Nano)
	}
	members := [entryMembers]string{
		entryPosition: e.Position.String(), entryType: e.Type, entryPayment: string(e.Payment),
		entryCurrency: string(e.Amount.Currency()), entryAmount: e.Amount.Decimal(), entryBalance: e.Balance.Decimal(),
		entryStream: string(e.Stream), entryOccurred: occurred, entryRecorded: e.RecordedAt.UTC().Format(time.RFC3339Nano),
		entryBy: e.By, entryNote: e.Note,
	}
	written := members[:]
	if e.By == "" {
		written = members[:entryBy]
	}
	text, err := json.Marshal(written)
	if err != nil {
		return "", fmt.Errorf("encode entry: %w", err)
	}
	return string(text), nil
}

// ParseEntry reads an entry as it is in Redis. Its number is its place in the
// list, from 1.
func ParseEntry(text string, number uint64) (Entry, error) {
	e, err := parseEntry(text, number)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: entry %d: %w", redismodel.ErrUnusable, number, err)
	}
	return e, nil
}

func parseEntry(text string, number uint64) (Entry, error) {
	var members []string
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return Entry{}, err
	}
	if len(members) != entryMembers && len(members) != entryBy {
		return Entry{}, fmt.Errorf("%d members", len(members))
	}
	e := Entry{
		Number: number, Stream: eventstore.StreamName(members[entryStream]),
		Type: members[entryType], Payment: ident.Payment(members[entryPayment]),
	}
	var err error
	if e.Position, err = eventstore.ParsePosition(members[entryPosition]); err != nil {
		return Entry{}, err
	}
	currency := money.Currency(members[entryCurrency])
	if e.Amount, err = money.ParseSum(currency, members[entryAmount]); err != nil {
		return Entry{}, err
	}
	if e.Balance, err = money.ParseSum(currency, members[entryBalance]); err != nil {
		return Entry{}, err
	}
	if members[entryOccurred] != "" {
		if e.OccurredAt, err = time.Parse(time.RFC3339Nano, members[entryOccurred]); err != nil {
			return Entry{}, err
		}
	}
	if len(members) == entryMembers {
		e.By, e.Note = members[entryBy], members[entryNote]
	}
	e.RecordedAt, err = time.Parse(time.RFC3339Nano, members[entryRecorded])
	return e, err
}
