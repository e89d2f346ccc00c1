package esdbserver

import (
	"crypto/rand"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"

	"daybook/eventstore"
)

// sender sends what a Read delivers. It queues nothing: a client that does not
// read blocks it, when what the connection buffers is full.
type sender struct {
	to      streams.Streams_ReadServer
	encoder encoder
}

func (s *sender) event(e *event) error { return s.to.SendMsg(s.encoder.encode(e)) }

func (s *sender) notFound(stream string) error {
	return s.to.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
		StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: identifier(stream)},
	}})
}

// confirmation is the first message of a subscription.
func (s *sender) confirmation() error {
	var id eventstore.EventID
	rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a random UUID
	return s.to.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: id.String()},
	}})
}

func (s *sender) checkpoint(p eventstore.Position) error {
	return s.to.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
		Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: uint64(p), PreparePosition: uint64(p)},
	}})
}

func (s *sender) caughtUp() error {
	return s.to.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}})
}

func empty() *shared.Empty { return &shared.Empty{} }
