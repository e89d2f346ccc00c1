package hook0

import (
	"net/http"
	"unicode/utf8"
)

// maxEvidence bounds each value that is kept, in bytes.
const maxEvidence = maxBytes

// Evidence returns the signature header and the headers that its v1 code covers, by
// their canonical names: with the body they are what a later verification needs. What
// cannot be written into JSON as it came is left out, and so is a header that came twice.
// It verifies nothing.
func Evidence(header http.Header) map[string]string {
	lines := header.Values(Header)
	if len(lines) != 1 {
		return nil
	}
	sig, err := parse(lines[0])
	if err != nil {
		return nil
	}
	kept := map[string]string{Header: lines[0]}
	if sig.v1 == nil {
		sig.names = nil
	}
	for _, name := range sig.names {
		if values := header.Values(name); len(values) == 1 {
			kept[http.CanonicalHeaderKey(name)] = values[0]
		}
	}
	for name, value := range kept {
		if len(value) > maxEvidence || !utf8.ValidString(value) {
			delete(kept, name)
		}
	}
	return kept
}
