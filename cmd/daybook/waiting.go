package main

import (
	"time"

	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
)

// localLinger is the linger of worklists and lookup: nothing waits for them that a
// twentieth of a second would hurt, and a transaction for many events costs less.
const localLinger = 50 * time.Millisecond

// waiting are the worklists and the lookup.
type waiting struct {
	model      *local.Model
	projection *follow.Projection
}

func openWaiting(data string, store eventstore.Store, options follow.Options) waiting {
	options.Linger = localLinger
	model := local.New(data, store, options.Logger)
	return waiting{model, follow.New(model, store, options)}
}
