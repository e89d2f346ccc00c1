package serverlog

import "regexp"

// hidden are the forms in which a text of ours, of a driver or of a server can name
// a customer, a payment or a body. Text from outside is quoted in errors (%q); the
// rest are names that daybook itself makes. What is left of each tells its kind.
var hidden = []struct {
	form *regexp.Regexp
	left string
}{
	// Redis repeats the arguments of a command that it does not know.
	{regexp.MustCompile(`(?s)with args beginning with:.*`), "with args beginning with: …"},
	// gRPC quotes why it cannot connect, which has nothing of a call in it.
	{regexp.MustCompile(`connection error: desc = "([^"\\]*)"?`), "connection error: $1"},
	{regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*(?:"|\\?$)`), `"…"`},
	// Streams, with a namespace before the category or without.
	{regexp.MustCompile(`\b(order|payout|address|quarantine|claim|movement|asset|purchase|product|coupon|access|wallet|chain|account|erasure)-[A-Za-z0-9._~%-]+`), "$1-…"},
	{regexp.MustCompile(`\b(stream|read|load|gave up on|(?:append|import) to) ((?:[a-z0-9_]+\.)?[a-z]+)-[^\s":]+`), "$1 $2-…"},
	// Keys of read models.
	{regexp.MustCompile(`:(balance|entries|order):[^\s":]+`), ":$1:…"},
	// Payment identities, and orders by who names them.
	{regexp.MustCompile(`\b(coinbase|commerce|checkout|eth)/[^\s":]+`), "$1/…"},
	{regexp.MustCompile(`\b(coinbase|commerce|checkout|site)\.[A-Za-z0-9._~%-]+`), "$1.…"},
	// Addresses and hashes of transactions on chains.
	{regexp.MustCompile(`\b(?:bc1[a-z0-9]{8,87}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9A-Fa-f]{40,64}|[0-9A-Fa-f]{64})\b`), "…"},
}

// Public returns the text of an error without what names a customer: of a stream
// the category stays, of quoted text nothing. It errs on the side of leaving out
// too much; a position or a request id leads to the rest.
func Public(text string) string {
	for _, h := range hidden {
		text = h.form.ReplaceAllString(text, h.left)
	}
	return text
}
