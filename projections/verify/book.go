package verify

import (
	"context"
	"hash/maphash"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// book is the fold of the log: what each user has, and what there is in all.
type book struct {
	accounts map[string]*account         // by encoded name, as keys have it
	totals   [places]map[string]*big.Int // by place and currency
	credits  *credits                    // nil when they are checked
	suspense map[string]*suspended       // by item
	entries  uint64
	scratch  []byte // of digests
	entry    []byte // scratch
}

func newBook(slots int) *book {
	b := &book{accounts: make(map[string]*account), suspense: make(map[string]*suspended), credits: newCredits(maphash.MakeSeed(), share{}, slots)}
	for i := range b.totals {
		b.totals[i] = make(map[string]*big.Int)
	}
	return b
}

// apply puts an event on the book.
func (b *book) apply(_ context.Context, f *fact) error {
	if f.err != nil {
		return f.err
	}
	if f.ended.currency != "" {
		a := b.account(f.said.User)
		h := a.holding(f.ended.currency)
		h.pending.Sub(&h.pending, &f.ended.n)
		a.changed = f.event.Position
	}
	if f.rule.pending != 0 && !f.said.Sale && f.said.Sold == nil && f.said.User != "" && (f.rule.pending > 0 || f.said.Transfer == nil) {
		a := b.account(f.said.User)
		h := a.holding(f.amount.currency)
		if f.rule.pending > 0 {
			h.pending.Add(&h.pending, &f.amount.n)
		} else {
			h.pending.Sub(&h.pending, &f.amount.n)
		}
		a.changed = f.event.Position
	}
	b.closeItems(f)
	for _, l := range f.posting {
		b.total(l)
		b.suspend(f, l)
		if l.account.place == users {
			b.enter(f, l)
		}
	}
	if b.credits != nil {
		b.credits.note(f)
	}
	return nil
}

func (b *book) account(user string) *account {
	name := encodeName(user)
	a, known := b.accounts[name]
	if !known {
		a = new(account)
		b.accounts[strings.Clone(name)] = a // the text is a part of all the data
	}
	return a
}

func (b *book) total(l line) {
	sum := b.totals[l.account.place][l.currency]
	if sum == nil {
		sum = new(big.Int)
		b.totals[l.account.place][strings.Clone(l.currency)] = sum
	}
	l.addTo(sum)
}

// enter puts a line of a user's account on it. What is owed to a user is a
// credit, which adds to what he has.
func (b *book) enter(f *fact, l line) {
	a := b.account(l.account.of)
	h := a.holding(l.currency)
	change := new(big.Int).Set(l.n)
	if !l.negative {
		change.Neg(change)
	}
	h.available.Add(&h.available, change)
	a.changed = f.event.Position
	b.entry = appendEntry(b.entry[:0], f, l.currency, change, &h.available)
	add(&a.digest, b.entry, &b.scratch)
	a.entries++
	b.entries++
}

// appendEntry writes an entry as the model keeps it: a JSON array of position,
// type, payment, currency, amount, balance after it, stream, when it happened,
// when it was recorded, and of a person's decision who has decided it and the note.
func appendEntry(b []byte, f *fact, currency string, change, balance *big.Int) []byte {
	b = append(b, `["`...)
	b = strconv.AppendUint(b, uint64(f.event.Position), 10)
	b = append(b, `",`...)
	for _, text := range [...]string{f.event.Type, f.said.Payment, currency} {
		b, _ = jsontext.AppendQuote(b, text)
		b = append(b, ',')
	}
	for _, n := range [...]*big.Int{change, balance} {
		b = append(appendAmount(append(b, '"'), currency, n), `",`...)
	}
	b, _ = jsontext.AppendQuote(b, string(f.event.Stream))
	b = append(b, ',')
	b = appendTime(b, f.said.OccurredAt)
	b = append(b, ',')
	b = appendTime(b, f.event.RecordedAt)
	if by, note := personOf(f); by != "" {
		for _, text := range [...]string{by, note} {
			b = append(b, ',')
			b, _ = jsontext.AppendQuote(b, text)
		}
	}
	return append(b, ']')
}

// personOf returns who has decided what an event says, and the note.
func personOf(f *fact) (by, note string) {
	if f.said.Asked != nil {
		return f.said.By, f.said.Asked.Note
	}
	return f.said.By, f.said.Note
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	if !t.IsZero() {
		b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	}
	return append(b, '"')
}
