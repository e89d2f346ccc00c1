package balances

import (
	"testing"
	"time"

	"daybook/domain/money"
)

// An entry that no person has made is written as it was before there were decisions.
func TestEntriesHaveTheirPersonAtTheEnd(t *testing.T) {
	amount, err := money.Parse("USD", "1.25")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	e := Entry{Number: 1, Position: 7, Stream: "order-coinbase.A", Type: "T", Payment: "p", Amount: amount, Balance: amount, OccurredAt: at, RecordedAt: at}
	decided, silent := e, e
	decided.By, decided.Note = "operator:alice", `"theirs"`
	silent.By = "operator:alice"
	const plain = `["7","T","p","USD","1.25","1.25","order-coinbase.A","2024-05-01T12:00:00Z","2024-05-01T12:00:00Z"`
	for want, entry := range map[string]Entry{
		plain + `]`: e,
		plain + `,"operator:alice","\"theirs\""]`: decided,
		plain + `,"operator:alice",""]`:           silent,
	} {
		text, err := encodeEntry(entry)
		if err != nil || text != want {
			t.Errorf("entry is written %s, error %v, want %s", text, err, want)
		}
		if read, err := ParseEntry(text, 1); err != nil || read != entry {
			t.Errorf("%s is read as %+v, error %v", text, read, err)
		}
	}
	if _, err := ParseEntry(plain+`,"operator:alice"]`, 1); err == nil {
		t.Error("an entry of a person without a note is read")
	}
}
