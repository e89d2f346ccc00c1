package checkouts

import (
	"strings"

	"daybook/http/callback/strictjson"
)

// text returns a member that is text and a usable identifier, else nothing.
func text(s strictjson.Scalar) string {
	if s.Kind != '"' {
		return ""
	}
	return s.Detail()
}

// hashDigits is the length of an EVM transaction's hash in hexadecimal digits.
const hashDigits = 64

// hash returns a transaction's hash. One of hexadecimal digits has one form here: in
// lower case, after 0x if it has the length of an EVM hash. Others may be
// case-sensitive, and stay as they came.
func hash(s strictjson.Scalar) string {
	if s.Kind != '"' {
		return ""
	}
	s.Text = strings.TrimSpace(s.Text)
	digits := strings.TrimPrefix(strings.ToLower(s.Text), "0x")
	switch {
	case strings.Trim(digits, "0123456789abcdef") != "":
	case len(digits) == hashDigits:
		s.Text = "0x" + digits
	default:
		s.Text = strings.ToLower(s.Text)
	}
	return s.Detail()
}
