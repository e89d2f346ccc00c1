package hook0

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Bounds of the header, which is read before its sender is known. A real one has
// about 230 bytes, four elements and three names.
const (
	maxBytes    = 4 << 10
	maxElements = 16
	maxNames    = 32
	maxDigits   = 12 // of the time, in seconds
)

// signature is a header that was read.
type signature struct {
	time    string // as it was sent, because the codes cover its text
	seconds int64
	names   []string
	v0, v1  []byte // nil if it is not offered
}

// parse reads a header. Elements with other names are a later version's, and are
// ignored; a repeated one has two meanings, and is refused.
func parse(text string) (signature, error) {
	if len(text) > maxBytes || strings.Count(text, ",") >= maxElements {
		return signature{}, ErrMalformed
	}
	elements := make(map[string]string, 4)
	for element := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(strings.Trim(element, " \t"), "=")
		if _, twice := elements[name]; !found || twice {
			return signature{}, ErrMalformed
		}
		elements[name] = value
	}
	var sig signature
	var ok bool
	sig.time = elements["t"]
	if sig.seconds, ok = seconds(sig.time); !ok {
		return signature{}, ErrMalformed
	}
	if sig.v0, ok = code(elements, V0); !ok {
		return signature{}, ErrMalformed
	}
	if sig.v1, ok = code(elements, V1); !ok || sig.v0 == nil && sig.v1 == nil {
		return signature{}, ErrMalformed
	}
	listed, covers := elements["h"]
	if sig.names, ok = headerNames(listed); !ok || sig.v1 != nil && !covers {
		return signature{}, ErrMalformed
	}
	return sig, nil
}

func seconds(text string) (int64, bool) {
	if len(text) > maxDigits || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// code reads a code: 64 hexadecimal digits in lower case, as the sender writes them.
func code(elements map[string]string, scheme Scheme) ([]byte, bool) {
	text, offered := elements[string(scheme)]
	if !offered {
		return nil, true
	}
	if len(text) != hex.EncodedLen(sha256.Size) || strings.ToLower(text) != text {
		return nil, false
	}
	decoded, err := hex.DecodeString(text)
	return decoded, err == nil
}

// headerNames reads the list of covered headers. Names are tokens (RFC 9110, section
// 5.6.2) in lower case, each of them once.
func headerNames(text string) ([]string, bool) {
	if text == "" {
		return nil, true // the sender covers no header
	}
	names := strings.Split(text, " ")
	if len(names) > maxNames {
		return nil, false
	}
	for i, name := range names {
		if strings.Trim(name, tokenBytes) != "" || name == "" || slices.Contains(names[:i], name) {
			return nil, false
		}
	}
	return names, true
}

const tokenBytes = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

// delivered returns the covered values. A header that came twice is ambiguous, because
// the code covers one value. net/http removes Host from the header, so that a
// signature that covers it is refused; Coinbase's do not.
func delivered(header http.Header, names []string) ([]string, map[string]string, error) {
	values := make([]string, 0, len(names))
	byName := make(map[string]string, len(names))
	for _, name := range names {
		lines := header.Values(name)
		if len(lines) != 1 {
			return nil, nil, ErrNotDelivered
		}
		values = append(values, lines[0])
		byName[name] = lines[0]
	}
	return values, byName, nil
}
