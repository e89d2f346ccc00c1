package main

import (
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
)

// formats are those of all callbacks that were ever taken: serve receives them, and
// verify reads what was kept.
func formats(sources callback.Sources, secret *callback.URLSecret) []*callback.Format {
	return []*callback.Format{coinbasev1.Format(sources, secret)}
}
