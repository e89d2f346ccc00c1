package httpapi

import (
	"net"
	"net/netip"

	"daybook/http/callback"
	"daybook/http/connlimit"
)

// The bounds of connections. Each kind of client has room of its own, so that
// strangers keep neither Coinbase nor the website out, whatever they open. An idle
// connection takes about 70 kB.
const (
	maxStrangers        = 1024
	maxStrangersAddress = 256 // of one address, or of one /64 of IPv6
	maxUsers            = 1024
	maxUsersToken       = 512  // of one token
	maxProxies          = 2048 // all trusted proxies: whose share is what only they know
	maxSources          = 1024 // all addresses of --callback-from
	maxSourcesAddress   = 256  // of one of them, or of one /64 of IPv6

	// writeBufferBytes is what the kernel keeps of an answer that is not read.
	writeBufferBytes = 256 << 10
)

// Connections bounds how many connections are open. A nil one knows of none.
type Connections struct {
	limit                               *connlimit.Limit
	strangers, users, proxies, callback connlimit.Room
}

// NewConnections makes room for the addresses that callbacks come from, for the
// proxies in front, and for strangers.
func NewConnections(sources callback.Sources) *Connections {
	c := &Connections{
		strangers: connlimit.Room{Most: maxStrangers, Share: maxStrangersAddress, Strangers: true},
		users:     connlimit.Room{Most: maxUsers, Share: maxUsersToken},
		proxies:   connlimit.Room{Most: maxProxies},
		// Who sends from an allowed address may be anybody, until he has shown a secret.
		callback: connlimit.Room{Most: maxSources, Share: maxSourcesAddress, Strangers: true},
	}
	c.limit = connlimit.New(func(address netip.Addr) *connlimit.Room {
		switch {
		case sources.Trusts(address):
			return &c.proxies
		case sources.Allows(address):
			return &c.callback
		}
		return &c.strangers
	}, writeBufferBytes)
	return c
}

// Listen bounds the connections of a listener.
func (c *Connections) Listen(listener net.Listener) net.Listener { return c.limit.Listen(listener) }

// authenticated takes a connection out of the room of strangers or of callbacks, if
// there is room among the users.
func (c *Connections) authenticated(remote string, who Identity) {
	if c != nil {
		c.limit.Authenticated(remote, &c.users, who.Actor())
	}
}

// received keeps the connection of a callback that has come whole, with a secret,
// until it has been answered.
func (c *Connections) received(remote string) {
	if c != nil {
		c.limit.Underway(remote)
	}
}

// afterWrite calls release when the answer that is being made has been written.
func (c *Connections) afterWrite(remote string, release func()) {
	if c == nil {
		release()
		return
	}
	c.limit.AfterWrite(remote, release)
}
