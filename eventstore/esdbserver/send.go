package esdbserver

import (
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"

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
	return s.to.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
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
