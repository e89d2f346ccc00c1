package local

// NewOf makes a model of other worklists.
var NewOf = newModel
