package esdbserver

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// codec is that of protocol buffers, and lets pass what is encoded already.
// Almost everything that is sent are events; encoding them by reflection, from
// a tree of allocated messages, is most of what sending would cost.
type codec struct {
	encoding.CodecV2
}

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(message any) (mem.BufferSlice, error) {
	if e, ok := message.(encoded); ok {
		return mem.BufferSlice{e.Buffer}, nil
	}
	return c.CodecV2.Marshal(message)
}

// encoded is a message in wire format. Sending it gives it away.
type encoded struct {
	mem.Buffer
}
