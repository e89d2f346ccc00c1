package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

var moment = time.Date(2014, 3, 21, 6, 29, 36, 0, time.UTC)

func open(t *testing.T) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: t.TempDir(), Now: func() time.Time { return moment }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func delivery(id, body string) ledger.Delivery {
	return ledger.Delivery{
		ID: id, Actor: "callback:coinbase", Format: "coinbase-v1", Received: moment, Source: "54.243.226.26",
		Headers: map[string]string{"Content-Type": "application/json"}, Body: []byte(body), Length: int64(len(body)),
	}
}

const orderA = order.ID("coinbase.A")

func completed(custom, decimal string) order.Report {
	claim := order.Claim{Custom: custom, Amount: amount("USD", decimal), Evidence: payment.Evidence{Method: ledger.CoinbaseCallback, Status: "completed"}}
	if custom == "" {
		claim.CustomFault = payment.NoUser
	}
	return order.Report{Payment: "coinbase/order/A", Paid: &claim, OccurredAt: moment}
}

func deposited(hash string) deposit.Report {
	report := deposit.Report{Digest: "d1", Amount: amount("BTC", "1.00000000"), Evidence: payment.Evidence{Method: ledger.CoinbaseCallback}, ReceivedAt: moment}
	if hash != "" {
		report.Payment = ident.NewPayment("coinbase", "address", "1AmB4b", hash)
	}
	return report
}

// read returns the events of a stream.
func read(t *testing.T, store eventstore.Store, stream eventstore.StreamName) []eventstore.Recorded {
	t.Helper()
	var events []eventstore.Recorded
	for event, err := range store.Read(t.Context(), stream, 0, eventstore.WithMetadata) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

func decoded[E codec.Event](t *testing.T, e eventstore.Recorded) E {
	t.Helper()
	event, err := ledger.Decode(e)
	if err != nil {
		t.Fatal(err)
	}
	typed, ok := event.(E)
	if !ok {
		t.Fatalf("revision %d of %s is %s", e.Revision, e.Stream, e.Type)
	}
	return typed
}

func types(events []eventstore.Recorded) string {
	var names []string
	for _, e := range events {
		names = append(names, e.Type)
	}
	return fmt.Sprint(names)
}

func want(t *testing.T, result ledger.Result, err error, outcome ledger.Outcome) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome != outcome {
		t.Errorf("got %+v, want it %s", result, outcome)
	}
}

func TestADeliveryIsRecordedOnce(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	first, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}"))
	want(t, first, err, ledger.Recorded)
	second, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D2", "{1}"))
	want(t, second, err, ledger.Duplicate)
	if first.Stream != "order-coinbase.A" || first.Revision != 1 || first.Position == 0 {
		t.Errorf("got %+v", first)
	}
	if second.Outcome = first.Outcome; second != first {
		t.Errorf("the repetition is answered %+v, the first %+v", second, first)
	}
	if got := types(read(t, store, first.Stream)); got != "[PaymentReceived PaymentVerified]" {
		t.Errorf("got %s", got)
	}
}

func TestEvidence(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	d := delivery("D1", `{"order":{}}`)
	if _, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), d); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(d.Body)
	digest := hex.EncodeToString(sum[:])
	for i, e := range read(t, store, "order-coinbase.A") {
		var metadata eventstore.Metadata
		if err := json.Unmarshal(e.Metadata, &metadata); err != nil {
			t.Fatal(err)
		}
		if metadata.CorrelationID != "D1" || metadata.CausationID != "D1" || metadata.CommandID != "D1" || metadata.Actor != "callback:coinbase" {
			t.Errorf("event %d: got %+v", i, metadata)
		}
		evidence := metadata.Evidence
		if evidence == nil || evidence.SHA256 != digest {
			t.Fatalf("event %d has the evidence %+v", i, evidence)
		}
		if i > 0 {
			if evidence.Body != nil || evidence.Format != "" || evidence.Headers != nil {
				t.Errorf("event %d repeats the evidence: %+v", i, evidence)
			}
			continue
		}
		if !bytes.Equal(evidence.Body, d.Body) || evidence.Encoding != "none" || evidence.Format != "coinbase-v1" || evidence.Source != "54.243.226.26" ||
			evidence.Received != "2014-03-21T06:29:36.000000Z" || evidence.Headers["Content-Type"] != "application/json" || evidence.Length != 0 {
			t.Errorf("event %d has the evidence %+v", i, evidence)
		}
	}
}

