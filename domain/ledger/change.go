package ledger

import "daybook/domain/money"

// Change is what an entry does to what one user has of one currency.
type Change struct {
	User      string
	Available money.Amount // the zero value if it stays
	Pending   money.Amount // the zero value if it stays
}

// Currency returns the currency of the change.
func (c Change) Currency() money.Currency {
	if c.Available.IsZero() {
		return c.Pending.Currency()
	}
	return c.Available.Currency()
}

// Changes returns what the entry does to what users have. A line on a user's
// account is owed to the user if it is a credit, which is negative.
func (e Entry) Changes() []Change {
	var changes []Change
	for _, line := range e.Lines {
		if user, isUser := line.Account.User(); isUser {
			changes = append(changes, Change{User: user, Available: line.Amount.Neg()})
		}
	}
	if e.Pending.IsZero() {
		return changes
	}
	for i, c := range changes {
		if c.User == e.User && c.Available.Currency() == e.Pending.Currency() {
			changes[i].Pending = e.Pending
			return changes
		}
	}
	return append(changes, Change{User: e.User, Pending: e.Pending})
}

// Sums adds the lines up by currency, in the order in which currencies first
// appear. They are zero for every entry that Post returns.
func (e Entry) Sums() ([]money.Amount, error) {
	var sums []money.Amount
next:
	for _, line := range e.Lines {
		for i := range sums {
			if sums[i].Currency() == line.Amount.Currency() {
				sum, err := sums[i].Add(line.Amount)
				if err != nil {
					return nil, err
				}
				sums[i] = sum
				continue next
			}
		}
		sums = append(sums, line.Amount)
	}
	return sums, nil
}
