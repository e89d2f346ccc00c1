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

func TestDecideRedrive(t *testing.T) {
	kept := quarantine.CallbackQuarantined{Reason: quarantine.Incomplete, Digest: "ba78", Reader: 1}
	read := func(reader int, outcome string) quarantine.CallbackRedriven {
		return quarantine.CallbackRedriven{Task: "T", Reader: reader, Outcome: outcome}
	}
	for _, test := range []struct {
		name  string
		given []quarantine.Event
		when  quarantine.CallbackRedriven
		then  []quarantine.Event
		err   error
	}{
		{"what is not kept cannot be read again", nil, read(2, "held"), nil, quarantine.ErrNotKept},
		{"a newer reader reads it again", []quarantine.Event{kept}, read(2, "held"), []quarantine.Event{read(2, "held")}, nil},
		{"the reader that has kept it does not", []quarantine.Event{kept}, read(1, "held"), nil, nil},
		{"a reader reads it once", []quarantine.Event{kept, read(2, "quarantined")}, read(2, "held"), nil, nil},
		{"an older reader is late", []quarantine.Event{kept, read(3, "quarantined")}, read(2, "held"), nil, nil},
		{"a still newer one reads it again", []quarantine.Event{kept, read(2, "quarantined")}, read(3, "held"), []quarantine.Event{read(3, "held")}, nil},
		{"what was understood is not read again", []quarantine.Event{kept, read(2, "held")}, read(3, "held"), nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s quarantine.State
			for _, e := range test.given {
				s = quarantine.Evolve(s, e)
			}
			got, err := quarantine.DecideRedrive(s, quarantine.Redrive(test.when))
			if err != test.err || !reflect.DeepEqual(got, test.then) {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, test.then, test.err)
			}
		})
	}
}

func TestStream(t *testing.T) {
	if got, want := quarantine.ID("ba78").Stream(), "quarantine-ba78"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
