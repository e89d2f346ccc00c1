// Package projections lists the read models that the website reads. Whatever is
// done with all of them ranges over the list: serving, health, rebuilding,
// verifying, and the tests of faults.
package projections

import (
	"daybook/projections/balances"
	"daybook/projections/follow"
	"daybook/projections/orders"
	"daybook/projections/redismodel"
	"daybook/projections/verify"
)

// ReadModel is one read model.
type ReadModel struct {
	Name string

	// FoldVersion is the number of the meaning that its fold gives to events.
	FoldVersion int

	// InRedis opens it in a Redis.
	InRedis func(*redismodel.Store, redismodel.Target) follow.Projector

	// Document is set if each of its keys is the fold of one stream: then verify
	// folds streams with it. It folds the others in a way of its own.
	Document *verify.Document
}

// ReadModels returns the list.
func ReadModels() []ReadModel {
	return []ReadModel{
		{
			Name: balances.Name, FoldVersion: balances.FoldVersion,
			InRedis: func(s *redismodel.Store, t redismodel.Target) follow.Projector { return balances.NewRedis(s, t) },
		},
		{
			Name: orders.Name, FoldVersion: orders.FoldVersion,
			InRedis:  func(s *redismodel.Store, t redismodel.Target) follow.Projector { return orders.NewRedis(s, t) },
			Document: orderDocument(),
		},
	}
}

// Verified returns the models as verify is told of them.
func Verified() []verify.Model {
	var models []verify.Model
	for _, m := range ReadModels() {
		models = append(models, verify.Model{Name: m.Name, FoldVersion: m.FoldVersion, Document: m.Document})
	}
	return models
}
