package order

import (
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"

	"daybook/domain/codec"
)

const (
	received = `{"payment":"coinbase/order/A","user":"u1","amount":{"currency":"USD","amount":"12.53"},"occurredAt":"2012-12-10T05:23:41Z","details":{"reference":"r","uuid":"u","bitcoin":{"currency":"BTC","amount":"0.10000000"},"transactionHash":"ab","receiveAddress":"1A"}}`
	verified = `{"payment":"coinbase/order/A","user":"u1","amount":{"currency":"USD","amount":"12.53"},"occurredAt":"2012-12-10T05:23:41Z","evidence":[{"method":"coinbase-callback","status":"completed"}]}`
)

// FuzzScan holds what is scanned against what is decoded.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		received, verified, `{}`,
		`{"payment":"coinbase/order/A","user":"u1","amount":{"currency":"USD","amount":"12.53"},"evidence":[{"method":"m","status":"s"},{"method":"n","status":"t"}],"closes":[{"hold":"h","amount":{"currency":"USD","amount":"12.53"}},{"hold":"i"}]}`,
		`{"payment":"a","user":"\u0041","amount":{"currency":"USD","amount":"1"}}`, `{"payment":"a","user":"b","amount":{"currency":"USD","amount":"1.00"},"details":{}}`,
		`{"payment":"a","user":"b"}`, `{"payment":"a","user":"b","amount":{"currency":"USD","amount":"1.00"},"evidence":[]}`,
		`{"user":"b","payment":"a","amount":{"currency":"USD","amount":"1.00"}}`, `{"payment":"a","user":"b","amount":{"currency":"USD","amount":"1.00"},"occurredAt":"2012-12-10T5:23:41Z"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scanned(t, data, scanReceived)
		scanned(t, data, scanVerified)
	})
}

func scanned[E codec.Event](t *testing.T, data []byte, scan func([]byte) (E, bool)) {
	fast, ok := scan(data)
	if !ok {
		return
	}
	var slow E
	if err := json.Unmarshal(data, &slow); err != nil {
		t.Fatalf("%s is scanned and cannot be decoded: %v", data, err)
	}
	if !reflect.DeepEqual(fast, slow) {
		t.Errorf("%s is scanned as\n%+v\nand decoded as\n%+v", data, fast, slow)
	}
}

// Otherwise the commonest events would be read correctly, and slowly.
func TestTheCommonestEventsAreScanned(t *testing.T) {
	if _, ok := scanReceived([]byte(received)); !ok {
		t.Errorf("not scanned: %s", received)
	}
	if _, ok := scanVerified([]byte(verified)); !ok {
		t.Errorf("not scanned: %s", verified)
	}
	event, err := Codec.Decode("PaymentReceived", 1, []byte(received))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := codec.Encode(event); err != nil || string(again) != received {
		t.Errorf("what is scanned is written as %s, %v", again, err)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, event := range []struct{ kind, data string }{{"PaymentReceived", received}, {"PaymentVerified", verified}} {
		b.Run(event.kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Codec.Decode(event.kind, 1, []byte(event.data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
