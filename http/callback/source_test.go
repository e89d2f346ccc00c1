package callback_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"daybook/http/callback"
)

func sources(t *testing.T, allowed, trusted string) callback.Sources {
	t.Helper()
	var s callback.Sources
	var err error
	if s.Allowed, err = callback.ParsePrefixes(strings.Split(allowed, ",")); err != nil {
		t.Fatal(err)
	}
	if s.Trusted, err = callback.ParsePrefixes(strings.Split(trusted, ",")); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheClientIsTheConnectionUnlessThatIsATrustedProxy(t *testing.T) {
	const refused = "refused"
	many := strings.Repeat("10.0.0.1,", 31) + "10.0.0.1"
	for name, test := range map[string]struct {
		peer      string
		forwarded []string
		client    string
	}{
		"an IPv4 connection":                             {"192.0.2.1:80", nil, "192.0.2.1"},
		"an IPv6 connection":                             {"[2001:db8::1]:80", nil, "2001:db8::1"},
		"an IPv6 connection with a zone":                 {"[fe80::1%eth0]:80", nil, "fe80::1"},
		"an IPv4 connection mapped into IPv6":            {"[::ffff:192.0.2.1]:80", nil, "192.0.2.1"},
		"no address":                                     {"@", nil, refused},
		"an address without a port":                      {"192.0.2.1", nil, refused},
		"a stranger's word":                              {"192.0.2.1:80", []string{"54.243.226.26"}, "192.0.2.1"},
		"a stranger's garbage":                           {"192.0.2.1:80", []string{"garbage"}, "192.0.2.1"},
		"a proxy's word":                                 {"10.0.0.1:80", []string{"192.0.2.1"}, "192.0.2.1"},
		"a proxy mapped into IPv6":                       {"[::ffff:10.0.0.1]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		"a proxy by IPv6":                                {"[2001:db8:1::5]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		"a client mapped into IPv6":                      {"10.0.0.1:80", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		"a client by IPv6":                               {"10.0.0.1:80", []string{"2001:db8::1"}, "2001:db8::1"},
		"a client in brackets":                           {"10.0.0.1:80", []string{"[2001:db8::1]"}, "2001:db8::1"},
		"a client with a port":                           {"10.0.0.1:80", []string{"192.0.2.1:4711"}, "192.0.2.1"},
		"a client by IPv6 with a port":                   {"10.0.0.1:80", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		"a client with a zone":                           {"10.0.0.1:80", []string{"fe80::1%eth0"}, "fe80::1"},
		"two proxies":                                    {"10.0.0.1:80", []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		"two proxies in two headers":                     {"10.0.0.1:80", []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		"a client who writes an entry of his own":        {"10.0.0.1:80", []string{"54.243.226.26, 192.0.2.1"}, "192.0.2.1"},
		"a client who writes a header of his own":        {"10.0.0.1:80", []string{"54.243.226.26", "192.0.2.1"}, "192.0.2.1"},
		"a client who writes proxies of ours":            {"10.0.0.1:80", []string{"54.243.226.26, 10.0.0.2, 192.0.2.1, 10.0.0.3"}, "192.0.2.1"},
		"a client who writes garbage":                    {"10.0.0.1:80", []string{"garbage, 192.0.2.1"}, "192.0.2.1"},
		"a client who writes very much":                  {"10.0.0.1:80", []string{strings.Repeat("x,", 5000) + "192.0.2.1"}, "192.0.2.1"},
		"a proxy that asks itself":                       {"10.0.0.1:80", nil, "10.0.0.1"},
		"a proxy that asks itself, with an empty header": {"10.0.0.1:80", []string{""}, "10.0.0.1"},
		"a proxy behind a proxy that asks itself":        {"10.0.0.1:80", []string{"10.0.0.2"}, "10.0.0.2"},
		"garbage of a proxy":                             {"10.0.0.1:80", []string{"garbage"}, refused},
		"a name":                                         {"10.0.0.1:80", []string{"coinbase.com"}, refused},
		"unknown":                                        {"10.0.0.1:80", []string{"unknown"}, refused},
		"garbage between proxies":                        {"10.0.0.1:80", []string{"192.0.2.1, garbage, 10.0.0.2"}, refused},
		"an empty entry at the end":                      {"10.0.0.1:80", []string{"192.0.2.1,"}, refused},
		"an empty header at the end":                     {"10.0.0.1:80", []string{"192.0.2.1", ""}, refused},
		"a number of too many bits":                      {"10.0.0.1:80", []string{"192.0.2.256"}, refused},
		"a number in octal":                              {"10.0.0.1:80", []string{"0192.0.2.1"}, refused},
		"as many proxies as are looked at":               {"10.0.0.1:80", []string{many}, "10.0.0.1"},
		"more proxies than are looked at":                {"10.0.0.1:80", []string{"10.0.0.1," + many}, refused},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = test.peer
		for _, value := range test.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		r.Header.Set("Forwarded", "for=54.243.226.26") // nobody looks at these
		r.Header.Set("X-Real-IP", "54.243.226.26")
		client, err := sources(t, "", "10.0.0.0/8,2001:db8:1::/48").Client(r)
		got := client.String()
		if err != nil {
			got = refused
			if client.IsValid() || strings.Contains(err.Error(), "garbage") {
				t.Errorf("%s: %v, %v", name, client, err)
			}
		}
		if got != test.client {
			t.Errorf("%s is %s, expected %s", name, got, test.client)
		}
	}
}

func TestCoinbasesAddressesAreThoseOfItsDocumentation(t *testing.T) {
	s := sources(t, "54.243.226.26,54.175.255.192/27", "")
	for peer, allowed := range map[string]bool{
		"54.243.226.26:1":           true,
		"54.243.226.25:1":           false,
		"54.243.226.27:1":           false,
		"54.175.255.191:1":          false,
		"54.175.255.192:1":          true,
		"54.175.255.207:1":          true,
		"54.175.255.223:1":          true,
		"54.175.255.224:1":          false,
		"[::ffff:54.243.226.26]:1":  true,
		"[::ffff:54.243.226.27]:1":  false,
		"[64:ff9b::36f3:e21a]:1":    false,
		"[::54.243.226.26]:1":       false,
		"127.0.0.1:1":               false,
		"[::1]:1":                   false,
		"[::ffff:54.175.255.223]:1": true,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = peer
		client, err := s.Client(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.Allows(client) != allowed {
			t.Errorf("%s is allowed: %v", peer, !allowed)
		}
	}
}

func TestWithoutAllowedAddressesNobodyIs(t *testing.T) {
	s := sources(t, "", "")
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	client, err := s.Client(r)
	if err != nil || s.Allows(client) {
		t.Errorf("%s is allowed, %v", client, err)
	}
}

func TestPrefixesAreReadAsTheyAreWritten(t *testing.T) {
	for text, expected := range map[string]string{
		"":                         "[]",
		" , ":                      "[]",
		"54.243.226.26":            "[54.243.226.26/32]",
		"54.175.255.200/27":        "[54.175.255.192/27]",
		" 10.0.0.1 ,10.0.0.0/8":    "[10.0.0.1/32 10.0.0.0/8]",
		"::1":                      "[::1/128]",
		"2001:db8::/32":            "[2001:db8::/32]",
		"::ffff:192.0.2.1":         "[192.0.2.1/32]",
		"::ffff:192.0.2.0/120":     "[192.0.2.0/24]",
		"0.0.0.0/0":                "[0.0.0.0/0]",
		"::ffff:0.0.0.0/95":        "",
		"54.243.226.26/33":         "",
		"54.243.226":               "",
		"coinbase.com":             "",
		"54.243.226.26/255.0.0.0":  "",
		"54.243.226.26-54.243.227": "",
		"fe80::1%eth0/64":          "",
	} {
		prefixes, err := callback.ParsePrefixes(strings.Split(text, ","))
		if err != nil {
			if expected != "" {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		var texts []string
		for _, p := range prefixes {
			texts = append(texts, p.String())
		}
		if got := "[" + strings.Join(texts, " ") + "]"; got != expected {
			t.Errorf("%q is %s, expected %s", text, got, expected)
		}
	}
}
