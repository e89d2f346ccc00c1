package recorder

import (
	"context"
	"errors"

	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payout"
	"daybook/domain/review"
	"daybook/eventstore"
)

// Preview is what an item of a stream is, and what each decision about it would post.
type Preview struct {
	Item    review.Item
	Options []Option
}

// Option is a decision that a person may make.
type Option struct {
	Decision review.Verb
	Lines    []review.Line
	Needs    string // what the person has to say besides; empty if nothing
}

// PreviewItems returns what can be decided about items of one stream, by their ids. Ids
// of no item are left out.
func (r *Recorder) PreviewItems(ctx context.Context, stream eventstore.StreamName, ids []string) (map[string]Preview, error) {
	switch stream.Category() {
	case order.Category:
		b, err := load(ctx, r.store, stream, orders)
		if err != nil {
			return nil, err
		}
		p := orderPreview{r, stream, b, make(map[ident.Payment]bool)}
		return preview(ids, reviewedOrders, b.state, func(asked review.Decide) ([]order.Event, error) { return p.decide(ctx, asked) })
	case deposit.Category:
		b, err := load(ctx, r.store, stream, deposits)
		if err != nil {
			return nil, err
		}
		return preview(ids, reviewedDeposits, b.state, func(asked review.Decide) ([]deposit.Event, error) {
			return deposit.DecideReview(b.state, asked, b.posted())
		})
	case payout.Category:
		b, err := load(ctx, r.store, stream, payouts)
		if err != nil {
			return nil, err
		}
		return preview(ids, reviewedPayouts, b.state, func(asked review.Decide) ([]payout.Event, error) {
			return payout.DecideReview(b.state, asked, b.posted())
		})
	}
	return nil, nil
}

// load folds a stream with what stands posted in it.
func load[S any, E codec.Event](ctx context.Context, store eventstore.Store, stream eventstore.StreamName, a aggregate[S, E]) (b booked[S], err error) {
	_, err = record(ctx, store, stream, withBook(a), message{}, func(now booked[S], _ func(int) string) ([]E, error) {
		b = now
		return nil, b.err
	})
	return b, err
}

// preview tries each decision about each item.
func preview[S any, E codec.Event](ids []string, a reviewed[S, E], state S, decide func(review.Decide) ([]E, error)) (map[string]Preview, error) {
	all := make(map[string]Preview, len(ids))
	for _, id := range ids {
		item, known := a.item(state, id)
		if !known {
			continue
		}
		p := Preview{Item: item}
		for _, verb := range review.Verbs {
			events, err := decide(review.Decide{
				Item: id, Round: item.Round, Asked: review.Asked{Decision: verb}, EventID: func(int) string { return "" },
			})
			option, isPossible, err := optionOf(verb, events, err)
			if err != nil {
				return nil, err
			}
			if isPossible {
				p.Options = append(p.Options, option)
			}
		}
		all[id] = p
	}
	return all, nil
}

func optionOf[E codec.Event](verb review.Verb, events []E, err error) (option Option, isPossible bool, _ error) {
	option.Decision = verb
	switch {
	case errors.Is(err, review.ErrMissing):
		option.Needs = err.Error()
		return option, true, nil
	case errors.Is(err, review.ErrImpossible), errors.Is(err, review.ErrDecided), errors.Is(err, review.ErrRefundOpen):
		return option, false, nil
	case err != nil:
		return option, false, err
	}
	if option.Lines, err = linesOf(events); err != nil {
		return option, false, nil // it cannot be posted, and the others can
	}
	return option, true, nil
}

// orderPreview decides about items of an order without claiming anything.
type orderPreview struct {
	r      *Recorder
	stream eventstore.StreamName
	order  booked[order.State]
	taken  map[ident.Payment]bool
}

func (p orderPreview) decide(ctx context.Context, asked review.Decide) ([]order.Event, error) {
	var claims order.Claims
	for range maxClaims {
		claims.Book = p.order.posted().Clone()
		events, err := order.DecideReview(p.order.state, order.DecideItem{Decide: asked, Claims: claims})
		var unclaimed order.Unclaimed
		var unsettled order.Unsettled
		switch {
		case errors.As(err, &unclaimed):
			claims.Transaction = unclaimed.Transaction
			claims.Taken, err = p.isTaken(ctx, unclaimed.Transaction)
		case errors.As(err, &unsettled):
			claims.Settles = unsettled.Payment
			claims.SettledElsewhere, err = p.r.isSettledElsewhere(ctx, unsettled, message{}, true)
		default:
			return events, err
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, review.ErrImpossible
}

func (p orderPreview) isTaken(ctx context.Context, transaction ident.Payment) (bool, error) {
	if taken, known := p.taken[transaction]; known {
		return taken, nil
	}
	taken, err := p.r.isTaken(ctx, transaction, p.stream, message{}, true)
	p.taken[transaction] = taken
	return taken, err
}
