package verify

import (
	"cmp"
	"math/big"
	"slices"
)

// postedLines is what stands posted in one stream.
type postedLines struct {
	lines     map[string][]line            // by payment, or by item where that has none
	decisions map[string]map[string][]line // by the id of the decision, likewise
	posters   map[string][]string          // decisions that have posted, in turn; empty texts for rules
}

func newPostedLines() postedLines {
	return postedLines{make(map[string][]line), make(map[string]map[string][]line), make(map[string][]string)}
}

// enter puts lines under a key, and notes which decision has posted them, if one has.
func (p postedLines) enter(key, decision string, lines []line) {
	for _, l := range lines {
		p.lines[key] = net(p.lines[key], l)
		if decision == "" {
			continue
		}
		if p.decisions[decision] == nil {
			p.decisions[decision] = make(map[string][]line)
		}
		p.decisions[decision][key] = net(p.decisions[decision][key], l)
	}
}

// undo takes back what a decision has posted, under the keys where it did.
func (p postedLines) undo(decision string) {
	for key, lines := range p.decisions[decision] {
		p.enter(key, "", opposite(lines))
		p.posters[key] = slices.DeleteFunc(p.posters[key], func(id string) bool { return id == decision })
	}
}

// by returns what a decision has posted, in all.
func (p postedLines) by(decision string) (all []line) {
	for _, lines := range p.decisions[decision] {
		for _, l := range lines {
			all = net(all, l)
		}
	}
	return ordered(all)
}

// of returns what stands posted under a key.
func (p postedLines) of(key string) []line { return ordered(p.lines[key]) }

// last returns the decision that has posted last under a key; empty if it was none.
func (p postedLines) last(key string) string {
	if all := p.posters[key]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

// left returns what its provider has, and has kept, of what is posted under a key: nil if
// nothing, or if that is of two currencies.
func (p postedLines) left(key string) *units {
	var left *units
	for _, l := range p.lines[key] {
		switch {
		case !l.account.isAsset():
		case left == nil:
			left = &units{currency: l.currency}
			left.n.Set(l.n)
		case left.currency != l.currency:
			return nil
		default:
			left.n.Add(&left.n, l.n)
		}
	}
	return left
}

// holders returns who has what is posted under a key, users first.
func (p postedLines) holders(key string) []line { return usersFirst(p.of(key)) }

// net adds a line to those of the same account and currency. Lines that are netted have a
// sign of their own.
func net(lines []line, l line) []line {
	n := l.signed()
	for i, is := range lines {
		if is.account != l.account || is.currency != l.currency {
			continue
		}
		if n.Add(n, is.n); n.Sign() == 0 {
			return slices.Delete(slices.Clone(lines), i, i+1)
		}
		lines[i].n = n
		return lines
	}
	if n.Sign() == 0 {
		return lines
	}
	return append(lines, line{account: l.account, currency: l.currency, n: n})
}

func opposite(lines []line) []line {
	all := make([]line, len(lines))
	for i, l := range lines {
		all[i] = line{account: l.account, currency: l.currency, n: new(big.Int).Neg(l.signed())}
	}
	return all
}

// ordered returns lines in the order in which events name them.
func ordered(lines []line) []line {
	return slices.SortedFunc(slices.Values(lines), func(a, b line) int {
		return cmp.Or(cmp.Compare(a.account.String(), b.account.String()), cmp.Compare(a.currency, b.currency))
	})
}

// isPosted reports whether an event names exactly these lines.
func isPosted(said []statedLine, want []line) bool {
	return slices.EqualFunc(said, want, func(s statedLine, l line) bool {
		return s.Account == l.account.String() && s.Amount.Currency == l.currency && s.Amount.Amount == decimal(l.currency, l.signed())
	})
}
