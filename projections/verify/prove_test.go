package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
	"daybook/projections/projectiontest"
)

// deposits reads bodies of the tests: an amount that arrived at address A.
type deposits struct{}

func (deposits) Read(body []byte) Reading {
	return Reading{Stream: "address-A", Claims: []Claim{{
		Kind: Deposited, Payment: "p", Amount: string(body) + " BTC", NoUser: "no-user", AtOnce: true, Method: "m", Said: "s",
	}}}
}

// evidentLog is a log that is written by hand.
type evidentLog struct{ sliceLog }

func newEvidentLog() *evidentLog { return &evidentLog{projectiontest.Sample(1)} }

// add appends an event; of the text in data, ID is its id.
func (l *evidentLog) add(stream, eventType, data, actor string, evidence *eventstore.Evidence) {
	revision := eventstore.Revision(0)
	for _, e := range l.sliceLog {
		if string(e.Stream) == stream {
			revision = e.Revision + 1
		}
	}
	name := eventstore.StreamName(stream)
	id := eventstore.DeriveID(name, stream, revision)
	metadata, err := eventstore.Metadata{CommandID: "c", Actor: actor, Evidence: evidence}.Encode()
	if err != nil {
		panic(err)
	}
	l.sliceLog = append(l.sliceLog, eventstore.Recorded{
		Event:  eventstore.Event{ID: id, Type: eventType, Schema: 1, Data: []byte(strings.ReplaceAll(data, "ID", id.String())), Metadata: metadata},
		Stream: name, Revision: revision, Position: l.end() + 1, RecordedAt: time.Unix(1700000000, 0).UTC(),
	})
}

func (l *evidentLog) check(t *testing.T, wanted ...string) Evidence {
	t.Helper()
	l.sliceLog[0].Metadata = []byte(`{}`)
	report, err := Log(t.Context(), LogOptions{Log: l, Gapless: true, Readers: map[string]Reader{"f": deposits{}}})
	if err != nil || report.Count > 0 {
		t.Fatalf("%v, error %v", report.Differences, err)
	}
	of := len(report.Evidence.Differences)
	report.Evidence.Differences = slices.DeleteFunc(report.Evidence.Differences, isDebit)
	report.Evidence.Count -= of - len(report.Evidence.Differences)
	if report.Evidence.Count != len(wanted) {
		t.Errorf("%d differences: %v", report.Evidence.Count, report.Evidence.Differences)
	}
	for i, d := range report.Evidence.Differences {
		if i < len(wanted) && !strings.Contains(d.Text, wanted[i]) {
			t.Errorf("%q is not %q", d.Text, wanted[i])
		}
	}
	return report.Evidence
}

// kept is the evidence of a body.
func kept(body string) *eventstore.Evidence {
	sum := sha256.Sum256([]byte(body))
	return &eventstore.Evidence{Format: "f", Received: "2026-01-01T00:00:00Z", SHA256: hex.EncodeToString(sum[:]), Encoding: "none", Body: []byte(body)}
}

// hold adds a deposit that waits for its user.
func (l *evidentLog) hold(amount string) {
	l.add("address-A", "DepositHeld", `{"hold":"ID","payment":"p","amount":{"currency":"BTC","amount":"`+amount+`"},"arrived":true,"contradiction":false,"reason":"no-user"}`,
		"callback:coinbase", kept(amount))
}

// register adds the registration that credits what waits.
func (l *evidentLog) register(user, credited, closed string) {
	hold := l.sliceLog[1].ID.String()
	money := `{"payment":"p","user":"` + credited[:strings.Index(credited, " ")] + `","amount":{"currency":"BTC","amount":"` + credited[strings.Index(credited, " ")+1:] + `"}`
	l.add("address-A", "AddressRegistered", `{"user":"`+user+`"}`, "website:shop", nil)
	l.add("address-A", "DepositReceived", money+`}`, "website:shop", nil)
	l.add("address-A", "DepositVerified", money+`,"evidence":[{"method":"m","status":"s"}],"closes":[{"hold":"`+hold+`","amount":{"currency":"BTC","amount":"`+closed+`"}}]}`, "website:shop", nil)
}

const (
	one = "1.00000000"
	two = "2.00000000"
)

func TestACreditWithoutABodyRestsOnWhatCameBefore(t *testing.T) {
	for name, c := range map[string]struct {
		credited, closed string
		differs          []string
	}{
		"as much as was held":    {"u1 " + one, one, nil},
		"more than was held":     {"u1 " + two, one, []string{`no event before it in its stream has brought "2.00000000 BTC"`, ""}},
		"to somebody else":       {"u2 " + one, one, []string{"user is not the one that the stream is registered for", ""}},
		"more out of suspense":   {"u1 " + one, two, []string{`takes "2.00000000 BTC" out of suspense for a hold that has put "1.00000000 BTC" there`, "it is closed, and its account in suspense has 1.00000000 BTC"}},
		"another hold's amount ": {"u1 " + two, two, []string{"has brought", "has brought", "out of suspense", "it is closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			l.hold(one)
			l.register("u1", c.credited, c.closed)
			l.check(t, c.differs...)
		})
	}
}

