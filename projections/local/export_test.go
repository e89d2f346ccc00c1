package local

// NewOf makes a model of other worklists.
var NewOf = newModel

// LookedUp and KeysOf are the fold of the lookup.
var (
	LookedUp = lookedUp
	KeysOf   = keysOf
)
