package esdbserver

import (
	"errors"
	"io"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// maxDrained bounds what is read of an append that is already refused.
const maxDrained = 64 << 20

// Append implements streams.StreamsServer.
func (s *service) Append(from streams.Streams_AppendServer) error {
	ctx := from.Context()
	w, err := s.receive(from)
	if err != nil {
		drain(from)
		return err
	}
	result, err := s.writer.append(ctx, w)
	var wrong *wrongVersion
	switch {
	case errors.As(err, &wrong):
		return from.SendAndClose(wrong.appendResponse())
	case err != nil:
		return err
	}
	return from.SendAndClose(result.appendResponse())
}

// write is one append as a client asks for it.
type write struct {
	stream   string
	expected expectation
	events   []eventstore.Event
	size     int
}

// receive reads an append up to its end.
func (s *service) receive(from streams.Streams_AppendServer) (write, error) {
	first, err := from.Recv()
	if err != nil {
		return write{}, err
	}
	options := first.GetOptions()
	if options == nil {
		return write{}, invalid("an append begins with its options")
	}
	w := write{stream: string(options.GetStreamIdentifier().GetStreamName())}
	if err := s.mayWrite(from.Context(), w.stream); err != nil {
		return write{}, err
	}
	if w.expected, err = expectationOf(options, options.GetExpectedStreamRevision() != nil, options.GetRevision()); err != nil {
		return write{}, err
	}
	for {
		message, err := from.Recv()
		if errors.Is(err, io.EOF) {
			return w, nil
		}
		if err != nil {
			return write{}, err
		}
		proposed := message.GetProposedMessage()
		if proposed == nil {
			return write{}, invalid("an append has options once")
		}
		if err := w.add(proposed, s.most); err != nil {
			return write{}, err
		}
	}
}

// drain reads the rest of an append, so that the error arrives: a client that
// is still sending when the call ends never looks at it.
func drain(from streams.Streams_AppendServer) {
	for size := 0; size < maxDrained; {
		message, err := from.Recv()
		if err != nil {
			return
		}
		size += len(message.GetProposedMessage().GetData()) + len(message.GetProposedMessage().GetCustomMetadata()) + 1<<10
	}
}

// proposed is an event in either of the two ways to append.
type proposed interface {
	GetId() *sharedUUID
	GetMetadata() map[string]string
	GetCustomMetadata() []byte
	GetData() []byte
}

// add accepts an event, or says why it is refused.
func (w *write) add(p proposed, most int) error {
	metadata := p.GetMetadata()
	for _, key := range []string{typeKey, contentTypeKey} {
		if _, ok := metadata[key]; !ok {
			return missingMetadata(key)
		}
	}
	id, err := decodeID(p.GetId())
	if err != nil {
		return err
	}
	kind := metadata[typeKey]
	if id == (eventstore.EventID{}) || kind == "" {
		return invalid("an event lacks id or type")
	}
	c := content{json: metadata[contentTypeKey] == contentJSON, data: p.GetData(), metadata: p.GetCustomMetadata()}
	if w.size += len(kind) + len(c.data) + len(c.metadata); w.size > most {
		return appendTooLarge(most)
	}
	e := eventstore.Event{ID: id, Type: kind}
	c.seal(&e)
	w.events = append(w.events, e)
	return nil
}

// written says where a write ended.
type written struct {
	any      bool // the stream has an event
	revision uint64
	position eventstore.Position // 0 if nothing was written
}

func (r written) appendResponse() *streams.AppendResp {
	success := &streams.AppendResp_Success{}
	if r.any {
		success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: r.revision}
	} else {
		success.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: empty()}
	}
	if r.position > 0 {
		success.PositionOption = &streams.AppendResp_Success_Position{Position: position(r.position)}
	} else {
		success.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: empty()}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
}
