package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"daybook/eventstore"

	"github.com/go-json-experiment/json"
)

// kept is the metadata of an event as far as these tests look at it.
type kept struct {
	Evidence eventstore.Evidence `json:"evidence"`
}

// evidence returns the evidence of a stream's first event.
func (w *world) evidence(stream string) eventstore.Evidence {
	w.Helper()
	events := w.events(stream)
	if len(events) == 0 {
		w.Fatalf("nothing is recorded in %s", stream)
	}
	var k kept
	if err := json.Unmarshal(events[0].Metadata, &k); err != nil {
		w.Fatal(err)
	}
	return k.Evidence
}

func decodeCallback(t testing.TB, a answer) callbackAnswer {
	t.Helper()
	var c callbackAnswer
	if err := json.Unmarshal(a.Body, &c); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return c
}

func digestOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// padded is a callback of exactly so many bytes.
func padded(id string, size int) string {
	body := completed(id, "u1", 100, "USD")
	return strings.TrimSuffix(body, "}") + strings.Repeat(" ", size-len(body)) + "}"
}

func TestABodyOf256KiBIsReadAndOneByteMoreIsKeptByItsDigest(t *testing.T) {
	for name, announced := range map[string]bool{"announced": true, "in chunks": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, wiring{})
			send := func(body string) answer {
				r := newCallback(target, strings.NewReader(body))
				if !announced {
					r.ContentLength = -1
				}
				return w.do(r)
			}
			full := padded("A", 256<<10)
			if a := send(full); decodeCallback(t, a).Outcome != "recorded" {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
			if e := w.evidence("order-coinbase.A"); string(e.Body) != full || e.Length != 0 {
				t.Errorf("evidence of %d bytes, length %d", len(e.Body), e.Length)
			}

			larger := padded("B", 256<<10+1)
			a := send(larger)
			if !isProblem(a, tooLarge) || a.Header.Get("Connection") != "close" || a.Header.Get("Daybook-Position") != "4" {
				t.Errorf("%d %v %s", a.Status, a.Header, a.Body)
			}
			stream := "quarantine-" + digestOf(larger[:256<<10])
			length := int64(-1)
			if announced {
				length = 256<<10 + 1
			}
			if e := w.evidence(stream); len(e.Body) != 0 || e.Length != length || "quarantine-"+e.SHA256 != stream {
				t.Errorf("evidence %+v", e)
			}
			if again := send(larger); again.Header.Get("Daybook-Position") != "4" || len(w.events(stream)) != 1 {
				t.Errorf("the repetition: %v", again.Header)
			}
			if len(w.events("order-coinbase.B")) != 0 {
				t.Error("it was acted on")
			}
		})
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

