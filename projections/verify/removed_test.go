package verify

import (
	"fmt"
	"testing"

	"daybook/eventstore"
)

// TestAnEventWithoutEvidenceIsOneOfACommand has events whose evidence somebody
// removed, under an actor who sends no callbacks.
func TestAnEventWithoutEvidenceIsOneOfACommand(t *testing.T) {
	for name, c := range map[string]struct{ stream, event, differs string }{
		"an expiry":      {"order-A", `OrderExpired:{}`, "no command makes such an event"},
		"a refutation":   {"order-A", `PaymentRefuted:{"payment":"p","user":"u1",` + bitcoin + `}`, "no command makes such an event"},
		"a refund":       {"order-A", `PaymentRefunded:{"payment":"p","refund":"r","by":"operator:x",` + bitcoin + `}`, "no such refund is open"},
		"a redrive":      {"quarantine-A", `CallbackRedriven:{"outcome":"recorded"}`, "keeps no body before it"},
		"a registration": {"address-A", `AddressRegistered:{"user":"u1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			eventType, data := cutType(c.event)
			l.add(c.stream, eventType, data, "operator:x", nil)
			if report := l.prove(t); c.differs == "" && report.Evidence.Count > 0 || c.differs != "" && !report.says(c.differs) {
				t.Error(report.Evidence.Differences)
			}
		})
	}
	t.Run("an order's credit, held before", func(t *testing.T) {
		l := newEvidentLog()
		l.add("order-A", "PaymentHeld", `{"hold":"ID","payment":"p","user":"u1",`+bitcoin+`,"arrived":true,"contradiction":false,"reason":"no-user"}`, "callback:coinbase", kept(one))
		l.add("order-A", "PaymentVerified", `{"payment":"p","user":"u1",`+bitcoin+`}`, "operator:x", nil)
		if report := l.prove(t); !report.says("only a callback makes it") {
			t.Error(report.Evidence.Differences)
		}
	})
}

func TestOnlyALargeBodyIsTooLarge(t *testing.T) {
	for length, differs := range map[int64]bool{17: true, 256 << 10: true, 256<<10 + 1: false, -1: false} {
		l := newEvidentLog()
		e := kept(one)
		e.Body, e.Length = nil, length
		l.add("quarantine-"+e.SHA256, "CallbackQuarantined", fmt.Sprintf(`{"format":"f","reason":"too-large","digest":"%s","length":%d}`, e.SHA256, length), "callback:coinbase", e)
		if report := l.prove(t); report.says("a body of this length is kept") != differs {
			t.Errorf("%d bytes: %v", length, report.Evidence.Differences)
		}
	}
}

// TestOnlyAFullStreamHasTooMany has a body in quarantine for which its stream had
// no room, or some.
func TestOnlyAFullStreamHasTooMany(t *testing.T) {
	payout := Reading{Stream: "payout-P", Claims: []Claim{{Kind: Sold}}}
	for name, c := range map[string]struct {
		reading Reading
		earlier int
		event   string
		differs bool
	}{
		"one payment":       {Reading{Stream: "order-A", Claims: []Claim{{}}}, 0, "", true},
		"a status":          {Reading{Stream: "order-A", Status: "s"}, 49, "OrderStatusReported", true},
		"too many statuses": {Reading{Stream: "order-A", Status: "s"}, 50, "OrderStatusReported", false},
		"many statuses and no new one": {
			Reading{Stream: "order-A", Claims: []Claim{{}}}, 50, "OrderStatusReported", true,
		},
		"many payments":       {Reading{Stream: "order-A", Claims: make([]Claim, 1000)}, 0, "", false},
		"an address":          {Reading{Stream: "address-A", Claims: []Claim{{}}}, 60, "DepositSeenAgain", true},
		"a full address":      {Reading{Stream: "address-A", Claims: []Claim{{}}}, 1000, "DepositSeenAgain", false},
		"a payout":            {payout, 10, "PayoutHeld", true},
		"a payout, held much": {payout, 100, "PayoutHeld", false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			for i := range c.earlier {
				l.sliceLog = append(l.sliceLog, eventstore.Recorded{
					Event: eventstore.Event{
						ID: eventstore.DeriveID("x", name, eventstore.Revision(i)), Type: c.event, Schema: 1,
						Data: []byte(`{}`), Metadata: metadataOf(&eventstore.Evidence{Format: "unread", SHA256: "00"}),
					},
					Stream: eventstore.StreamName(c.reading.Stream), Revision: eventstore.Revision(i), Position: l.end() + 1,
				})
			}
			e := kept(one)
			l.add("quarantine-"+e.SHA256, "CallbackQuarantined", fmt.Sprintf(`{"format":"f","reason":"too-many","digest":"%s","length":%d}`, e.SHA256, len(one)), "callback:coinbase", e)
			l.sliceLog[0].Metadata = []byte(`{}`)
			report, err := Log(t.Context(), LogOptions{Log: l, Gapless: true, Readers: map[string]Reader{"f": said{c.reading}}})
			if err != nil {
				t.Fatal(err)
			}
			if (logReport{report}).says("there was room for what the kept body says") != c.differs {
				t.Errorf("is found: %v", !c.differs)
			}
		})
	}
}