// TestAStreamThatIsForgottenIsReadAgain has more streams between a hold and its
// credit than are remembered.
func TestAStreamThatIsForgottenIsReadAgain(t *testing.T) {
	l := newEvidentLog()
	l.hold(one)
	for i := range 2*maxStreams + 2 {
		l.sliceLog = append(l.sliceLog, eventstore.Recorded{
			Event: eventstore.Event{
				ID: eventstore.DeriveID("address-x", strconv.Itoa(i), 0), Type: "AddressRegistered", Schema: 1,
				Data: []byte(`{"user":"u"}`), Metadata: []byte(`{"actor":"website:shop"}`),
			},
			Stream: eventstore.StreamName("address-x" + strconv.Itoa(i)), Position: l.end() + 1,
		})
	}
	l.register("u1", "u1 "+one, two)
	l.check(t, "out of suspense", "it is closed")
}

func TestEvidenceThatIsNotWhereItBelongs(t *testing.T) {
	reference := func(body string) *eventstore.Evidence { return &eventstore.Evidence{SHA256: kept(body).SHA256} }
	credit := func(amount string) string {
		return `{"payment":"p","user":"u1","amount":{"currency":"BTC","amount":"` + amount + `"}}`
	}
	t.Run("a reference to an earlier append is followed", func(t *testing.T) {
		l := newEvidentLog()
		l.hold(one)
		l.add("address-A", "AddressRegistered", `{"user":"u1"}`, "website:shop", nil)
		l.add("address-A", "DepositReceived", credit(two), "website:shop", reference(one))
		l.check(t, `amount is "2.00000000 BTC", the kept body says "1.00000000 BTC"`, "is credited by no event")
	})
	t.Run("a reference to nothing", func(t *testing.T) {
		l := newEvidentLog()
		l.hold(one)
		l.add("address-A", "AddressRegistered", `{"user":"u1"}`, "website:shop", nil)
		l.add("address-A", "DepositReceived", credit(one), "website:shop", reference(two))
		l.check(t, "refers to a body that neither its stream nor quarantine has")
	})
	t.Run("received and not credited", func(t *testing.T) {
		l := newEvidentLog()
		l.add("address-A", "AddressRegistered", `{"user":"u1"}`, "website:shop", nil)
		l.add("address-A", "DepositReceived", credit(one), "callback:coinbase", kept(one))
		l.check(t, "is credited by no event behind it")
	})
	t.Run("a body that is encrypted", func(t *testing.T) {
		l := newEvidentLog()
		l.hold(one)
		encrypted := kept(two)
		encrypted.Encoding = "aes-256-gcm/1"
		l.sliceLog[1].Metadata, _ = json.Marshal(map[string]any{"actor": "callback:coinbase", "evidence": encrypted})
		if e := l.check(t); e.Unread["f"] != 1 || e.Compared != 0 {
			t.Errorf("%+v", e)
		}
	})
	t.Run("a fault of a callback without evidence", func(t *testing.T) {
		l := newEvidentLog()
		l.hold(one)
		l.sliceLog[1].Metadata = []byte(`{"actor":"operator:eve"}`)
		l.check(t, "it has no evidence")
	})
	t.Run("metadata that are none", func(t *testing.T) {
		l := newEvidentLog()
		l.hold(one)
		l.sliceLog[1].Metadata = []byte(`{"actor":"a","actor":"b"}`)
		l.check(t, "cannot be read")
	})
}

// TestPrivateTextsAreNotShown has differences of users, digests and bodies.
func TestPrivateTextsAreNotShown(t *testing.T) {
	l := newEvidentLog()
	l.add("address-A", "AddressRegistered", `{"user":"canary-1"}`, "website:shop", nil)
	l.add("address-A", "DepositReceived", `{"payment":"p","user":"canary-2","amount":{"currency":"BTC","amount":"`+one+`"}}`, "callback:coinbase", kept(one))
	e := l.check(t, "user is not the one that the stream is registered for", "credited by no event")
	if text := fmt.Sprint(e.Differences); strings.Contains(text, "canary") {
		t.Error(text)
	}
}

func TestAClaimNamesTheStreamThatHasThePayment(t *testing.T) {
	claim := func(l *evidentLog, stream, owner string) {
		l.add(stream, "PaymentClaimed", `{"payment":"m","owner":"`+owner+`"}`, "callback:coinbase", &eventstore.Evidence{SHA256: "00"})
	}
	if _, listed := rules["claim"]; !listed {
		t.Skip("no event claims a payment")
	}
	mispaid := func(l *evidentLog) {
		l.add("order-A", "PaymentMispaid", `{"payment":"m","amount":{"currency":"BTC","amount":"`+one+`"}}`, "callback:coinbase", kept(one))
		l.sliceLog[len(l.sliceLog)-1].Metadata = []byte(`{"actor":"callback:coinbase","evidence":{"format":"later","enc":"none","sha256":"` + kept(one).SHA256 + `","body":"MS4wMDAwMDAwMA=="}}`)
	}
	l := newEvidentLog()
	claim(l, claimOf("m"), "order-A")
	mispaid(l)
	l.check(t)

	l = newEvidentLog()
	claim(l, claimOf("m"), "order-B")
	mispaid(l)
	l.check(t, "claimed for another stream")

	l = newEvidentLog()
	claim(l, claimOf("n"), "order-A")
	l.check(t, "the stream is not that of the payment")
}
