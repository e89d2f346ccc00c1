package checkouts

import (
	"daybook/domain/payment"
	"daybook/http/callback/strictjson"
)

// text returns a member that is text and a usable identifier, else nothing.
func text(s strictjson.Scalar) string {
	if s.Kind != '"' {
		return ""
	}
	return s.Detail()
}

// hash returns a transaction's hash in its one form.
func hash(s strictjson.Scalar) string {
	if s.Kind != '"' {
		return ""
	}
	s.Text = payment.NormalHash(s.Text)
	return s.Detail()
}
