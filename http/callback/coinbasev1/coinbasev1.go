// Package coinbasev1 reads the callbacks of Coinbase's merchant API, version
// 1: orders, payouts and payments to an address. It translates them into reports; it
// decides nothing.
//
// The shapes are those of Coinbase's page "Callbacks" (2015) and of what was
// recorded in practice, where nearly every member has been seen missing, null
// or of another JSON type. Whatever a command does not need may be anything.
package coinbasev1

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/http/callback/generation"
	"daybook/http/callback/strictjson"
)

// provider is how payment identities and orders name Coinbase.
const provider = "coinbase"

// Format is that of these callbacks. They are authenticated by a secret in their URL,
// because their signature is the same for all merchants.
func Format(sources callback.Sources, secret *callback.URLSecret) *callback.Format {
	return &callback.Format{
		Name: "coinbase-v1", Reader: 1,
		Path: "coinbase", Actor: "callback:coinbase", Sources: sources,
		Advice: callback.Advice{
			Secrets: "DAYBOOK_CALLBACK_SECRETS", Sources: "--callback-from",
			Proof: "Set the callback URL to end in ?secret= and one of DAYBOOK_CALLBACK_SECRETS.",
		},
		IsOff: secret.IsOff, Authenticate: secret.Authenticate, Methods: []string{callback.BySecret},
		Headers: signatures, Parse: Parse, RefundTo: refundTo,
	}
}

// Parse reads a body. Every error is a *callback.Refusal. One of a body that belongs to
// another route says so with generation.Elsewhere.
func Parse(body []byte) (recorder.Report, error) {
	report, err := parse(body)
	var refusal *callback.Refusal
	if errors.As(err, &refusal) && refusal.Reason != quarantine.NotJSON {
		return report, generation.Redirect(refusal, body, generation.Merchant)
	}
	return report, err
}

func parse(body []byte) (recorder.Report, error) {
	var doc document
	if err := strictjson.Unmarshal(body, &doc); err != nil {
		return recorder.Report{}, callback.Refuse(quarantine.NotJSON, "the body is not strict JSON")
	}
	isOrder, isPayout, isDeposit := doc.Order != nil && doc.Order.Present, doc.Payout != nil && doc.Payout.Present, doc.Address.Kind == '"'
	switch {
	case isOrder && !isPayout && !isDeposit:
		return parseOrder(doc.Order)
	case isPayout && !isOrder && !isDeposit:
		return parsePayout(doc.Payout, strictjson.Digest(body))
	case isDeposit && !isOrder && !isPayout:
		return parseDeposit(&doc, body)
	}
	return recorder.Report{}, callback.Refuse(quarantine.UnknownDocument, "the body is not one of order, payout and address")
}

// signatureHeaders carry Coinbase's signature over the body, by their names in
// evidence. It is kept: one key signs for all merchants, so that it does not
// show that a callback is for us.
var signatureHeaders = []struct{ name, canonical string }{
	{"CB-SIGNATURE", http.CanonicalHeaderKey("CB-SIGNATURE")},
	{"X-Signature", http.CanonicalHeaderKey("X-Signature")},
}

// maxSignatureBytes bounds what is kept; a signature has 684 characters.
const maxSignatureBytes = 1024

// signatures returns the headers of the request that carry a signature. What cannot
// be written into JSON as it came is none.
func signatures(r *http.Request) map[string]string {
	var headers map[string]string
	for _, header := range signatureHeaders {
		value := r.Header.Get(header.canonical)
		if value == "" || len(value) > maxSignatureBytes || !utf8.ValidString(value) {
			continue
		}
		if headers == nil {
			headers = make(map[string]string, 1)
		}
		headers[header.name] = value
	}
	return headers
}
