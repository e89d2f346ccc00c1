package hook0_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"daybook/http/callback/hook0"
)

func TestEvidenceIsTheSignatureAndWhatItCovers(t *testing.T) {
	code := strings.Repeat("ab", 32)
	v0, v1 := "t=1,v0="+code, "t=1,v0="+code+",h=x-event-id x-odd x-twice x-long x-absent,v1="+code
	delivered := http.Header{
		"X-Event-Id": {"e1"}, "X-Odd": {"\xff"}, "X-Twice": {"a", "b"}, "X-Long": {strings.Repeat("x", 5000)}, "Authorization": {"Bearer canary"},
	}
	for name, c := range map[string]struct {
		signatures []string
		kept       map[string]string
	}{
		"v1":                    {[]string{v1}, map[string]string{hook0.Header: v1, "X-Event-Id": "e1"}},
		"v0 covers no header":   {[]string{v0 + ",h=x-event-id"}, map[string]string{hook0.Header: v0 + ",h=x-event-id"}},
		"no signature":          {nil, nil},
		"two signatures":        {[]string{v1, v1}, nil},
		"a malformed signature": {[]string{"canary"}, nil},
		"one that is too long":  {[]string{v1 + ",x=" + strings.Repeat("x", 5000)}, nil},
		"one that is not UTF-8": {[]string{v0 + ",x=\xff"}, map[string]string{}},
	} {
		header := maps.Clone(delivered)
		header[hook0.Header] = c.signatures
		if kept := hook0.Evidence(header); !maps.Equal(kept, c.kept) {
			t.Errorf("%s: %v", name, kept)
		}
	}
}