func TestNobodyReadsTheBodyOfAStranger(t *testing.T) {
	w := newWorld(t, wiring{})
	for _, length := range []int64{-1, 1, 256<<10 + 1, 1 << 40} {
		wrong := newCallback("/callbacks/coinbase?secret=canary-wrong", unread{t})
		wrong.ContentLength = length
		if a := w.do(wrong); !isProblem(a, unauthorized) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		elsewhere := newCallback(target, unread{t})
		elsewhere.ContentLength, elsewhere.RemoteAddr = length, "192.0.2.1:1"
		if a := w.do(elsewhere); !isProblem(a, forbidden) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		stranger := httptest.NewRequest(http.MethodPut, "/addresses/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", unread{t})
		stranger.ContentLength = length
		if a := w.do(stranger); !isProblem(a, unauthorized) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
	if end := w.end(); end != 1 {
		t.Errorf("something was stored: the log ends at %s", end)
	}
}

func TestABodyThatBreaksOffIsNotStored(t *testing.T) {
	w := newWorld(t, wiring{})
	body := completed("A", "u1", 100, "USD")
	for cut := range len(body) {
		if a := w.do(newCallback(target, haltingBody{strings.NewReader(body[:cut])})); !isProblem(a, timedOut) {
			t.Fatalf("after %d bytes: %d %s", cut, a.Status, a.Body)
		}
	}
	if end := w.end(); end != 1 {
		t.Errorf("something was stored: the log ends at %s", end)
	}
}

func TestSignaturesAreKeptAndNothingInThemRefusesACallback(t *testing.T) {
	w := newWorld(t, wiring{})
	for id, test := range map[string]struct{ sent, kept string }{
		"usual":    {strings.Repeat("A", 684), strings.Repeat("A", 684)},
		"largest":  {strings.Repeat("A", 1024), strings.Repeat("A", 1024)},
		"larger":   {strings.Repeat("A", 1025), ""},
		"latin1":   {"caf\xe9", ""},
		"quotes":   {`"\`, `"\`},
		"empty":    {"", ""},
		"utf8":     {"ä", "ä"},
		"overlong": {"\xc0\xaf", ""},
	} {
		for _, header := range []string{"CB-SIGNATURE", "X-Signature"} {
			id := id + "." + header
			r := newCallback(target, strings.NewReader(completed(id, "u1", 100, "USD")))
			r.Header.Set(header, test.sent)
			if a := w.do(r); a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", id, a.Status, a.Body)
				continue
			}
			if e := w.evidence("order-coinbase." + id); e.Headers[header] != test.kept {
				t.Errorf("%s: kept %q", id, e.Headers)
			}
		}
	}
}

// lossyStore fails the appends that it is told to: not stored, or stored with
// the answer lost.
type lossyStore struct {
	eventstore.Store
	lose   atomic.Int32 // appends that are stored and reported as unavailable
	refuse atomic.Int32 // appends that are not stored
}

func (s *lossyStore) Append(ctx context.Context, stream eventstore.StreamName, expected eventstore.Expected, events ...eventstore.Event) (eventstore.Appended, error) {
	if s.refuse.Add(-1) >= 0 {
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	appended, err := s.Store.Append(ctx, stream, expected, events...)
	if err == nil && s.lose.Add(-1) >= 0 {
		return eventstore.Appended{}, eventstore.ErrUnavailable
	}
	return appended, err
}

func TestARepetitionAfterALostAnswerIsRecognised(t *testing.T) {
	for name, test := range map[string]struct {
		body    string
		status  int
		outcome string // after the answer was lost
		fresh   string // after nothing was stored
		events  string
	}{
		"an order":        {completed("A", "u1", 100, "USD"), 200, "duplicate", "recorded", "PaymentReceived,PaymentVerified"},
		"a status":        {`{"order":{"id":"A","status":"expired"}}`, 200, "duplicate", "recorded", "OrderStatusReported"},
		"a hold":          {`{"order":{"id":"A","status":"mispaid"}}`, 200, "duplicate", "held", "PaymentHeld"},
		"a payout":        {`{"payout":{"id":"A","status":"Pending"}}`, 200, "duplicate", "held", "PayoutHeld"},
		"a deposit":       {`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1,"transaction":{"hash":"aa"}}`, 200, "duplicate", "held", "DepositHeld"},
		"a strange body":  {`{"strange":true}`, 200, "quarantined", "quarantined", "CallbackQuarantined"},
		"what is no JSON": {`{"order":`, 422, "", "", "CallbackQuarantined"},
		// Whether it is the same money nobody can know.
		"a deposit without a hash": {`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1}`, 200, "held", "held", "DepositHeld,DepositSeenAgain"},
	} {
		t.Run(name, func(t *testing.T) {
			lossy := new(lossyStore)
			w := newWorld(t, wiring{noProjections: true, store: func(s eventstore.Store) eventstore.Store {
				lossy.Store = s
				return lossy
			}})
			lossy.refuse.Store(1)
			if a := w.post(test.body); !isProblem(a, unavailable) || a.Header.Get("Retry-After") == "" {
				t.Fatalf("not stored: %d %s", a.Status, a.Body)
			}
			if end := w.end(); end != 1 {
				t.Fatalf("the log ends at %s", end)
			}
			lossy.lose.Store(1)
			if a := w.post(test.body); !isProblem(a, unavailable) {
				t.Fatalf("the answer lost: %d %s", a.Status, a.Body)
			}
			a := w.post(test.body)
			if a.Status != test.status || test.outcome != "" && decodeCallback(t, a).Outcome != test.outcome {
				t.Errorf("the repetition: %d %s", a.Status, a.Body)
			}
			if stored := types(w.eventsAfter(1)); stored != test.events {
				t.Errorf("stored %s", stored)
			}

			calm := newWorld(t, wiring{noProjections: true})
			if a := calm.post(test.body); test.fresh != "" && decodeCallback(t, a).Outcome != test.fresh {
				t.Errorf("without a fault: %d %s", a.Status, a.Body)
			}
		})
	}
}

// hangUp is a body whose sender has gone when it ends.
type hangUp struct {
	io.Reader
	gone context.CancelFunc
}

func (h hangUp) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if err == io.EOF {
		h.gone()
	}
	return n, err
}

func TestACallbackThatHasArrivedIsRecordedAlthoughItsSenderIsGone(t *testing.T) {
	w := newWorld(t, wiring{})
	for id, body := range map[string]string{
		"order-coinbase.A":               completed("A", "u1", 100, "USD"),
		"quarantine-" + digestOf("{"):    "{",
		"quarantine-" + digestOf("null"): "null",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a := w.do(newCallback(target, hangUp{strings.NewReader(body), cancel}).WithContext(ctx))
		if ctx.Err() == nil || a.Status >= http.StatusInternalServerError || len(w.events(id)) == 0 {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
}

func TestAPathIsFoundAsItWasSent(t *testing.T) {
	w := newWorld(t, wiring{})
	for path, status := range map[string]int{
		"/callbacks/coinbase":     http.StatusOK,
		"/callbacks/coinbas%65":   http.StatusNotFound,
		"/callbacks%2Fcoinbase":   http.StatusNotFound,
		"/callbacks/coinbase/":    http.StatusNotFound,
		"//callbacks/coinbase":    http.StatusNotFound,
		"/./callbacks/coinbase":   http.StatusNotFound,
		"/callbacks/Coinbase":     http.StatusNotFound,
		"/callbacks/coinbase%3Fa": http.StatusNotFound,
	} {
		r := newCallback(target, strings.NewReader(completed("A", "u1", 1, "USD")))
		var err error
		if r.URL, err = url.Parse("http://daybook" + path + "?" + r.URL.RawQuery); err != nil {
			t.Fatal(err)
		}
		if a := w.do(r); a.Status != status {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
}
