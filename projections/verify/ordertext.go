package verify

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// text appends the order as the model keeps it.
func (o *orderState) text(b []byte) ([]byte, error) {
	if o.isPlain() {
		return o.appendPlain(b), nil
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("order %.200q: %w", o.ID, err)
	}
	return append(b, text...), nil
}

// isPlain reports whether an order is as nearly all are: one payment, and
// nothing else, of which no text needs an escape.
func (o *orderState) isPlain() bool {
	if len(o.Payments) != 1 || len(o.Mispayments)+len(o.Holds)+len(o.Words) > 0 || o.User == "" || o.Amount == nil {
		return false
	}
	p := o.Payments[0]
	return len(p.Adjustments) == 0 && !o.RecordedAt.IsZero() && !p.RecordedAt.IsZero() && isPlain(o.ID) && isPlain(o.User) && isPlain(p.Payment) && isPlain(p.User) &&
		isPlain(o.Amount.Currency) && isPlain(o.Amount.Amount) && isPlain(p.Amount.Currency) && isPlain(p.Amount.Amount)
}

// isPlain reports whether a text is printable ASCII that JSON has as it is.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendPlain is json.Marshal of a plain order, in a tenth of the time.
func (o *orderState) appendPlain(b []byte) []byte {
	p := o.Payments[0]
	b = member(b, `{"id":"`, o.ID)
	b = member(b, `,"status":"`, o.Status)
	b = strconv.AppendBool(append(b, `,"registered":`...), o.Registered)
	b = strconv.AppendBool(append(b, `,"expired":`...), o.Expired)
	b = member(b, `,"user":"`, o.User)
	b = o.Amount.appendTo(b)
	b = member(b, `,"payments":[{"payment":"`, p.Payment)
	b = member(b, `,"user":"`, p.User)
	b = p.Amount.appendTo(b)
	b = member(b, `,"status":"`, p.Status)
	b = moment(b, `,"occurred_at":"`, p.OccurredAt)
	b = moment(b, `,"recorded_at":"`, p.RecordedAt)
	b = append(b, `}],"mispayments":[],"holds":[],"reported_statuses":[],"revision":`...)
	b = strconv.AppendUint(b, uint64(o.Revision), 10)
	b = member(b, `,"changed":"`, o.Changed.String())
	b = moment(b, `,"occurred_at":"`, o.OccurredAt)
	b = moment(b, `,"recorded_at":"`, o.RecordedAt)
	return append(b, '}')
}

func (a *amount) appendTo(b []byte) []byte {
	b = member(b, `,"amount":{"currency":"`, a.Currency)
	b = member(b, `,"amount":"`, a.Amount)
	return append(b, '}')
}

// member appends a text behind the beginning of a member.
func member(b []byte, beginning, text string) []byte {
	return append(append(append(b, beginning...), text...), '"')
}

// moment appends a time, which is left out if it is zero.
func moment(b []byte, beginning string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return append(t.AppendFormat(append(b, beginning...), time.RFC3339Nano), '"')
}
