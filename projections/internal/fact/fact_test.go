package fact

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/go-json-experiment/json"

	"daybook/domain/money"
	"daybook/domain/order"
)

// FuzzHead compares the head with what a JSON decoder finds, whenever both
// accept the data.
func FuzzHead(f *testing.F) {
	for _, seed := range []string{
		`{"payment":"coinbase/order/5RTQNACF","user":"u1","amount":{"currency":"USD","amount":"12.53"},"occurredAt":"2014-02-24T16:04:09-08:00","evidence":[]}`,
		`{"payment":"p","user":"u","amount":{"currency":"JPY","amount":"-7"}}`,
		`{"payment":"p","user":"u\u0031","amount":{"currency":"BTC","amount":"0.00000001"},"details":{}}`,
		`{"payment":"p","user":"Zoë","amount":{"currency":"ETH","amount":"123456789012.345678901234567890"}}`,
		`{"payment":"p","user":"u","amount":{"currency":"USD","amount":"-0.00"},"occurredAt":"0001-01-01T00:00:00Z"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, ok := ReadHead(data)
		var e order.PaymentVerified
		if err := json.Unmarshal(data, &e); !ok || err != nil && !errors.Is(err, money.ErrUnreadable) {
			return
		} else if err != nil {
			if ParseUnits(new(apd.BigInt), h.Currency, h.Amount) {
				t.Fatalf("units of %s %s, which is no amount: %v", h.Amount, h.Currency, err)
			}
			return
		}
		if string(h.Payment) != string(e.Payment) || string(h.User) != e.User || !h.OccurredAt.Equal(e.OccurredAt) ||
			string(h.Currency) != string(e.Amount.Currency()) || string(h.Amount) != e.Amount.Decimal() {
			t.Fatalf("head %+v, event %+v", h, e)
		}
		if len(e.Closes) > 0 && !h.Closes {
			t.Fatalf("the event closes %v, the head nothing", e.Closes)
		}
		var units apd.BigInt
		if !ParseUnits(&units, h.Currency, h.Amount) {
			t.Fatalf("no units of %s", e.Amount)
		}
		if amount, err := AmountOf(e.Amount.Currency(), &units); err != nil || amount != e.Amount {
			t.Fatalf("units of %s are those of %s, error %v", e.Amount, amount, err)
		}
	})
}

// FuzzNext compares what is read behind a head with what is read without it.
func FuzzNext(f *testing.F) {
	const head = `{"payment":"p","user":"u","amount":{"currency":"USD","amount":"1.00"}`
	const dated = head + `,"occurredAt":"2014-02-24T16:04:09Z"`
	for _, first := range []string{head + "}", dated + "}", dated + `,"details":{}}`, "{}"} {
		for _, second := range []string{
			head + "}", dated + "}", dated + evidence, head + `,"occurredAt":"2014-02-24T16:04:08Z"}`, head + `,"closes":[]}`,
			dated + `,"evidence":[],"closes":[]}`, dated + `,"evidence":[{"a":"\\"}]}`, dated + `,"evidence":[],"occurredAt":""}`, dated, "",
		} {
			f.Add([]byte(first), []byte(second))
		}
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		h, _ := ReadHead(first)
		want, wantOK := ReadHead(second)
		got, isSame, ok := h.ReadNext(second)
		if ok != wantOK || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v behind %+v; %+v, %v alone", got, ok, h, want, wantOK)
		}
		if h.Closes = got.Closes; isSame && !reflect.DeepEqual(got, h) {
			t.Fatalf("%+v is said to be %+v", got, h)
		}
	})
}

func TestAmountsOfAnyLength(t *testing.T) {
	longest, err := money.Parse("USD", "9999999999999999999999999999.99")
	if err != nil {
		t.Fatal(err)
	}
	for _, amount := range []money.Amount{longest, longest.Neg()} {
		var units, sum apd.BigInt
		if !ParseUnits(&units, []byte("USD"), []byte(amount.Decimal())) {
			t.Fatal(amount)
		}
		want := money.Zero("USD")
		for range 1234 {
			sum.Add(&sum, &units)
			if want, err = want.Add(amount); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := AmountOf("USD", &sum); err != nil || got != want {
			t.Errorf("%s, error %v, want %s", got, err, want)
		}
	}
}

func TestDecimalsOfAnyLength(t *testing.T) {
	for _, test := range []struct{ currency, decimal string }{
		{"USD", "0.00"}, {"USD", "0.01"}, {"USD", "-0.01"}, {"USD", "12.53"}, {"USD", "-12.50"}, {"JPY", "0"}, {"JPY", "-7"},
		{"ETH", "0.000000000000000001"}, {"ETH", "-123456789012345678901234567890123456789.000000000000000001"},
		{"USD", "92233720368547758.07"}, {"USD", "-92233720368547758.08"}, {"USD", "92233720368547758.08"},
	} {
		currency := money.Currency(test.currency)
		var units apd.BigInt
		if err := ParseSum(&units, currency, test.decimal); err != nil {
			t.Error(err)
			continue
		}
		scale, _ := currency.Scale()
		if got := string(AppendDecimal([]byte("x"), &units, scale)); got != "x"+test.decimal {
			t.Errorf("%s is written as %s", test.decimal, got)
		}
		if amount, err := AmountOfSum(currency, test.decimal); err != nil || amount.Decimal() != test.decimal {
			t.Errorf("%s is read as %s, error %v", test.decimal, amount, err)
		}
	}
	for _, test := range []struct{ currency, decimal string }{
		{"USD", ""}, {"USD", "1"}, {"USD", "1.0"}, {"USD", "1.000"}, {"USD", "01.00"}, {"USD", "-0.00"}, {"USD", "1e2"}, {"USD", "+1.00"}, {"USD", "1.00 "},
		{"XXX", "1.00"}, {"JPY", "1.0"}, {"USD", "1_0.00"}, {"USD", ".1.00"},
		{"USD", "0123456789012345678901234567890123.00"},
	} {
		if amount, err := AmountOfSum(money.Currency(test.currency), test.decimal); !errors.Is(err, money.ErrUnreadable) {
			t.Errorf("%s %q is read as %s, error %v", test.currency, test.decimal, amount, err)
		}
	}
}
