package order

import (
	"slices"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

// The words of a provider for refunds.
const (
	refundCompleted = "COMPLETED"
	refundFailed    = "FAILED"
)

// report is a provider's refund as it was last reported.
type report struct {
	payment    ident.Payment // that is refunded
	amount     money.Amount
	hash       string
	occurredAt time.Time
	isDone     bool // the provider says that it was sent
	isSettled  bool // it is posted, or waits for a person
}

// Intent is a refund that a person has decided.
type Intent struct {
	RefundDecided
	Status  IntentStatus
	Failed  bool             // as the provider has reported; it is open all the same
	Done    *PaymentRefunded // how it was sent, and when
	matched bool             // a report was taken for the same
}

// IntentStatus says how far a refund is that a person has decided.
type IntentStatus string

// The statuses of refunds.
const (
	RefundOpen      IntentStatus = "open"
	RefundSent      IntentStatus = "sent" // as a person or the provider says
	RefundCancelled IntentStatus = "withdrawn"
)

func (s State) reportRefund(e RefundReported) State {
	if e.Intent != "" {
		s = s.changeIntent(e.Intent, func(i *Intent) { i.Failed = e.Status == refundFailed })
	}
	if e.Refund == "" || e.Reason != "" || e.Amount == nil {
		return s
	}
	known := s.Reports[e.Refund]
	if known.isSettled {
		return s
	}
	return s.withReport(e.Refund, report{payment: e.Payment, amount: *e.Amount, hash: e.Hash, occurredAt: e.OccurredAt, isDone: e.Status == refundCompleted})
}

func (s State) withReport(id ident.Payment, r report) State {
	if s.Reports == nil {
		s.Reports = make(map[ident.Payment]report)
	}
	s.Reports[id] = r
	return s
}

// settleReport notes that a report needs nothing more.
func (s State) settleReport(id ident.Payment) State {
	if r, known := s.Reports[id]; known {
		r.isSettled = true
		s.Reports[id] = r
	}
	return s
}

func (s State) intend(e RefundDecided) State {
	s.Intents = append(slices.Clip(s.Intents), Intent{RefundDecided: e, Status: RefundOpen})
	if e.Item == "" {
		return s
	}
	s = s.change(e.Item, func(i review.Item) review.Item { return i.Decide(e.Round, e.Refund, deref(e.Asked), e.By) })
	return s.with(s.Items[e.Item].key(), func(p payment.Standing) payment.Standing { return p.Reserve(e.Refund, e.Item) })
}

func (s State) withdraw(e RefundWithdrawn) State {
	s = s.changeIntent(e.Refund, func(i *Intent) { i.Status = RefundCancelled })
	if e.Item == "" {
		return s
	}
	s = s.change(e.Item, func(i review.Item) review.Item { return i.EndRound("", true) })
	return s.with(s.Items[e.Item].key(), func(p payment.Standing) payment.Standing { return p.Reverse(e.Refund) })
}

func (s State) changeIntent(id string, change func(*Intent)) State {
	s.Intents = slices.Clone(s.Intents)
	for i := range s.Intents {
		if s.Intents[i].Refund == id {
			change(&s.Intents[i])
		}
	}
	return s
}

// Intent returns a decided refund by its id, or the last one of an item; nil if there is
// none.
func (s State) Intent(id string) *Intent {
	for i := len(s.Intents) - 1; i >= 0; i-- {
		if is := &s.Intents[i]; is.Refund == id || is.Item == id {
			return is
		}
	}
	return nil
}

// hasOpenRefund reports whether a decided refund of a payment is neither sent nor
// withdrawn. Those of an item without a payment are the item's.
func (s State) hasOpenRefund(identity ident.Payment, item string) bool {
	return slices.ContainsFunc(s.Intents, func(i Intent) bool {
		return i.Status == RefundOpen && (identity != "" && i.Payment == identity || item != "" && i.Item == item)
	})
}

func (s State) giveBack(e PaymentRefunded) State {
	s = s.settleReport(e.Report)
	if e.Refund != "" {
		s = s.changeIntent(e.Refund, func(i *Intent) { i.Status, i.Failed, i.Done = RefundSent, false, &e })
	}
	if e.Item != "" {
		s = s.change(e.Item, func(i review.Item) review.Item {
			if i.IsOpen() {
				return i.Settle(review.ByRule)
			}
			return i
		})
	}
	if e.Payment == "" {
		return s
	}
	return s.sentBack(e.Payment, e.Amount, e.From)
}

// sentBack notes how much of a payment went back. The sums are those of amounts that were
// posted, which can be added.
func (s State) sentBack(identity ident.Payment, amount money.Amount, from []review.Line) State {
	return s.with(string(identity), func(p payment.Standing) payment.Standing {
		share, err := sum(from)
		if err != nil {
			return p // of two currencies, which no posting has
		}
		given, err := p.GiveBack(amount, share)
		if err != nil {
			return p // likewise
		}
		return given
	})
}

// sum adds up lines of one currency.
func sum(lines []review.Line) (total money.Amount, err error) {
	for _, l := range lines {
		if total, err = total.Add(l.Amount); err != nil {
			return money.Amount{}, err
		}
	}
	return total, nil
}

func (s State) holdRefund(e RefundHeld) State {
	s = s.open(e.Hold, Item{refund: &e}).settleReport(e.Report)
	if _, known := s.Reports[e.Report]; !known && e.Report != "" {
		s = s.withReport(e.Report, report{payment: e.Payment, amount: deref(e.Amount), hash: e.Hash, isSettled: true})
	}
	if e.Refund != "" && e.Posted {
		s = s.changeIntent(e.Refund, func(i *Intent) { i.Status, i.Failed = RefundSent, false })
	}
	return s
}

func (s State) charge(e RefundCharged) State {
	i, known := s.Items[e.Item]
	if !known {
		return s
	}
	i.charged = &e
	s = s.open(e.Item, i)
	if e.Within == nil {
		return s
	}
	return s.sentBack(e.Payment, *e.Within, e.From)
}

// uncharge puts back what a charge has changed.
func (s State) uncharge(i Item, decision string) State {
	if c := i.charged; c != nil && c.ID == decision && c.Within != nil {
		return s.sentBack(i.identity(), c.Within.Neg(), review.Opposite(c.From))
	}
	return s
}

// match notes whether a report was taken for a refund that a person has confirmed.
func (s State) match(item string, isSame bool) State {
	if held := s.Items[item].refund; held != nil && held.Refund != "" && !held.Posted {
		return s.changeIntent(held.Refund, func(i *Intent) { i.matched = isSame })
	}
	return s
}
