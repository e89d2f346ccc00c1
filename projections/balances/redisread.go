package balances

import (
	"context"
	"fmt"
	"slices"

	"daybook/domain/ident"
	"daybook/projections/follow"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// Balance returns what a user has. A user of whom nothing is known has no
// currencies. It is an ErrMending if what Redis has of the user is lost.
func (r *Redis) Balance(ctx context.Context, user string) (Balance, error) {
	name := ident.Escape(user)
	var fields *redis.MapStringStringCmd
	view, err := r.model.Read(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		fields = p.HGetAll(ctx, r.model.Key(g, redismodel.KindBalance, name))
	})
	if err != nil {
		return Balance{}, fmt.Errorf("balance: %w", err)
	}
	balance, err := parseBalance(fields)
	if err != nil || len(balance.Currencies) == 0 {
		balance, view, err = r.doubtfulBalance(ctx, name)
	}
	if err != nil {
		return Balance{}, fmt.Errorf("balance: %w", err)
	}
	balance.User, balance.Position = user, view.Checkpoint.Position
	return balance, nil
}

// doubtfulBalance reads a balance that seems not to be there, or not to be one,
// together with whether it must be there.
func (r *Redis) doubtfulBalance(ctx context.Context, name string) (Balance, redismodel.View, error) {
	var fields *redis.MapStringStringCmd
	var member *redis.BoolSliceCmd
	view, err := r.model.ReadAlone(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		fields = p.HGetAll(ctx, r.model.Key(g, redismodel.KindBalance, name))
		member = p.SMIsMember(ctx, r.model.Key(g, redismodel.KindKeys, Name), "", redismodel.KindBalance+":"+name)
	})
	if err != nil || view.IsEmpty() {
		return Balance{}, view, err
	}
	balance, err := parseBalance(fields)
	switch {
	case err == nil && len(balance.Currencies) > 0:
	case err == nil && member.Err() == nil && member.Val()[0] && !member.Val()[1]: // an unknown user
	default:
		r.model.Suspect(name)
		err = follow.ErrMending
	}
	return balance, view, err
}

// parseBalance reads the fields of a balance.
func parseBalance(stored *redis.MapStringStringCmd) (Balance, error) {
	fields, err := stored.Result()
	if err != nil || len(fields) == 0 {
		return Balance{Currencies: []Currency{}}, err
	}
	currencies, changed, err := parseFields(fields)
	return Balance{Currencies: currencies, Changed: changed}, err
}

// Entries returns the entries of a user that have a number below before,
// newest first, at most limit of them; before 0 begins with the newest. A
// limit below 1 is 1, and one above MaxPage is MaxPage.
func (r *Redis) Entries(ctx context.Context, user string, before uint64, limit int) (Page, error) {
	limit = max(1, min(limit, MaxPage))
	page, count, err := r.entries(ctx, user, before, limit)
	if err == nil && before > count+1 {
		page, _, err = r.entries(ctx, user, 0, limit)
	}
	if err != nil {
		return Page{}, fmt.Errorf("entries: %w", err)
	}
	return page, nil
}

// entries also returns how many entries the user has.
func (r *Redis) entries(ctx context.Context, user string, before uint64, limit int) (page Page, count uint64, err error) {
	// Places of a list count from 0, and from its end below that.
	first, last := -int64(limit), int64(-1)
	if before > 0 {
		first, last = max(0, int64(before)-1-int64(limit)), int64(before)-2
	}
	if before == 1 {
		first, last = 1, 0 // none
	}
	name := ident.Escape(user)
	var length, balance *redis.IntCmd
	var texts *redis.StringSliceCmd
	var member *redis.BoolSliceCmd
	view, err := r.model.ReadAlone(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		key := r.model.Key(g, redismodel.KindEntries, name)
		length = p.LLen(ctx, key)
		texts = p.LRange(ctx, key, first, last)
		balance = p.Exists(ctx, r.model.Key(g, redismodel.KindBalance, name))
		member = p.SMIsMember(ctx, r.model.Key(g, redismodel.KindKeys, Name), "", redismodel.KindBalance+":"+name, redismodel.KindEntries+":"+name)
	})
	if err != nil || view.IsEmpty() {
		return Page{Entries: []Entry{}}, 0, err
	}
	// Without the balance entries may be those that are made again so far.
	isLost := length.Err() != nil || member.Err() != nil || !member.Val()[0] ||
		(balance.Val() > 0) != member.Val()[1] || (length.Val() > 0) != member.Val()[2]
	if isLost {
		r.model.Suspect(name)
		return Page{}, 0, follow.ErrMending
	}
	count = uint64(length.Val())
	newest := count
	if before > 0 {
		newest = before - 1
	}
	page = Page{Entries: make([]Entry, 0, len(texts.Val())), Position: view.Checkpoint.Position}
	for i, text := range slices.Backward(texts.Val()) {
		entry, err := ParseEntry(text, newest-uint64(len(texts.Val())-1-i))
		if err != nil {
			r.model.MarkLost(name)
			return Page{}, 0, follow.ErrMending
		}
		page.Entries = append(page.Entries, entry)
	}
	if n := len(page.Entries); n > 0 && page.Entries[n-1].Number > 1 {
		page.Next = page.Entries[n-1].Number
	}
	return page, count, nil
}
