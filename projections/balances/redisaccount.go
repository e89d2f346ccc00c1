package balances

import (
	"context"
	"errors"
	"strings"

	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/redismodel"

	"github.com/redis/go-redis/v9"
)

// The fields of a balance in Redis besides currencies, which are USD and
// USD:pending.
const (
	pendingSuffix = ":pending"
	positionField = "position"
)

// redisAccount is an account that Redis keeps: the hash of its balance and the
// list of its entries.
type redisAccount struct {
	account
	name      string   // percent-encoded
	fields    int      // that the hash has
	length    int      // of the list
	added     []string // entries that the list does not have yet
	isTouched bool     // by the batch in the making
}

// post puts one change of a posting on the account.
func (a *redisAccount) post(p *posting, change ledger.Change) error {
	entry, isEntry := a.apply(p, change)
	if !isEntry {
		return nil
	}
	text, err := encodeEntry(entry)
	a.added = append(a.added, text)
	return err
}

// write adds the account to a batch.
func (a *redisAccount) write(b *redismodel.Batch) {
	a.writeBalance(b)
	if len(a.added) > 0 {
		a.writeEntries(b, a.added)
	}
}

func (a *redisAccount) writeBalance(b *redismodel.Batch) {
	fields := make([]string, 0, 4*len(a.currencies)+2)
	for _, c := range a.currencies {
		fields = append(fields, string(c.Currency), c.Available.Decimal(), string(c.Currency)+pendingSuffix, c.Pending.Decimal())
	}
	fields = append(fields, positionField, a.changed.String())
	b.Hash(redismodel.KindBalance, a.name, len(fields)/2-a.fields, fields...)
	if a.fields == 0 {
		b.Enter(redismodel.KindBalance, a.name)
	}
}

func (a *redisAccount) writeEntries(b *redismodel.Batch, texts []string) {
	b.List(redismodel.KindEntries, a.name, a.length, texts...)
	if a.length == 0 {
		b.Enter(redismodel.KindEntries, a.name)
	}
}

// markWritten notes that what write has added to a batch is in Redis.
func (a *redisAccount) markWritten() {
	a.fields, a.length = 2*len(a.currencies)+1, a.length+len(a.added)
	a.added, a.isTouched = nil, false
}

// accountQuery asks Redis for an account, and whether it must be there.
type accountQuery struct {
	fields *redis.MapStringStringCmd
	length *redis.IntCmd
	member *redis.BoolSliceCmd // of the set of keys: "", the balance, the entries
}

// queue adds the commands for a user, by the name in keys.
func (q *accountQuery) queue(ctx context.Context, p redis.Pipeliner, m *redismodel.Model, g redismodel.Generation, name string) {
	q.fields = p.HGetAll(ctx, m.Key(g, redismodel.KindBalance, name))
	q.length = p.LLen(ctx, m.Key(g, redismodel.KindEntries, name))
	q.member = p.SMIsMember(ctx, m.Key(g, redismodel.KindKeys, Name), "", redismodel.KindBalance+":"+name, redismodel.KindEntries+":"+name)
}

// errUnreadable says that a key is not what the model has written.
var errUnreadable = errors.New("a balance in Redis is not readable")

// decode fills an account with what is stored.
func (q *accountQuery) decode(a *redisAccount) error {
	fields, err := q.fields.Result()
	if err != nil || q.length.Err() != nil || q.member.Err() != nil {
		return errUnreadable
	}
	a.fields, a.length = len(fields), int(q.length.Val())
	a.count = uint64(a.length)
	if member := q.member.Val(); !member[0] || (a.fields > 0) != member[1] || (a.length > 0) != member[2] {
		return errUnreadable
	}
	if a.fields == 0 {
		return nil
	}
	a.currencies, a.changed, err = parseFields(fields)
	return err
}

// parseFields reads the hash of a balance. Currencies are sorted by code.
func parseFields(fields map[string]string) (currencies []Currency, changed eventstore.Position, err error) {
	if changed, err = eventstore.ParsePosition(fields[positionField]); err != nil || changed == 0 {
		return nil, 0, errUnreadable
	}
	var parsed account
	for name, available := range fields {
		if name == positionField || strings.HasSuffix(name, pendingSuffix) {
			continue
		}
		c := parsed.currency(money.Currency(name))
		if c.Available, err = money.ParseSum(c.Currency, available); err != nil {
			return nil, 0, errUnreadable
		}
		if c.Pending, err = money.ParseSum(c.Currency, fields[name+pendingSuffix]); err != nil {
			return nil, 0, errUnreadable
		}
	}
	if len(parsed.currencies) == 0 {
		return nil, 0, errUnreadable
	}
	return parsed.currencies, changed, nil
}
