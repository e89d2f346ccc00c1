package projectiontest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
)

// Users are those whom the suite's events are about.
var Users = []string{"u1", "u2", "a/b", "x:y", "{u}", `quo"te\`, "Zoë"}

// Orders are those which the suite's events are about.
var Orders = []order.ID{
	order.NewID("coinbase", "5RTQNACF"), order.NewID("coinbase", "ODD/ID"),
	order.NewID("site", "ref.1-2"), order.NewID("coinbase", "QQQQ1111"),
}

// History generates logs of up to length events, of all types that move money
// and some that do not, in an order in which they can happen.
func History(length int) *rapid.Generator[[]eventstore.Recorded] {
	return rapid.Custom(func(t *rapid.T) []eventstore.Recorded {
		h := newHistory()
		for range rapid.IntRange(1, length).Draw(t, "steps") {
			h.step(t)
			if len(h.log) >= length {
				break
			}
		}
		return h.log
	})
}

// Sample is one log of history, always the same.
func Sample(length int) []eventstore.Recorded {
	h := newHistory()
	for seed := 0; len(h.log) < length; seed++ {
		rapid.Custom(func(t *rapid.T) bool { h.step(t); return true }).Example(seed)
	}
	return h.log[:length]
}

// history is a log in the making, and what can follow.
type history struct {
	log       []eventstore.Recorded
	revisions map[eventstore.StreamName]eventstore.Revision
	received  []order.PaymentReceived // pending
	deposits  []deposit.DepositReceived
	verified  []order.PaymentVerified
	items     []item    // open
	decided   []decided // that can be reversed
	intents   []intent  // refunds that are open
	books     map[eventstore.StreamName]*ledger.Posted
	orderOf   map[ident.Payment]order.ID
	payments  int

	registered map[order.ID]bool
}

func newHistory() *history {
	h := &history{
		revisions: make(map[eventstore.StreamName]eventstore.Revision),
		books:     make(map[eventstore.StreamName]*ledger.Posted),
		orderOf:   make(map[ident.Payment]order.ID),

		registered: make(map[order.ID]bool),
	}
	h.add(eventstore.LogStream, eventstore.LogCreated{LogID: LogID})
	return h
}

// LogID is the id of the suite's logs.
const LogID = "01HV0000000000000000000000"

// add records an event. Positions have gaps.
func (h *history) add(stream eventstore.StreamName, event codec.Event) {
	data, err := codec.Encode(event)
	if err != nil {
		panic(err) // a fault of the suite
	}
	position := eventstore.Position(1)
	if n := len(h.log); n > 0 {
		position = h.log[n-1].Position + 1 + eventstore.Position(n%3)
	}
	if err := h.book(stream).Put(event); err != nil {
		panic(err)
	}
	revision := h.revisions[stream]
	h.revisions[stream] = revision + 1
	h.log = append(h.log, eventstore.Recorded{
		Event: eventstore.Event{
			ID:   eventstore.DeriveID(stream, string(data), revision),
			Type: event.EventType(), Schema: ledger.Schema(stream.Category(), event.EventType()), Data: data,
		},
		Stream: stream, Revision: revision, Position: position,
		RecordedAt: time.Date(2024, 5, 1, 12, 0, len(h.log), 123456000, time.UTC),
	})
}

// book is what stands posted in a stream.
func (h *history) book(stream eventstore.StreamName) *ledger.Posted {
	if h.books[stream] == nil {
		h.books[stream] = new(ledger.Posted)
	}
	return h.books[stream]
}

func (h *history) addOrder(id order.ID, event order.Event) {
	h.add(eventstore.StreamName(id.Stream()), event)
}

// step adds what one message or decision could cause.
func (h *history) step(t *rapid.T) {
	occurred := drawTime(t)
	switch rapid.IntRange(0, 13).Draw(t, "step") {
	case 0, 1, 2:
		h.receive(t, occurred)
	case 3, 4:
		if e, ok := take(t, &h.received); ok {
			h.verify(t, e, occurred)
		}
	case 5:
		if e, ok := take(t, &h.received); ok {
			h.addOrder(h.orderOf[e.Payment], order.PaymentRefuted{Payment: e.Payment, User: e.User, Amount: e.Amount, Sale: e.Sale, OccurredAt: occurred})
		}
	case 6:
		h.hold(t, occurred)
	case 7:
		if i, ok := take(t, &h.items); ok {
			h.decide(t, i)
		}
	case 8:
		h.mispay(t, occurred)
	case 9:
		h.refund(t, occurred)
	case 10:
		h.deposit(t, occurred)
	case 11:
		h.mention(t, occurred)
	case 12:
		if d, ok := take(t, &h.decided); ok {
			h.reverse(d)
		}
	case 13:
		if i, ok := take(t, &h.intents); ok {
			h.endIntent(t, i, occurred)
		}
	}
}

func drawUser(t *rapid.T) string    { return rapid.SampledFrom(Users).Draw(t, "user") }
func drawOrder(t *rapid.T) order.ID { return rapid.SampledFrom(Orders).Draw(t, "order") }

// drawTime is zero, or a time of up to nanoseconds.
func drawTime(t *rapid.T) time.Time {
	unit := rapid.SampledFrom([]time.Duration{0, time.Second, time.Microsecond, 1}).Draw(t, "unit")
	if unit == 0 {
		return time.Time{}
	}
	return time.Date(2024, 4, 30, 0, 0, 0, 0, time.UTC).Add(unit * time.Duration(rapid.IntRange(0, 1e6).Draw(t, "time")))
}

// drawAmount is positive, and sometimes as long as an amount may be.
func drawAmount(t *rapid.T) money.Amount {
	currency := rapid.SampledFrom([]money.Currency{"USD", "USD", "EUR", "BTC", "JPY", "KWD", "ETH"}).Draw(t, "currency")
	scale, err := currency.Scale()
	if err != nil {
		panic(err)
	}
	digits := rapid.SampledFrom([]string{`[1-9][0-9]{0,4}`, `[1-9][0-9]{16,19}`, `[1-9][0-9]{29}`}).Draw(t, "digits")
	amount, err := money.Parse(currency, fmt.Sprintf("%se-%d", rapid.StringMatching(digits).Draw(t, "amount"), scale))
	if err != nil {
		panic(err)
	}
	return amount
}

func take[E any](t *rapid.T, from *[]E) (E, bool) {
	var none E
	if len(*from) == 0 {
		return none, false
	}
	i := rapid.IntRange(0, len(*from)-1).Draw(t, "which")
	taken := (*from)[i]
	*from = append((*from)[:i:i], (*from)[i+1:]...)
	return taken, true
}

var evidence = []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}}
