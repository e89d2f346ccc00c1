package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
)

// cluster knows the servers, and which of them is talked to.
type cluster struct {
	settings settings
	choosing chan struct{} // holds one: held while a node is chosen, so that one caller does it for all

	mu      sync.Mutex
	current *node // nil: to be chosen
	closed  bool
}

func newCluster(s settings) *cluster {
	return &cluster{settings: s, choosing: make(chan struct{}, 1)}
}

// node returns the server to talk to, and chooses one if there is none.
func (c *cluster) node(ctx context.Context) (*node, error) {
	if n, err := c.chosen(); n != nil || err != nil {
		return n, err
	}
	select {
	case c.choosing <- struct{}{}:
		defer func() { <-c.choosing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if n, err := c.chosen(); n != nil || err != nil {
		return n, err // somebody else has
	}
	address := c.settings.addresses[0]
	if c.settings.discover {
		var err error
		if address, err = c.discover(ctx); err != nil {
			return nil, err
		}
	}
	return c.choose(address)
}

func (c *cluster) chosen() (*node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	return c.current, nil
}

// choose makes the server at an address the one to talk to.
func (c *cluster) choose(address string) (*node, error) {
	n, err := connect(c.settings, address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errors.Join(errClosed, n.conn.Close())
	}
	if c.current != nil {
		err = c.current.conn.Close()
	}
	c.current = n
	return n, err
}

// lost is told of a call to a node that failed. If there are other servers,
// one is chosen anew: the leader, if the answer has named it.
func (c *cluster) lost(n *node, err error) {
	leader := leaderOf(err)
	if !c.settings.discover && leader == "" && n.address == c.settings.addresses[0] {
		return // there is no other server, and the connection is made anew by itself
	}
	c.mu.Lock()
	current := c.current == n
	if current {
		c.current = nil
		_ = n.conn.Close() // whoever still uses it tries again elsewhere
	}
	c.mu.Unlock()
	if current && leader != "" {
		_, _ = c.choose(leader) // if that fails, the next call chooses
	}
}

// discover asks the servers, in random order, who is in the cluster, and
// returns the address of the one to talk to.
func (c *cluster) discover(ctx context.Context) (string, error) {
	var failed error
	addresses := slices.Clone(c.settings.addresses)
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	for _, address := range addresses {
		members, err := c.gossip(ctx, address)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", address, err))
			continue
		}
		if member := prefer(members, c.settings.preference); member != nil {
			end := member.GetHttpEndPoint()
			return net.JoinHostPort(end.GetAddress(), strconv.Itoa(int(end.GetPort()))), nil
		}
		failed = errors.Join(failed, fmt.Errorf("%s: no server of the cluster is ready", address))
	}
	return "", fmt.Errorf("find a server of the cluster: %w", failed)
}

func (c *cluster) gossip(ctx context.Context, address string) (_ []*gossip.MemberInfo, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.settings.gossipTimeout)
	defer cancel()
	n, err := connect(c.settings, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.conn.Close()) }()
	info, err := gossip.NewGossipClient(n.conn).Read(ctx, &shared.Empty{})
	return info.GetMembers(), err
}

// prefer returns one of the members that can be talked to: of the preferred
// kind if there is one, and else the leader before others.
func prefer(members []*gossip.MemberInfo, preference esdb.NodePreference) *gossip.MemberInfo {
	wanted := map[esdb.NodePreference][]gossip.MemberInfo_VNodeState{
		esdb.NodePreferenceLeader:          {gossip.MemberInfo_Leader},
		esdb.NodePreferenceFollower:        {gossip.MemberInfo_Follower},
		esdb.NodePreferenceReadOnlyReplica: {gossip.MemberInfo_ReadOnlyReplica, gossip.MemberInfo_PreReadOnlyReplica, gossip.MemberInfo_ReadOnlyLeaderless},
		esdb.NodePreferenceRandom:          usable,
	}[preference]
	for _, states := range [][]gossip.MemberInfo_VNodeState{wanted, usable} {
		var found []*gossip.MemberInfo
		for _, member := range members {
			if member.GetIsAlive() && slices.Contains(states, member.GetState()) {
				found = append(found, member)
			}
		}
		if len(found) > 0 {
			return found[rand.IntN(len(found))]
		}
	}
	return nil
}

// usable are the states in which a server answers reads and passes writes on.
var usable = []gossip.MemberInfo_VNodeState{
	gossip.MemberInfo_Leader, gossip.MemberInfo_Follower,
	gossip.MemberInfo_ReadOnlyReplica, gossip.MemberInfo_PreReadOnlyReplica, gossip.MemberInfo_ReadOnlyLeaderless,
}

func (c *cluster) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if c.current == nil {
		return nil
	}
	return c.current.conn.Close()
}
