package balances

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/internal/fact"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// Balance returns what a user has. A user of whom nothing is known has no
// currencies.
func (r *Redis) Balance(ctx context.Context, user string) (Balance, error) {
	var fields *redis.MapStringStringCmd
	view, err := r.model.Read(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		fields = p.HGetAll(ctx, r.model.Key(g, redismodel.KindBalance, ident.Escape(user)))
	})
	if err != nil {
		return Balance{}, fmt.Errorf("balance: %w", err)
	}
	balance, err := parseBalance(fields.Val())
	if err != nil {
		return Balance{}, fmt.Errorf("balance: %w: %w", redismodel.ErrUnusable, err)
	}
	balance.User, balance.Position = user, view.Checkpoint.Position
	return balance, nil
}

// parseBalance reads the fields of a balance.
func parseBalance(fields map[string]string) (Balance, error) {
	balance := Balance{Currencies: make([]Currency, 0, len(fields)/2)}
	for name, text := range fields {
		var err error
		switch {
		case name == positionField:
			balance.Changed, err = eventstore.ParsePosition(text)
		case !strings.HasSuffix(name, pendingSuffix):
			c := Currency{Currency: money.Currency(name)}
			if c.Available, err = fact.AmountOfSum(c.Currency, text); err != nil {
				break
			}
			c.Pending, err = fact.AmountOfSum(c.Currency, fields[name+pendingSuffix])
			balance.Currencies = append(balance.Currencies, c)
		}
		if err != nil {
			return Balance{}, err
		}
	}
	slices.SortFunc(balance.Currencies, func(a, b Currency) int {
		return strings.Compare(string(a.Currency), string(b.Currency))
	})
	return balance, nil
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
	var length *redis.IntCmd
	var texts *redis.StringSliceCmd
	view, err := r.model.ReadAlone(ctx, func(p redis.Pipeliner, g redismodel.Generation) {
		key := r.model.Key(g, redismodel.KindEntries, ident.Escape(user))
		length = p.LLen(ctx, key)
		texts = p.LRange(ctx, key, first, last)
	})
	if err != nil {
		return Page{}, 0, err
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
			return Page{}, 0, err
		}
		page.Entries = append(page.Entries, entry)
	}
	if n := len(page.Entries); n > 0 && page.Entries[n-1].Number > 1 {
		page.Next = page.Entries[n-1].Number
	}
	return page, count, nil
}
