package verify

import (
	"strings"
	"time"
)

// readPlain reads the members that the commonest data begin with, in the order
// in which they are written, and reports whether that was possible and enough.
// The decoder of package json, which reads all the rest, is several times as
// slow.
func readPlain(said *data, text []byte) bool {
	rest := string(text)
	var a amount
	var ok bool
	if said.Payment, rest, ok = plainText(rest, `{"payment":"`); !ok {
		return false
	}
	if said.User, rest, ok = plainText(rest, `,"user":"`); !ok {
		return false
	}
	if a.Currency, rest, ok = plainText(rest, `,"amount":{"currency":"`); !ok {
		return false
	}
	if a.Amount, rest, ok = plainText(rest, `,"amount":"`); !ok || !strings.HasPrefix(rest, "}") {
		return false
	}
	rest = rest[1:]
	if strings.HasPrefix(rest, `,"occurredAt":"`) {
		var occurred string
		if occurred, rest, ok = plainText(rest, `,"occurredAt":"`); !ok {
			return false
		}
		var err error
		if said.OccurredAt, err = time.Parse(time.RFC3339Nano, occurred); err != nil {
			return false
		}
	}
	said.Amount = &a
	return isHarmless(rest)
}

// plainText returns what stands between a beginning and the next quotation
// mark, if it is printable ASCII without escapes.
func plainText(from, beginning string) (text, rest string, ok bool) {
	from, ok = strings.CutPrefix(from, beginning)
	if !ok {
		return "", "", false
	}
	for i := range len(from) {
		switch c := from[i]; {
		case c == '"':
			return from[:i], from[i+1:], true
		case c < ' ', c > '~', c == '\\':
			return "", "", false
		}
	}
	return "", "", false
}

// evidence is how nearly all verified payments go on.
const evidence = `,"evidence":[{"method":"coinbase-callback","status":"completed"}]}`

// isHarmless reports whether the rest has no meaning here: it is the end, the
// usual evidence, or the details of a report.
func isHarmless(rest string) bool {
	if rest == "}" || rest == evidence {
		return true
	}
	rest, ok := strings.CutPrefix(rest, `,"details":{`)
	if !ok {
		return false
	}
	comma := ""
	for _, beginning := range [...]string{
		`"reference":"`, `"uuid":"`, `"bitcoin":{"currency":"`, `"transactionHash":"`, `"receiveAddress":"`,
	} {
		if !strings.HasPrefix(rest, comma+beginning) {
			continue
		}
		if _, rest, ok = plainText(rest, comma+beginning); !ok {
			return false
		}
		if strings.HasPrefix(beginning, `"bitcoin"`) {
			_, rest, ok = plainText(rest, `,"amount":"`)
			if !ok || !strings.HasPrefix(rest, "}") {
				return false
			}
			rest = rest[1:]
		}
		comma = ","
	}
	return rest == "}}"
}
