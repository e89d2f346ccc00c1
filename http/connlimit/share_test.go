package connlimit

import (
	"net"
	"testing"
)

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
