package balances

import (
	"errors"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"daybook/domain/money"
	"daybook/eventstore"
	"daybook/projections/internal/fact"
	"daybook/projections/redismodel"
)

// The fields of a balance in Redis besides currencies, which are USD and
// USD:pending.
const (
	pendingSuffix = ":pending"
	positionField = "position"
)

// purse is what one user has, in the form that the writer counts in.
type purse struct {
	name    string // percent-encoded
	funds   []fund
	changed eventstore.Position
	stored  eventstore.Position // when it was read: what is up to there is in it
	touched bool                // by the batch in the making

	isStored bool // Redis has the balance
	isListed bool // and entries, as many as length says if it is not a filling
	length   int

	first, last uint32 // of the batch's entries of this user
	entries     int    // how many there are
}

// fund is what a user has of one currency.
type fund struct {
	currency           string
	scale              int
	available, pending apd.BigInt

	// Of the batch in the making.
	isNew         bool
	isCredited    bool
	pendingChange apd.BigInt
}

// fund returns what the user has of a currency.
func (p *purse) fund(currency []byte) *fund {
	for i := range p.funds {
		if p.funds[i].currency == string(currency) {
			return &p.funds[i]
		}
	}
	scale, _ := money.Currency(currency).Scale() // the delta was read with it
	p.funds = append(p.funds, fund{currency: string(currency), scale: scale, isNew: true})
	return &p.funds[len(p.funds)-1]
}

// errUnreadable says that what is stored of a user is nothing that is written
// here.
var errUnreadable = errors.New("a balance in Redis is not readable")

// read fills a purse with the fields that are stored.
func (p *purse) read(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	p.isStored = true
	var err error
	if p.stored, err = eventstore.ParsePosition(fields[positionField]); err != nil {
		return errUnreadable
	}
	for name, text := range fields {
		if name == positionField || strings.HasSuffix(name, pendingSuffix) {
			continue
		}
		f := p.fund([]byte(name))
		f.isNew = false
		pending, known := fields[name+pendingSuffix]
		if !known {
			return errUnreadable
		}
		if fact.ParseSum(&f.available, money.Currency(name), text) != nil || fact.ParseSum(&f.pending, money.Currency(name), pending) != nil {
			return errUnreadable
		}
	}
	if len(p.funds) == 0 {
		return errUnreadable
	}
	return nil
}

// put puts a delta on the purse and returns the fund it changed.
func (p *purse) put(d *delta) *fund {
	f := p.fund(d.currency)
	addTimes(&f.pending, &d.units, d.effect.pending)
	addTimes(&f.pendingChange, &d.units, d.effect.pending)
	if d.effect.available != 0 {
		addTimes(&f.available, &d.units, d.effect.available)
		f.isCredited = true
	}
	p.changed = d.event.Position
	return f
}

// write adds what the batch has changed to it, and begins another one.
func (p *purse) write(b *redismodel.Batch, all chains) {
	p.writeHash(b)
	if p.entries > 0 {
		p.beginList(b, p.length)
		all.write(b, p.first, func(b, text []byte) []byte { return append(b, text...) })
	}
	p.reset()
}

// writeHash adds the fields of the hash that the batch has changed.
func (p *purse) writeHash(b *redismodel.Batch) {
	b.Hash(redismodel.KindBalance, p.name)
	b.Expect(0)
	if !p.isStored {
		b.New()
	}
	p.changes(func(isNew bool, value func([]byte) []byte) {
		b.Append(value)
		if isNew {
			b.Added()
		}
	})
}

// beginList begins entries of a list that has a length.
func (p *purse) beginList(b *redismodel.Batch, length int) {
	b.List(redismodel.KindEntries, p.name)
	b.Expect(length)
	if length == 0 {
		b.New()
	}
}

// changes gives the fields and values of the hash that the batch has changed
// to add, each as a function that appends it. IsNew comes with the value of a
// field that is not stored.
func (p *purse) changes(add func(isNew bool, value func([]byte) []byte)) {
	for i := range p.funds {
		f := &p.funds[i]
		if f.isNew || f.isCredited {
			add(false, func(text []byte) []byte { return append(text, f.currency...) })
			add(f.isNew, func(text []byte) []byte { return fact.AppendDecimal(text, &f.available, f.scale) })
		}
		if f.isNew || f.pendingChange.Sign() != 0 {
			add(false, func(text []byte) []byte { return append(append(text, f.currency...), pendingSuffix...) })
			add(f.isNew, func(text []byte) []byte { return fact.AppendDecimal(text, &f.pending, f.scale) })
		}
	}
	add(false, func(text []byte) []byte { return append(text, positionField...) })
	add(!p.isStored, func(text []byte) []byte { return strconv.AppendUint(text, uint64(p.changed), 10) })
}

// reset begins another batch.
func (p *purse) reset() {
	for i := range p.funds {
		f := &p.funds[i]
		f.isNew, f.isCredited = false, false
		f.pendingChange.SetInt64(0)
	}
	p.isStored, p.isListed = true, p.isListed || p.entries > 0
	p.length += p.entries
	p.first, p.last, p.entries = 0, 0, 0
	p.touched = false
}

// addTimes adds units, subtracts them, or does nothing.
func addTimes(sum, units *apd.BigInt, factor int8) {
	switch factor {
	case 1:
		sum.Add(sum, units)
	case -1:
		sum.Sub(sum, units)
	}
}
