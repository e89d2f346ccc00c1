package find

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/local"
)

const (
	// maxEvents bounds how much of a stream is folded for an answer.
	maxEvents = 10_000

	// maxSays bounds the sentences about one stream.
	maxSays = 5
)

// story says what became of the payments of a stream.
type story struct {
	subject  string                           // Order coinbase.5RTQNACF
	payments map[ident.Payment]sentence       // the latest of each
	open     map[string]map[string]local.Item // of lists, by list and key
	last     sentence                         // of the stream itself, where it has no payment
}

type sentence struct {
	position eventstore.Position
	text     string
}

// story folds a stream. Of an address, a text that is a hash selects its payments.
func (f Finder) story(ctx context.Context, stream eventstore.StreamName, text string) ([]string, error) {
	s := story{
		subject: subject(stream), payments: make(map[ident.Payment]sentence), open: make(map[string]map[string]local.Item),
	}
	events := 0
	for recorded, err := range f.Log.Read(ctx, stream, 0) {
		if err != nil {
			return nil, err
		}
		decoded, err := ledger.Decode(recorded)
		if err != nil {
			return nil, err
		}
		s.put(recorded, decoded)
		if events++; events == maxEvents {
			break
		}
	}
	if stream.Category() != deposit.Category {
		text = ""
	}
	return s.says(local.Hash(text)), nil
}

func subject(stream eventstore.StreamName) string {
	id, err := ident.Unescape(stream.ID())
	if err != nil {
		id = stream.ID()
	}
	switch stream.Category() {
	case order.Category:
		return "Order " + id
	case deposit.Category:
		return "Address " + id
	case payout.Category:
		return "Payout " + id
	}
	return "The callback in " + string(stream)
}

