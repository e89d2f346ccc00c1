package esdbserver

import (
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/protobuf/proto"
)

// Whatever a client asks for is understood or refused.
func FuzzQuery(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\n\x0c\x12\x02\x12\x00\x28\x01\x42\x00\x4a\x02\x0a\x00"))
	f.Fuzz(func(t *testing.T, message []byte) {
		var request streams.ReadReq
		if proto.Unmarshal(message, &request) != nil {
			return
		}
		q, err := parseQuery(&request)
		if err != nil {
			return
		}
		if q.count == 0 || q.follow && q.backwards || q.follow && q.filter != nil && q.filter.interval == 0 {
			t.Errorf("%+v is accepted", q)
		}
		q.filter.matches(&event{stream: "order-1", kind: "PaymentReceived"})
	})
}

// What a client wants to be written is bounded, and has what the store wants.
func FuzzProposed(f *testing.F) {
	f.Add([]byte{}, 10)
	f.Fuzz(func(t *testing.T, message []byte, most int) {
		var proposed streams.BatchAppendReq_ProposedMessage
		if proto.Unmarshal(message, &proposed) != nil {
			return
		}
		var w write
		if w.add(&proposed, most) != nil {
			return
		}
		e := w.events[0]
		if w.size > most || e.Type == "" || e.Schema < 1 || !isObject(e.Data) || !isObject(e.Metadata) {
			t.Errorf("%+v is accepted", e)
		}
	})
}
