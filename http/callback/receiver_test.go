package callback_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"daybook/domain/order"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/http/callback"
	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// shop is a format of a provider that does not exist: {"order":"A"} says that an order
// has expired.
func shop(from callback.Sources) *callback.Format {
	return &callback.Format{
		Name: "shop-v1", Reader: 3, Path: "shop", Actor: "callback:shop", Sources: from,
		Authenticate: func(r *http.Request, _ []byte, _ time.Time) (callback.Proof, error) {
			if r.Header.Get("X-Key") != "good" {
				return callback.Proof{}, errKey
			}
			return callback.Proof{Method: "header"}, nil
		},
		Parse: parseShop,
	}
}

var errKey = errors.New("the key is not good")

type shopDocument struct {
	strictjson.Object
	Order strictjson.Scalar
}

func (d *shopDocument) Read(dec *jsontext.Decoder) error {
	return d.ReadMembers(dec, func(name []byte) strictjson.Value {
		if string(name) == "order" {
			return &d.Order
		}
		return nil
	})
}

func parseShop(body []byte) (recorder.Report, error) {
	var doc shopDocument
	if err := strictjson.Unmarshal(body, &doc); err != nil {
		return recorder.Report{}, callback.Refuse(quarantine.NotJSON, "the body is not strict JSON")
	}
	id, err := doc.Order.Identifier()
	if err != nil {
		return recorder.Report{}, callback.Refuse(quarantine.Incomplete, "order: %w", err)
	}
	return recorder.Report{Order: &recorder.OrderReport{ID: order.NewID("shop", id), Report: order.Report{Status: "expired"}}}, nil
}

func open(t testing.TB) *sqlitestore.Store {
	t.Helper()
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func receiver(store eventstore.Store, f *callback.Format) *callback.Receiver {
	return &callback.Receiver{
		Format: f, Ledger: recorder.New(store, recorder.Policy{}), Room: make(callback.Room, 1), Now: time.Now,
	}
}

func request(body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/callbacks/shop", body)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header.Set("X-Key", "good")
	return r
}

// untouched is a body that must not be read.
type untouched struct{ t *testing.T }

func (u untouched) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}

