package esdbserver

import (
	"context"
	"crypto/sha256"
	"net"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc/peer"

	"daybook/eventstore"
)

// Member is a node as gossip names it.
type Member struct {
	Address string // host:port that clients can connect to
	Leader  bool   // else a follower
	Down    bool
}

// gossiper tells clients which nodes there are.
type gossiper struct {
	gossip.UnimplementedGossipServer

	members func() []Member
	leader  func() string
}

func newGossip(options Options) gossiper {
	return gossiper{members: options.Members, leader: options.Leader}
}

// Read implements gossip.GossipServer.
func (g gossiper) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	members := g.alone(ctx)
	if g.members != nil {
		members = g.members()
	}
	info := &gossip.ClusterInfo{}
	for _, member := range members {
		info.Members = append(info.Members, describe(member))
	}
	return info, nil
}

// alone is this node at the address that the client has found it at, which is
// the one address of it that the client is known to reach.
func (g gossiper) alone(ctx context.Context) []Member {
	caller, ok := peer.FromContext(ctx)
	if !ok || caller.LocalAddr == nil {
		return nil
	}
	return []Member{{Address: caller.LocalAddr.String(), Leader: g.leader == nil || g.leader() == ""}}
}

func describe(member Member) *gossip.MemberInfo {
	host, portText, _ := net.SplitHostPort(member.Address)
	port, _ := strconv.ParseUint(portText, 10, 16)
	state := gossip.MemberInfo_Follower
	if member.Leader {
		state = gossip.MemberInfo_Leader
	}
	// The address stands for the node, so that the id is the same on every call.
	sum := sha256.Sum256([]byte(member.Address))
	return &gossip.MemberInfo{
		InstanceId:   encodeID(eventstore.EventID(sum[:16]), true),
		TimeStamp:    ticks(time.Now()),
		State:        state,
		IsAlive:      !member.Down,
		HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)},
	}
}
