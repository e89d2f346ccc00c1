// Package callback has what the inbound formats share: where a request comes
// from. It knows none of them.
package callback

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// maxForwarded bounds how many entries of X-Forwarded-For are looked at. More
// proxies in a row than this are not ours.
const maxForwarded = 32

// Sources says from where callbacks may come.
type Sources struct {
	Allowed []netip.Prefix
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is believed
}

// ParsePrefixes reads addresses and CIDR prefixes. An IPv4 address mapped into
// IPv6 is the IPv4 address.
func ParsePrefixes(texts []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if !strings.Contains(text, "/") {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is not an IP address", text)
			}
			address = address.Unmap().WithZone("")
			prefixes = append(prefixes, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a CIDR prefix such as 54.175.255.192/27", text)
		}
		if prefix.Addr().Is4In6() {
			if prefix.Bits() < 96 {
				return nil, fmt.Errorf("%q covers more than IPv4: write it as IPv6 or IPv4", text)
			}
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

// Client returns the address that a request comes from: the connection's,
// unless that is a trusted proxy. Then X-Forwarded-For is read from the right,
// where the proxies nearest to us have written; the first entry that is not a
// trusted proxy is the client. What stands further left is the client's own
// word and is not believed.
func (s Sources) Client(r *http.Request) (netip.Addr, error) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("the connection has no IP address: %w", err)
	}
	client := peer.Addr().Unmap().WithZone("")
	if !contains(s.Trusted, client) {
		return client, nil
	}
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(entries) - 1; i >= 0 && len(entries)-i <= maxForwarded; i-- {
		entry := strings.TrimSpace(entries[i])
		if entry == "" && len(entries) == 1 {
			return client, nil // the proxy itself asks
		}
		address, err := parseForwarded(entry)
		if err != nil {
			return netip.Addr{}, errors.New("X-Forwarded-For has an entry that is not an IP address")
		}
		client = address
		if !contains(s.Trusted, client) {
			return client, nil
		}
	}
	if len(entries) > maxForwarded {
		return netip.Addr{}, fmt.Errorf("X-Forwarded-For has more than %d proxies", maxForwarded)
	}
	return client, nil
}

// parseForwarded reads one entry: an address, in some proxies with a port.
func parseForwarded(entry string) (netip.Addr, error) {
	address, err := netip.ParseAddr(strings.Trim(entry, "[]"))
	if err != nil {
		var withPort netip.AddrPort
		if withPort, err = netip.ParseAddrPort(entry); err != nil {
			return netip.Addr{}, err
		}
		address = withPort.Addr()
	}
	return address.Unmap().WithZone(""), nil
}

// Trusts reports whether an address is that of a proxy whose word is believed.
func (s Sources) Trusts(peer netip.Addr) bool { return contains(s.Trusted, peer) }

// Allows reports whether callbacks may come from an address.
func (s Sources) Allows(client netip.Addr) bool { return contains(s.Allowed, client) }

func contains(prefixes []netip.Prefix, address netip.Addr) bool {
	for _, prefix := range prefixes {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
