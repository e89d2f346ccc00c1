package projectiontest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
)

// Log is an embedded log that a test writes to. It also works in a bubble of
// testing/synctest.
type Log struct {
	*sqlitestore.Store
	Directory string
	Users     int // that pay in turn: "u/0", "u/1", ...

	t    testing.TB
	paid atomic.Int64
}

// NewLog opens a new log of three users.
func NewLog(t testing.TB) *Log { return OpenLog(t, t.TempDir()) }

// OpenLog opens the log of a directory. It is closed when the test ends.
func OpenLog(t testing.TB, directory string) *Log {
	t.Helper()
	l := &Log{Store: sqlitetest.Open(t, sqlitestore.Options{Directory: directory}), Directory: directory, Users: 3, t: t}
	for _, event := range Events(t, l) {
		if event.Type == (order.PaymentVerified{}).EventType() {
			l.paid.Add(1)
		}
	}
	return l
}

// Copy copies the directory of a closed log.
func (l *Log) Copy() string {
	l.t.Helper()
	directory := filepath.Join(l.t.TempDir(), "copy")
	if err := os.CopyFS(directory, os.DirFS(l.Directory)); err != nil {
		l.t.Fatal(err)
	}
	return directory
}

// Pay records orders, each paid once with USD 1.25. They are numbered from 1:
// order 7 is coinbase.7, of user 7 modulo Users. Several goroutines may call it.
func (l *Log) Pay(orders int) (last eventstore.Position) {
	l.t.Helper()
	amount, err := money.Parse("USD", "1.25")
	if err != nil {
		l.t.Fatal(err)
	}
	for range orders {
		number := l.paid.Add(1)
		name, user := fmt.Sprint(number), fmt.Sprintf("u/%d", number%int64(l.Users))
		identity := ident.NewPayment("coinbase", "order", name)
		last = l.Record(eventstore.StreamName(order.NewID("coinbase", name).Stream()),
			order.PaymentReceived{Payment: identity, User: user, Amount: amount},
			order.PaymentVerified{Payment: identity, User: user, Amount: amount, Evidence: []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}}})
	}
	return last
}

// Paid is the number of the last order.
func (l *Log) Paid() int { return int(l.paid.Load()) }

// Last is the position of the last event.
func (l *Log) Last() eventstore.Position {
	last, _ := l.Tail()
	return last
}

// Record appends events to a stream that does not exist yet, and repeats the append
// while the log is busy.
func (l *Log) Record(stream eventstore.StreamName, events ...codec.Event) eventstore.Position {
	l.t.Helper()
	encoded, err := Encode(stream, events...)
	if err != nil {
		l.t.Fatal(err)
	}
	for {
		appended, err := l.Append(l.t.Context(), stream, eventstore.NoStream, encoded...)
		if err == nil {
			return appended.Position
		}
		if !errors.Is(err, eventstore.ErrUnavailable) || l.t.Context().Err() != nil {
			l.t.Fatal(err)
		}
	}
}

// Events returns all events of a log.
func Events(t testing.TB, log eventstore.Reader) []eventstore.Recorded {
	t.Helper()
	var events []eventstore.Recorded
	for event, err := range log.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}