func (s *story) put(recorded eventstore.Recorded, event codec.Event) {
	for _, list := range local.Worklists {
		if list.Name == local.Refunds.Name {
			continue // the decision says it
		}
		open := s.open[list.Name]
		if open == nil {
			open = make(map[string]local.Item)
			s.open[list.Name] = open
		}
		for _, change := range list.Fold(local.Event{
			Event: event, ID: recorded.ID.String(), Stream: recorded.Stream, Position: recorded.Position, RecordedAt: recorded.RecordedAt,
		}) {
			change.Put(open, recorded)
		}
	}
	at := fmt.Sprintf("on %s (position %s)", day(recorded.RecordedAt), recorded.Position)
	say := func(payment ident.Payment, format string, arguments ...any) {
		s.payments[payment] = sentence{recorded.Position, fmt.Sprintf(format, arguments...)}
	}
	note := func(format string, arguments ...any) {
		s.last = sentence{recorded.Position, fmt.Sprintf(format, arguments...)}
	}
	credited := func(payment ident.Payment, user string, amount money.Amount) {
		say(payment, "%s of user %s: %s was credited %s.", s.subject, user, amount, at)
	}
	undone := func(r review.Reversal) {
		say(about(r.Payment, r.Item), "%s: the decision about %s was undone %s.", s.subject, r.Item, at)
	}
	intended := func(r review.RefundDecided) {
		say(about(r.Payment, r.Item), "%s: a refund of %s was decided %s and is not sent yet.", s.subject, r.Amount, at)
	}
	withdrawn := func(r review.RefundWithdrawn) {
		say(about(r.Payment, r.Item), "%s: a refund of %s was withdrawn %s.", s.subject, r.Amount, at)
	}
	// beside keeps a sentence next to that of the payment, which stays as it was.
	beside := func(identity ident.Payment, item, what string) {
		say(identity+ident.Payment(item), "%s: %s was dismissed %s.", s.subject, what, at)
	}
	dismissed := func(identity ident.Payment, item string) {
		if s.open[local.Review.Name][item].Reason == string(payment.Contradiction) {
			beside(identity, item, "a contradicting report")
			return
		}
		say(about(identity, item), "%s: a held payment was dismissed %s.", s.subject, at)
	}
	switch e := event.(type) {
	case order.OrderRegistered:
		note("%s of user %s was registered %s, and no payment of it was reported.", s.subject, e.User, at)
	case order.OrderLinked:
		note("%s was linked to order %s of user %s %s.", s.subject, e.Site, e.User, at)
	case order.OrderSettled:
		note("%s is paid by %s, as was recorded %s.", s.subject, e.Payment, at)
	case order.OrderStatusReported:
		note("%s was last reported as %q %s, and no payment of it was.", s.subject, e.Status, at)
	case order.OrderExpired:
		note("%s expired %s, and no payment of it was reported.", s.subject, at)
	case order.PaymentReceived:
		if e.User == "" {
			say(e.Payment, "%s: %s was reported %s and is credited when it is verified and registered.", s.subject, e.Amount, at)
			break
		}
		say(e.Payment, "%s of user %s: %s was reported %s and is pending until it is verified.", s.subject, e.User, e.Amount, at)
	case order.PaymentVerified:
		credited(e.Payment, e.User, e.Amount)
	case order.PaymentReleased:
		credited(about(e.Payment, e.Item), e.User, e.Amount)
	case order.OrderCompleted:
		short := ""
		if e.Short != nil {
			short = ", " + e.Short.String() + " short of the price"
		}
		say(e.Payment, "%s of user %s: %s was taken for the sale%s %s.", s.subject, e.User, e.Amount, short, at)
	case order.PaymentDismissed:
		dismissed(e.Payment, e.Item)
	case order.DecisionReversed:
		undone(e.Reversal)
	case order.RefundDecided:
		intended(review.RefundDecided(e))
	case order.RefundWithdrawn:
		withdrawn(review.RefundWithdrawn(e))
	case order.RefundCharged:
		say(e.Payment, "%s: a refund of %s was charged%s %s.", s.subject, e.Amount, to(e.User), at)
	case order.RefundDismissed:
		beside(e.Payment, e.Item, "a held refund")
	case order.PaymentRefuted:
		say(e.Payment, "%s: %s was shown not to exist %s.", s.subject, e.Amount, at)
	case order.PaymentRefunded:
		say(e.Payment, "%s: %s was sent back %s.", s.subject, e.Amount, at)
	case order.MispaymentCredited:
		say(e.Payment, "%s: a wrong payment of %s was credited to user %s %s.", s.subject, e.Amount, e.User, at)
	case order.MispaymentDismissed:
		say(e.Payment, "%s: a wrong payment was dismissed %s.", s.subject, at)
	case deposit.AddressRegistered:
		note("%s belongs to user %s since it was registered %s, and no payment to it was reported.", s.subject, e.User, at)
	case deposit.DepositReceived:
		say(e.Payment, "%s of user %s: %s was reported %s and is pending until it is verified.", s.subject, e.User, e.Amount, at)
	case deposit.DepositVerified:
		credited(e.Payment, e.User, e.Amount)
	case deposit.DepositReleased:
		credited(about(e.Payment, e.Item), e.User, e.Amount)
	case deposit.DepositDismissed:
		dismissed(e.Payment, e.Item)
	case deposit.DecisionReversed:
		undone(e.Reversal)
	case deposit.RefundDecided:
		intended(review.RefundDecided(e))
	case deposit.RefundWithdrawn:
		withdrawn(review.RefundWithdrawn(e))
	case deposit.DepositRefunded:
		say(about(e.Payment, e.Item), "%s: %s was sent back %s.", s.subject, e.Amount, at)
	case payout.PayoutPending:
		say(e.Payment, "%s of %s to the bank was announced %s.", s.subject, e.Facts.Total, at)
	case payout.PayoutCompleted:
		say(e.Payment, "%s of %s has arrived at the bank, as reported %s.", s.subject, e.Facts.Total, at)
	case payout.PayoutReleased:
		say(e.Payment, "%s of %s has arrived at the bank, as a person decided %s.", s.subject, e.Facts.Total, at)
	case payout.PayoutDismissed:
		beside(e.Payment, e.Item, "a held report")
	case payout.DecisionReversed:
		undone(e.Reversal)
	case quarantine.CallbackRedriven:
		where := e.Stream
		if where == "" {
			where = "no stream"
		}
		note("%s was read again %s: %s, in %s.", s.subject, at, e.Outcome, where)
	}
}

// about is under what a sentence about an item is kept: its payment, if it has one.
func about(payment ident.Payment, item string) ident.Payment {
	return cmp.Or(payment, ident.Payment(item))
}

func to(user string) string {
	if user == "" {
		return ""
	}
	return " to user " + user
}

// says returns the sentences, newest first, what waits before all else. A hash
// selects the payments that have it, if there are any.
func (s *story) says(hash string) []string {
	var all []sentence
	for payment, said := range s.payments {
		all = append(all, said)
		if parts := strings.Split(string(payment), "/"); hash != "" && len(parts) > 3 && strings.EqualFold(parts[3], hash) {
			return s.with([]sentence{said}, hash)
		}
	}
	return s.with(all, "")
}

func (s *story) with(all []sentence, hash string) []string {
	var waiting []sentence
	for list, items := range s.open {
		for _, item := range items {
			if item.IsOpen() && (hash == "" || strings.Contains(strings.ToLower(string(item.Payment)), hash)) {
				waiting = append(waiting, sentence{item.Position, waits(s.subject, list, item)})
			}
		}
	}
	newest := func(a, b sentence) int { return cmp.Compare(b.position, a.position) }
	slices.SortFunc(waiting, newest)
	slices.SortFunc(all, newest)
	all = append(waiting, all...)
	if len(all) == 0 && s.last.text != "" {
		all = append(all, s.last)
	}
	var texts []string
	for _, said := range all[:min(len(all), maxSays)] {
		texts = append(texts, said.text)
	}
	if more := len(all) - maxSays; more > 0 {
		texts = append(texts, fmt.Sprintf("%s has %d more.", s.subject, more))
	}
	return texts
}

// day writes a time as people say it.
func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
