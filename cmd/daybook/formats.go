package main

import (
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
	"daybook/http/callback/coinbasev1"
)

// inbound is where callbacks come from, and the live secrets that prove them, by route.
type inbound struct {
	from       callback.Sources // of version 1
	secret     *callback.URLSecret
	checkouts  callback.Sources
	signatures *checkouts.Signatures
}

// formats are those of all callbacks that were ever taken: serve receives them, and
// verify reads what was kept, for which the zero inbound does.
func formats(in inbound) []*callback.Format {
	return []*callback.Format{coinbasev1.Format(in.from, in.secret), checkouts.Format(in.checkouts, in.signatures)}
}
