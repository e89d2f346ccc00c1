package recorder_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

func TestQuarantineKeepsABodyOnce(t *testing.T) {
	w := newWorld(t)
	d := delivery("D1", "not JSON")
	for _, reason := range []quarantine.Reason{quarantine.NotJSON, quarantine.NotJSON, quarantine.Incomplete} {
		result, err := w.Quarantine(t.Context(), reason, d)
		w.want(result, err, recorder.Quarantined)
		if result.Stream != eventstore.StreamName("quarantine-"+d.Digest()) || result.Position == 0 {
			t.Errorf("got %+v", result)
		}
	}
	race(t, func(i int) (recorder.Result, error) {
		return w.Quarantine(t.Context(), quarantine.NotJSON, delivery(fmt.Sprint("R", i), "raced"))
	})
	for _, body := range []string{"not JSON", "raced"} {
		events := w.read(eventstore.StreamName("quarantine-" + delivery("", body).Digest()))
		if len(events) != 1 {
			t.Fatalf("%q is kept %d times", body, len(events))
		}
		kept := decoded[quarantine.CallbackQuarantined](t, events[0])
		if kept.Reason != quarantine.NotJSON || kept.Length != int64(len(body)) || kept.Format != "coinbase-v1" {
			t.Errorf("got %+v", kept)
		}
		if !bytes.Contains(events[0].Metadata, []byte(`"body":"`)) {
			t.Errorf("the body is not in the evidence: %s", events[0].Metadata)
		}
	}
}

func TestATooLargeBodyIsKeptByItsDigest(t *testing.T) {
	w := newWorld(t)
	d := delivery("D1", "the beginning")
	d.Length = 300_000
	result, err := w.Quarantine(t.Context(), quarantine.TooLarge, d)
	w.want(result, err, recorder.Quarantined)
	events := w.read(result.Stream)
	if kept := decoded[quarantine.CallbackQuarantined](t, events[0]); kept.Length != 300_000 || kept.Digest != d.Digest() {
		t.Errorf("got %+v", kept)
	}
	if bytes.Contains(events[0].Metadata, []byte(`"body"`)) || !bytes.Contains(events[0].Metadata, []byte(`"length":300000`)) {
		t.Errorf("got %s", events[0].Metadata)
	}
}

func TestWhatAStreamHasNoRoomForIsQuarantined(t *testing.T) {
	w := newWorld(t)
	var many []order.Mispayment
	for i := range payment.Max + 1 {
		many = append(many, order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", fmt.Sprint(i)), Amount: amount("USD", "1.00")})
	}
	unreadable := payout.Report{Payment: "coinbase/payout/P", Progress: payout.Complete, Status: "Complete"}
	for i := range 100 {
		unreadable.Digest = fmt.Sprint(i)
		result, err := w.ReportPayout(t.Context(), "P", unreadable, delivery("D", fmt.Sprint("{", i, "}")))
		w.want(result, err, recorder.Held)
	}
	unreadable.Digest = "one more"
	large := delivery("D", string(bytes.Repeat([]byte("a"), eventstore.MaxAppendBytes)))
	for _, test := range []struct {
		name string
		call func(recorder.Delivery) (recorder.Result, error)
		with recorder.Delivery
	}{
		{"too many mispayments", func(d recorder.Delivery) (recorder.Result, error) {
			return w.ReportOrder(t.Context(), orderA, order.Report{Mispayments: many}, d)
		}, delivery("D", "{many}")},
		{"too many unreadable payouts", func(d recorder.Delivery) (recorder.Result, error) {
			return w.ReportPayout(t.Context(), "P", unreadable, d)
		}, delivery("D", "{one more}")},
	} {
		t.Run(test.name, func(t *testing.T) {
			result, err := test.call(test.with)
			w.want(result, err, recorder.Quarantined)
			if kept := decoded[quarantine.CallbackQuarantined](t, w.read(result.Stream)[0]); kept.Reason != quarantine.TooMany {
				t.Errorf("got %+v", kept)
			}
		})
	}
	if got := w.read("order-coinbase.A"); len(got) > 0 {
		t.Errorf("the order has %s", types(got))
	}
	if _, err := w.ReportOrder(t.Context(), orderA, completed("u1", "10.00"), large); !errors.Is(err, eventstore.ErrTooLarge) {
		t.Errorf("a body that not even quarantine can take: got %v", err)
	}
}
