package recorder_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

func TestADeliveryIsRecordedOnce(t *testing.T) {
	w := newWorld(t)
	first := w.order(orderA, completed("u1", "10.00"), delivery("D1", "{1}"), recorder.Recorded)
	second := w.order(orderA, completed("u1", "10.00"), delivery("D2", "{1}"), recorder.Duplicate)
	if first.Stream != "order-coinbase.A" || first.Revision != 1 || first.Position == 0 {
		t.Errorf("got %+v", first)
	}
	if second.Outcome = first.Outcome; second != first {
		t.Errorf("the repetition is answered %+v, the first %+v", second, first)
	}
	w.wantTypes(first.Stream, "PaymentReceived", "PaymentVerified")
}

func TestEvidence(t *testing.T) {
	w := newWorld(t)
	d := delivery("D1", `{"order":{}}`)
	w.order(orderA, completed("u1", "10.00"), d, recorder.Recorded)
	sum := sha256.Sum256(d.Body)
	digest := hex.EncodeToString(sum[:])
	for i, e := range w.read("order-coinbase.A") {
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
	w := newWorld(t)
	report := completed("", "10.00")
	report.Mispayments = []order.Mispayment{{Payment: "coinbase/mispayment/1", Amount: amount("USD", "3.00")}, {Digest: "d", Amount: amount("USD", "4.00")}}
	d := delivery("D1", "{1}")
	result := w.order(orderA, report, d, recorder.Held)
	events := w.read(result.Stream)
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
	w := newWorld(t)
	for i, address := range []string{"one", "many"} {
		id := deposit.NewID(address)
		call := func(i int) (recorder.Result, error) {
			return w.ReportDeposit(t.Context(), id, deposited(""), delivery(fmt.Sprint("D", i), "{1}"))
		}
		n := racers
		if i == 0 {
			n = 2
			for i := range n {
				result, err := call(i)
				w.want(result, err, recorder.Held)
			}
		} else {
			race(t, call)
		}
		events := w.read(eventstore.StreamName(id.Stream()))
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
	w := newWorld(t)
	id := deposit.NewID("1AmB4b")
	first, err := w.RegisterAddress(t.Context(), id, "u1", recorder.Command{ID: "C1", Actor: "website:shop"})
	w.want(first.Result, err, recorder.Recorded)
	again, err := w.RegisterAddress(t.Context(), id, "u1", recorder.Command{ID: "C2", Actor: "website:shop"})
	w.want(again.Result, err, recorder.Duplicate)
	if again.Position != first.Position {
		t.Errorf("got %+v, then %+v", first, again)
	}
	if _, err := w.RegisterAddress(t.Context(), id, "u2", recorder.Command{ID: "C3", Actor: "website:shop"}); !errors.Is(err, deposit.ErrOtherUser) {
		t.Errorf("got %v, want ErrOtherUser", err)
	}
	events := w.read(first.Stream)
	if len(events) != 1 || events[0].ID != eventstore.DeriveID(first.Stream, "C1", 0) {
		t.Errorf("got %s", types(events))
	}
	if bytes.Contains(events[0].Metadata, []byte("evidence")) || !bytes.Contains(events[0].Metadata, []byte(`"website:shop"`)) {
		t.Errorf("got %s", events[0].Metadata)
	}
}

func TestHoldUnregistered(t *testing.T) {
	w := newWorld(t)
	w.Recorder = recorder.New(w.log, recorder.Policy{HoldUnregistered: true})
	result := w.order(orderA, completed("u1", "10.00"), delivery("D1", "{1}"), recorder.Held)
	if held := decoded[order.PaymentHeld](t, w.read(result.Stream)[0]); held.Reason != payment.Unregistered {
		t.Errorf("got %+v", held)
	}
}

func TestAStreamThatIsNotUnderstoodIsNotWritten(t *testing.T) {
	w := newWorld(t)
	_, err := w.log.Append(t.Context(), "order-coinbase.A", eventstore.NoStream, eventstore.Event{
		ID: eventstore.DeriveID("order-coinbase.A", "", 0), Type: "PaymentTeleported", Schema: 1, Data: []byte("{}"), Metadata: []byte("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), delivery("D1", "{1}"))
	if !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
	w.wantTypes("order-coinbase.A", "PaymentTeleported")
}
