package connlimit

import (
	"net"
	"net/netip"
)

// makeRoom reports whether a room has room for one more connection of a name,
// when the victim, if there is one, has been closed. It is out of the room then.
func (l *Limit) makeRoom(room *Room, name string) (victim *conn, ok bool) {
	own := len(l.conns(room, name))
	switch {
	case room.Share > 0 && own >= room.Share:
		victim = oldest(room, l.conns(room, name))
	case l.counts[room] >= room.Most:
		victim = l.victim(room, name, own)
	default:
		return nil, true
	}
	if victim == nil {
		return nil, false
	}
	l.leave(victim)
	return victim, true
}

// victim chooses among all of a room, when a name that has own of them comes with
// one more: of the one that has the most. Nobody gives way to a name that has as
// much as he, unless all that he has does nothing.
func (l *Limit) victim(room *Room, name string, own int) *conn {
	var chosen *conn
	most := 0
	for _, h := range l.holders[room] {
		size := len(h.conns)
		if h.name == name {
			size++
		} else if size < own {
			continue
		}
		if size < most {
			continue
		}
		candidate := oldest(room, h.conns)
		if candidate == nil || size == most && !candidate.before(chosen) {
			continue
		}
		chosen, most = candidate, size
	}
	return chosen
}

// oldest chooses among the connections that may be closed: first of those that
// wait for a request the one that has waited the longest, then the one whose
// request has taken the longest.
func oldest(room *Room, conns map[*conn]struct{}) *conn {
	var chosen *conn
	for c := range conns {
		if (room.Strangers && !c.underway.Load() || c.idle()) && (chosen == nil || c.before(chosen)) {
			chosen = c
		}
	}
	return chosen
}

// shareOf names whose share a connection from an address takes. Whoever has one
// address of IPv6 usually has the /64 that it is in.
func shareOf(address netip.Addr) string {
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // of what is none of IP all share one
	return prefix.String()
}

func addressOf(remote net.Addr) netip.Addr {
	port, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return netip.Addr{}
	}
	return port.Addr().Unmap().WithZone("")
}