func TestEventIDsComeFromStreamAndDelivery(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	report := completed("", "10.00")
	report.Mispayments = []order.Mispayment{{Payment: "coinbase/mispayment/1", Amount: amount("USD", "3.00")}, {Digest: "d", Amount: amount("USD", "4.00")}}
	d := delivery("D1", "{1}")
	result, err := service.ReportOrder(t.Context(), orderA, report, d)
	want(t, result, err, ledger.Held)
	events := read(t, store, result.Stream)
	if got := types(events); got != "[PaymentHeld PaymentMispaid PaymentHeld]" {
		t.Fatalf("got %s", got)
	}
	for i, e := range events {
		if id := eventstore.DeriveID(result.Stream, d.ID, e.Revision); e.ID != id {
			t.Errorf("event %d has the id %s, want %s", i, e.ID, id)
		}
		if e.Type != "PaymentHeld" {
			continue
		}
		if held := decoded[order.PaymentHeld](t, e); held.Hold != e.ID.String() {
			t.Errorf("event %d has the id %s and the hold %s", i, e.ID, held.Hold)
		}
	}
}

func TestADepositWithoutHashIsCountedEachTime(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	for i, address := range []string{"one", "many"} {
		id := deposit.NewID(address)
		call := func(i int) (ledger.Result, error) {
			return service.ReportDeposit(t.Context(), id, deposited(""), delivery(fmt.Sprint("D", i), "{1}"))
		}
		n := racers
		if i == 0 {
			n = 2
			for i := range n {
				result, err := call(i)
				want(t, result, err, ledger.Held)
			}
		} else {
			race(t, call)
		}
		events := read(t, store, eventstore.StreamName(id.Stream()))
		if len(events) != n {
			t.Fatalf("%d deliveries are %s", n, types(events))
		}
		held := decoded[deposit.DepositHeld](t, events[0])
		for _, e := range events[1:] {
			if again := decoded[deposit.DepositSeenAgain](t, e); again.Hold != held.Hold {
				t.Errorf("got %+v, want the hold %s", again, held.Hold)
			}
		}
	}
}

func TestRegisterAddress(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	id := deposit.NewID("1AmB4b")
	first, err := service.RegisterAddress(t.Context(), id, "u1", ledger.Command{ID: "C1", Actor: "website:shop"})
	want(t, first.Result, err, ledger.Recorded)
	again, err := service.RegisterAddress(t.Context(), id, "u1", ledger.Command{ID: "C2", Actor: "website:shop"})
	want(t, again.Result, err, ledger.Duplicate)
	if again.Position != first.Position {
		t.Errorf("got %+v, then %+v", first, again)
	}
	if _, err := service.RegisterAddress(t.Context(), id, "u2", ledger.Command{ID: "C3", Actor: "website:shop"}); !errors.Is(err, deposit.ErrOtherUser) {
		t.Errorf("got %v, want ErrOtherUser", err)
	}
	events := read(t, store, first.Stream)
	if len(events) != 1 || events[0].ID != eventstore.DeriveID(first.Stream, "C1", 0) {
		t.Errorf("got %s", types(events))
	}
	if bytes.Contains(events[0].Metadata, []byte("evidence")) || !bytes.Contains(events[0].Metadata, []byte(`"website:shop"`)) {
		t.Errorf("got %s", events[0].Metadata)
	}
}

func TestHoldUnregistered(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{HoldUnregistered: true})
	result, err := service.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}"))
	want(t, result, err, ledger.Held)
	if held := decoded[order.PaymentHeld](t, read(t, store, result.Stream)[0]); held.Reason != payment.Unregistered {
		t.Errorf("got %+v", held)
	}
}

func TestAStreamThatIsNotUnderstoodIsNotWritten(t *testing.T) {
	store := open(t)
	_, err := store.Append(t.Context(), "order-coinbase.A", eventstore.NoStream, eventstore.Event{
		ID: eventstore.DeriveID("order-coinbase.A", "", 0), Type: "PaymentTeleported", Schema: 1, Data: []byte("{}"), Metadata: []byte("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ledger.NewService(store, ledger.Policy{}).ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}"))
	if !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	if got := types(read(t, store, "order-coinbase.A")); got != "[PaymentTeleported]" {
		t.Errorf("got %s", got)
	}
}
