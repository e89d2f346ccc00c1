package connlimit

import (
	"net"
	"net/netip"
	"testing"
)

// Whoever is to be closed for a newcomer may send a request until he is.
func TestAConnectionThatGivesWayMayStillAuthenticate(t *testing.T) {
	strangers, users := &Room{Most: 1, Strangers: true}, &Room{Most: 1}
	l := New(func(netip.Addr) *Room { return strangers }, 0)
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	c := newConn(l, server)
	if !l.enter(c) {
		t.Fatal("an empty room has no room")
	}
	l.mu.Lock()
	victim, ok := l.makeRoom(strangers, "a newcomer")
	l.mu.Unlock()
	if victim != c || !ok {
		t.Fatal("nobody gives way to the newcomer")
	}
	l.Authenticated(c.remote, users, "ann")
	_ = victim.Close()
	for room, whose := range map[*Room]string{strangers: "strangers", users: "users"} {
		if open, _ := l.Usage(room); open != 0 {
			t.Errorf("%d connections of %s are open after the only one was closed", open, whose)
		}
	}
}

func TestWhoseShareAnAddressTakes(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:5":              "192.0.2.7/32",
		"[::ffff:192.0.2.7]:5":     "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:5": "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:5":  "2001:db8:1:2::/64",
		"[2001:db8:1:3::]:5":       "2001:db8:1:3::/64",
		"[fe80::1%25eth0]:5":       "fe80::/64",
		"/var/run/somewhere.sock":  "invalid Prefix",
	} {
		if got := shareOf(addressOf(address(remote))); got != want {
			t.Errorf("%s takes the share of %q, not %q", remote, got, want)
		}
	}
}

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

var _ net.Addr = address("")
