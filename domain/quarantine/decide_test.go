package quarantine_test

import (
	"reflect"
	"testing"

	"daybook/domain/quarantine"
)

func TestDecide(t *testing.T) {
	keep := quarantine.Keep{Format: "coinbase-v1", Reason: quarantine.NotJSON, Digest: "ba78", Length: 17}
	kept := quarantine.CallbackQuarantined{Format: "coinbase-v1", Reason: quarantine.NotJSON, Digest: "ba78", Length: 17}
	other := keep
	other.Reason = quarantine.Incomplete
	for _, test := range []struct {
		name  string
		given []quarantine.Event
		when  quarantine.Keep
		then  []quarantine.Event
	}{
		{"a body is kept", nil, keep, []quarantine.Event{kept}},
		{"a body is kept once", []quarantine.Event{kept}, keep, nil},
		{"a body is kept once whatever the reason", []quarantine.Event{kept}, other, nil},
		{"a body that was handled again stays kept", []quarantine.Event{kept, quarantine.CallbackRedriven{Outcome: "recorded"}}, keep, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s quarantine.State
			for _, e := range test.given {
				s = quarantine.Evolve(s, e)
			}
			got, err := quarantine.Decide(s, test.when)
			if err != nil || !reflect.DeepEqual(got, test.then) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.then)
			}
		})
	}
}

func TestStream(t *testing.T) {
	if got, want := quarantine.ID("ba78").Stream(), "quarantine-ba78"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
