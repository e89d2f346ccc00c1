package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"daybook/domain/codec"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/review"
)

// Posted is what stands posted in one stream, as decisions need it. The zero value is an
// empty stream.
type Posted struct {
	lines     map[string][]review.Line // by payment, or by item where that has none
	decisions map[string][]part        // by the id of the decision's event
	refunds   map[string]bool          // items that are refunds
	posters   map[string][]string      // decisions that have posted, in turn; empty texts for others
}

// Put takes an event of the stream.
func (p *Posted) Put(event codec.Event) error {
	entry, err := Post(event)
	if err != nil {
		return err
	}
	if p.lines == nil {
		*p = *p.Clone()
	}
	item, decided := itemOf(event)
	if held, isRefund := event.(order.RefundHeld); isRefund {
		p.refunds[held.Hold] = true
	}
	parts, err := p.parts(event, entry, item)
	if err != nil {
		return err
	}
	for _, part := range parts {
		p.note(part.key, event, len(part.lines) > 0)
		if err := p.add(part.key, part.lines); err != nil {
			return err
		}
		if decided == "" {
			continue
		}
		p.decisions[decided] = append(p.decisions[decided], part)
	}
	return nil
}

// part is what an event posts of one payment, or of an item that has none.
type part struct {
	key   string
	lines []Line
}

// parts divides what an event posts. A refund that is charged to its payment is a part of
// that, and the rest is the item's.
func (p *Posted) parts(event codec.Event, entry Entry, item string) ([]part, error) {
	if r, isReversal := event.(review.Reversing); isReversal {
		var opposite []part
		for _, done := range p.decisions[r.Reversed().Reverses] {
			opposite = append(opposite, part{done.key, negated(done.lines)})
		}
		return opposite, nil
	}
	key := string(entry.Payment)
	if key == "" || p.refunds[item] {
		key = item
	}
	charged, isCharge := event.(order.RefundCharged)
	if !isCharge || charged.Within == nil {
		return []part{{key, entry.Lines}}, nil
	}
	within, err := Entry{Payment: entry.Payment}.giveBack(charged.From, *charged.Within)
	if err != nil {
		return nil, err
	}
	rest := entry.Lines[:len(entry.Lines)-len(within.Lines)] // they come last
	return []part{{string(entry.Payment), within.Lines}, {item, rest}}, nil
}

func negated(lines []Line) []Line {
	var opposite []Line
	for _, l := range lines {
		opposite = append(opposite, Line{l.Account, l.Amount.Neg()})
	}
	return opposite
}

func (p *Posted) add(key string, lines []Line) (err error) {
	for _, l := range lines {
		if p.lines[key], err = net(p.lines[key], review.Line{Account: string(l.Account), Amount: l.Amount}); err != nil {
			return fmt.Errorf("add up what is posted of %s: %w", key, err)
		}
	}
	return nil
}

// note remembers which decision has posted last. Fees and refunds post beside a decision,
// and not in its place.
func (p *Posted) note(key string, event codec.Event, hasPosted bool) {
	if r, isReversal := event.(review.Reversing); isReversal {
		p.forget(key, r.Reversed().Reverses)
		return
	}
	if _, isBeside := event.(beside); hasPosted && !isBeside {
		_, decision := itemOf(event)
		p.posters[key] = append(p.posters[key], decision)
	}
}

// What events of all aggregates say of items.
type (
	opening interface{ OpensItem() string }
	beside  interface{ PostsBeside() string } // the item that it is of, if it is of one
)

func (p *Posted) forget(key, decision string) {
	p.posters[key] = slices.DeleteFunc(p.posters[key], func(id string) bool { return id == decision })
}

// IsLast implements review.Posted.
func (p *Posted) IsLast(decision string) bool {
	for _, part := range p.decisions[decision] {
		all := p.posters[part.key]
		if len(part.lines) > 0 && (len(all) == 0 || all[len(all)-1] != decision) {
			return false
		}
	}
	return true
}

// Clone returns what stands posted, which Put changes apart from the receiver.
func (p *Posted) Clone() *Posted {
	c := &Posted{
		lines: make(map[string][]review.Line), decisions: make(map[string][]part),
		refunds: make(map[string]bool), posters: make(map[string][]string),
	}
	for key, lines := range p.lines {
		c.lines[key] = slices.Clone(lines)
	}
	for key, all := range p.posters {
		c.posters[key] = slices.Clone(all)
	}
	maps.Copy(c.decisions, p.decisions)
	maps.Copy(c.refunds, p.refunds)
	return c
}

// itemOf returns the item that an event is about, and its id if it decides about it.
func itemOf(event codec.Event) (item, decided string) {
	if d, is := event.(review.Deciding); is {
		return d.Decided().Item, d.Decided().ID
	}
	if r, is := event.(review.Reversing); is {
		return r.Reversed().Item, ""
	}
	if o, is := event.(opening); is {
		return o.OpensItem(), ""
	}
	if b, is := event.(beside); is {
		return b.PostsBeside(), ""
	}
	return "", ""
}

// Net returns the lines of entries as one posting: a line for each account and currency,
// in the order of their names.
func Net(entries ...Entry) (lines []review.Line, err error) {
	for _, e := range entries {
		for _, l := range e.Lines {
			if lines, err = net(lines, review.Line{Account: string(l.Account), Amount: l.Amount}); err != nil {
				return nil, err
			}
		}
	}
	return sorted(lines), nil
}

// net adds a line to those of the same account and currency.
func net(lines []review.Line, l review.Line) ([]review.Line, error) {
	for i := range lines {
		if lines[i].Account != l.Account || lines[i].Amount.Currency() != l.Amount.Currency() {
			continue
		}
		sum, err := lines[i].Amount.Add(l.Amount)
		if err != nil {
			return nil, err
		}
		lines[i].Amount = sum
		if sum.Sign() == 0 {
			lines = slices.Delete(lines, i, i+1)
		}
		return lines, nil
	}
	if l.Amount.Sign() == 0 {
		return lines, nil
	}
	return append(lines, l), nil
}

// Of implements review.Posted.
func (p *Posted) Of(key string) []review.Line { return sorted(p.lines[key]) }

// By implements review.Posted.
func (p *Posted) By(decision string) []review.Line {
	var entry Entry
	for _, part := range p.decisions[decision] {
		entry.Lines = append(entry.Lines, part.lines...)
	}
	lines, err := Net(entry)
	if err != nil {
		return nil // of amounts that cannot be added, which no entry has
	}
	return lines
}

// sorted makes two folds of one stream write the same lines.
func sorted(lines []review.Line) []review.Line {
	return slices.SortedFunc(slices.Values(lines), func(a, b review.Line) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Amount.Currency(), b.Amount.Currency()))
	})
}

// Holders implements review.Posted. What is owed to a user goes first: it is no
// income yet.
func (p *Posted) Holders(key string) []review.Line {
	var holders []review.Line
	for _, prefix := range []string{users, suspense, "income:", string(Shortfall)} {
		for _, l := range p.Of(key) {
			if strings.HasPrefix(l.Account, prefix) {
				holders = append(holders, l)
			}
		}
	}
	return holders
}

// Left implements review.Posted: what the provider has of it, and what it has kept.
func (p *Posted) Left(key string) money.Amount {
	var left money.Amount
	for _, l := range p.lines[key] {
		if strings.HasPrefix(l.Account, assets) || strings.HasPrefix(l.Account, fees) {
			sum, err := left.Add(l.Amount)
			if err != nil {
				return money.Amount{} // of two currencies: a payout's
			}
			left = sum
		}
	}
	return left
}
