package esdbserver

import (
	"context"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// protocolVersion is the version of EventStoreDB whose answers these are.
// Clients accept three numbers and nothing else.
const protocolVersion = "23.10.8"

// features tells clients what they may call.
type features struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods implements serverfeatures.ServerFeaturesServer. Names are
// in lower case, as clients compare them.
func (features) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	supported := &serverfeatures.SupportedMethods{EventStoreServerVersion: protocolVersion}
	add := func(service, method string, features ...string) {
		supported.Methods = append(supported.Methods, &serverfeatures.SupportedMethod{
			ServiceName: service, MethodName: method, Features: features,
		})
	}
	const streams = "event_store.client.streams.streams"
	add(streams, "read", "position", "events")
	add(streams, "append")
	add(streams, "delete")
	add(streams, "tombstone")
	add(streams, "batchappend", "deadline_duration")
	add("event_store.client.gossip.gossip", "read")
	add("event_store.client.server_features.serverfeatures", "getsupportedmethods")
	return supported, nil
}
