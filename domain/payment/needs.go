package payment

import "slices"

// Kinds of evidence that a credit may need. Events carry them.
const (
	Callback   = "callback"   // a callback with the secret of its URL
	Signature  = "signature"  // a signed webhook
	Registered = "registered" // the website has registered the order
	API        = "api"        // the provider's own answer
)

// Needs are the kinds of evidence without which a payment is not credited.
type Needs []string

// Has reports whether a kind is needed.
func (n Needs) Has(kind string) bool { return slices.Contains(n, kind) }
