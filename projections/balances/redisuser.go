package balances

import (
	"context"

	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// storedUser is what Redis has of a user, and whether it must have it.
type storedUser struct {
	fields *redis.MapStringStringCmd
	length *redis.IntCmd       // of the entries; nil in a filling
	member *redis.BoolSliceCmd // of the set of keys: "", the balance, the entries; nil in a filling
}

// ask adds the commands for a user, by the name in keys.
func (s *storedUser) ask(ctx context.Context, p redis.Pipeliner, m *redismodel.Model, g redismodel.Generation, name string) {
	s.fields = p.HGetAll(ctx, m.Key(g, redismodel.KindBalance, name))
	if m.IsFilling() {
		return
	}
	s.length = p.LLen(ctx, m.Key(g, redismodel.KindEntries, name))
	s.member = p.SMIsMember(ctx, m.Key(g, redismodel.KindKeys, Name), "", redismodel.KindBalance+":"+name, redismodel.KindEntries+":"+name)
}

// purse returns what a user has, or an errUnreadable if what is stored is not
// what the model has written.
func (s *storedUser) purse() (*purse, error) {
	p := new(purse)
	if s.fields.Err() != nil {
		return nil, errUnreadable
	}
	if err := p.read(s.fields.Val()); err != nil || s.length == nil {
		return p, err
	}
	if s.length.Err() != nil || s.member.Err() != nil {
		return nil, errUnreadable
	}
	p.length = int(s.length.Val())
	p.isListed = p.length > 0
	if member := s.member.Val(); !member[0] || p.isStored != member[1] || p.isListed != member[2] {
		return nil, errUnreadable
	}
	return p, nil
}