// Each step refuses before the next one is begun.
func TestTheOrderOfWork(t *testing.T) {
	store := open(t)
	end := func() (n int) {
		for _, err := range store.ReadAll(t.Context(), 1) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	full := make(callback.Room, 1)
	full <- struct{}{}
	byBody := func(f *callback.Format) {
		f.ByBody = true
		f.Authenticate = func(_ *http.Request, body []byte, _ time.Time) (callback.Proof, error) {
			if !bytes.Contains(body, []byte("signed")) {
				return callback.Proof{}, errKey
			}
			return callback.Proof{Method: "signature"}, nil
		}
	}
	off := func(f *callback.Format) { f.IsOff = func() bool { return true } }
	test := func(f *callback.Format) {
		byBody(f)
		f.Authenticate = func(*http.Request, []byte, time.Time) (callback.Proof, error) {
			return callback.Proof{Method: "signature", Test: true}, nil
		}
	}
	for name, c := range map[string]struct {
		from    string
		key     string
		body    io.Reader
		room    callback.Room
		change  func(*callback.Format)
		err     error
		outcome string
	}{
		"no secret":                            {"192.168.0.0/16", "bad", untouched{t}, full, off, callback.ErrOff, ""},
		"a test":                               {"10.0.0.0/8", "good", strings.NewReader(`{"order":"A"}`), nil, test, nil, callback.Test},
		"another source":                       {"192.168.0.0/16", "bad", untouched{t}, full, nil, callback.ErrSource, callback.Refused},
		"no proof":                             {"10.0.0.0/8", "bad", untouched{t}, full, nil, callback.ErrProof, callback.Refused},
		"no room":                              {"10.0.0.0/8", "good", untouched{t}, full, nil, callback.ErrFull, ""},
		"a body that breaks off":               {"10.0.0.0/8", "good", io.MultiReader(strings.NewReader("{"), broken{}), nil, nil, callback.ErrBody, ""},
		"no proof in the body":                 {"10.0.0.0/8", "good", strings.NewReader("{"), nil, byBody, callback.ErrProof, callback.Refused},
		"no proof in a body that is too large": {"10.0.0.0/8", "good", strings.NewReader(strings.Repeat(" ", 300<<10) + "signed"), nil, byBody, callback.ErrTooLarge, callback.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			f := shop(sources(t, c.from, ""))
			if c.change != nil {
				c.change(f)
			}
			rc := receiver(store, f)
			if c.room != nil {
				rc.Room = c.room
			}
			r := request(c.body)
			r.Header.Set("X-Key", c.key)
			receipt, err := rc.Receive(r, eventstore.NewULID(time.Now()))
			if !errors.Is(err, c.err) || errors.Is(err, callback.ErrProof) != errors.Is(err, errKey) || receipt.Outcome != c.outcome {
				t.Errorf("%+v, %v", receipt, err)
			}
			if receipt.Source.String() != "10.0.0.1" && err != callback.ErrOff {
				t.Errorf("the source is %v", receipt.Source)
			}
			if n := end(); n > 0 {
				t.Errorf("%d events are stored", n)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("canary") }

func TestWhatIsEstablishedIsKeptWithABodyThatIsNotUnderstood(t *testing.T) {
	for _, test := range []struct {
		name   string
		byBody bool
		body   string
		reason quarantine.Reason
	}{
		{"not JSON", false, "{", quarantine.NotJSON},
		{"incomplete", false, `{"order":1e}`, quarantine.NotJSON},
		{"without its order", false, `{}`, quarantine.Incomplete},
		{"too large", false, strings.Repeat(" ", 257<<10), quarantine.TooLarge},
		{"proved by its body", true, `{"signed":1}`, quarantine.Incomplete},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := open(t)
			f := shop(sources(t, "10.0.0.0/8", ""))
			f.ByBody = test.byBody
			arrived := 0
			rc := receiver(store, f)
			rc.Arrived = func(*http.Request) { arrived++ }
			receipt, err := rc.Receive(request(strings.NewReader(test.body)), eventstore.NewULID(time.Now()))
			if err != nil || receipt.Reason != test.reason || receipt.Outcome != string(recorder.Quarantined) || arrived != 1 {
				t.Fatalf("%+v, %v, arrived %d times", receipt, err, arrived)
			}
			for event, err := range store.Read(t.Context(), receipt.Stream, 0, eventstore.WithMetadata) {
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range []string{`"reader":3`, `"authenticity":{"method":"header","source":"10.0.0.1"}`} {
					if !bytes.Contains(event.Data, []byte(part)) {
						t.Errorf("%s is not in %s", part, event.Data)
					}
				}
				if !bytes.Contains(event.Metadata, []byte(`"format":"shop-v1"`)) {
					t.Errorf("the evidence is %s", event.Metadata)
				}
			}
		})
	}
}

// An error that is no refusal keeps nothing: the sender tries again.
func TestAFaultOfAReaderKeepsNothing(t *testing.T) {
	store := open(t)
	f := shop(sources(t, "10.0.0.0/8", ""))
	fault := errors.New("a fault")
	f.Parse = func([]byte) (recorder.Report, error) { return recorder.Report{}, fault }
	if receipt, err := receiver(store, f).Receive(request(strings.NewReader("{}")), eventstore.NewULID(time.Now())); !errors.Is(err, fault) || receipt.Outcome != "" {
		t.Errorf("%+v, %v", receipt, err)
	}
}

// A new format is a Format and its Parse, which reads a body with and without a
// request.
func ExampleFormat() {
	directory, err := os.MkdirTemp("", "daybook")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	store, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: directory})
	if err != nil {
		panic(err)
	}
	defer store.Close()
	from, _ := callback.ParsePrefixes([]string{"10.0.0.1"})
	f := shop(callback.Sources{Allowed: from})

	receipt, err := receiver(store, f).Receive(request(strings.NewReader(`{"order":"A"}`)), "01JNAB0W5ZQ3V7Y2J9K4M6T8RD")
	fmt.Println(receipt.Outcome, receipt.Stream, err)

	report, err := f.Parse([]byte(`{"order":"B"}`)) // a body that was kept
	fmt.Println(report.Order.ID, err)
	// Output:
	// recorded order-shop.A <nil>
	// shop.B <nil>
}
