package main_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/money"
	orders "daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
)

// reviewDesk decides at random about what a log has.
type reviewDesk struct {
	r       *rapid.T
	service *recorder.Recorder
	store   eventstore.Store
	command recorder.Command
}

// opened is an item, or a refund, the stream that has it, and by which event.
type opened struct {
	id     string
	stream eventstore.StreamName
	by     string
}

// verbs are the decisions that an item may get, and one that it may not.
func (o opened) verbs() []review.Verb {
	switch {
	case o.by == "RefundHeld":
		return []review.Verb{review.Charge, review.Dismiss, review.Credit}
	case o.by == "PayoutHeld":
		return []review.Verb{review.Credit, review.Dismiss, review.Refund}
	case o.by == "DepositHeld":
		return []review.Verb{review.Credit, review.Refund, review.Dismiss, review.Complete}
	}
	return []review.Verb{review.Credit, review.Refund, review.Complete, review.Dismiss, review.Charge}
}

// work does one thing that a person can do.
func (d reviewDesk) work(ctx context.Context) error {
	var items, refunds []opened
	for e, err := range d.store.ReadAll(ctx, 0) {
		if err != nil {
			return err
		}
		said := decoded(e.Data)
		switch e.Type {
		case "PaymentHeld", "DepositHeld", "PayoutHeld", "RefundHeld", "PaymentMispaid":
			items = append(items, opened{e.ID.String(), e.Stream, e.Type})
		case "RefundDecided":
			id := said["refund"].(string)
			if e.Stream.Category() == "address" {
				id = said["item"].(string)
			}
			refunds = append(refunds, opened{id, e.Stream, e.Type})
		}
	}
	var err error
	switch d.int("work", 9) {
	case 0, 1, 2, 3:
		if len(items) > 0 {
			err = d.decide(ctx, rapid.SampledFrom(items).Draw(d.r, "item"))
		}
	case 4, 5:
		if len(items) > 0 {
			err = d.reverse(ctx, rapid.SampledFrom(items).Draw(d.r, "reversed"))
		}
	case 6, 7:
		if len(refunds) > 0 {
			err = d.end(ctx, rapid.SampledFrom(refunds).Draw(d.r, "refund"))
		}
	default:
		err = d.intend(ctx)
	}
	if isRefused(err) {
		return nil
	}
	return err
}

// isRefused reports whether a person has asked for what cannot be.
func isRefused(err error) bool {
	return slices.ContainsFunc([]error{
		review.ErrNoItem, review.ErrDecided, review.ErrRound, review.ErrUndecided, review.ErrRefundOpen, review.ErrRefundDone, review.ErrLater,
		review.ErrImpossible, review.ErrMissing, payment.ErrTooMany,
	}, func(known error) bool { return errors.Is(err, known) })
}

func (d reviewDesk) int(name string, most int) int { return rapid.IntRange(0, most).Draw(d.r, name) }

func (d reviewDesk) round(ctx context.Context, i opened) (int, error) {
	all, err := d.service.PreviewItems(ctx, i.stream, []string{i.id})
	return all[i.id].Item.Round, err
}

// decide decides about an item, with what it may need.
func (d reviewDesk) decide(ctx context.Context, i opened) error {
	round, err := d.round(ctx, i)
	if err != nil {
		return err
	}
	asked := review.Asked{Decision: rapid.SampledFrom(i.verbs()).Draw(d.r, "verb"), Note: "looked at it"}
	if i.stream.Category() != "payout" && d.int("with a user", 1) == 0 {
		asked.User = drawUser(d.r)
	}
	switch d.int("with", 5) {
	case 3:
		amount := drawMoney(d.r)
		asked.Amount = &amount
	case 4:
		amount := drawMoney(d.r)
		asked.Arrived = &amount
	case 5:
		times := d.int("times", 3)
		asked.Times = &times
	}
	if asked.Decision == review.Dismiss || asked.Decision == review.Refund || asked.Decision == review.Complete {
		asked.User = ""
	}
	_, err = d.service.DecideItem(ctx, i.stream, review.Decide{Item: i.id, Round: round, Asked: asked}, false, d.command)
	return err
}

func (d reviewDesk) reverse(ctx context.Context, i opened) error {
	round, err := d.round(ctx, i)
	if err != nil {
		return err
	}
	_, err = d.service.ReverseItem(ctx, i.stream, review.Reverse{Item: i.id, Round: round, Note: "not so"}, false, d.command)
	return err
}

// intend decides that money of an order is sent back.
func (d reviewDesk) intend(ctx context.Context) error {
	id := rapid.SampledFrom([]orders.ID{"coinbase.A", "coinbase.B", "checkout.c1", "checkout.c2", "site.R"}).Draw(d.r, "refunded")
	refund := orders.DecideRefund{Refund: rapid.SampledFrom([]string{"r1", "i1", "i2"}).Draw(d.r, "id"), Amount: drawMoney(d.r), Note: "asked for"}
	_, err := d.service.RefundOrder(ctx, id, refund, false, d.command)
	return err
}

// end confirms or withdraws a refund.
func (d reviewDesk) end(ctx context.Context, refund opened) error {
	if d.int("withdraw", 2) == 2 {
		_, err := d.service.WithdrawRefund(ctx, refund.stream, review.Withdraw{Refund: refund.id}, d.command)
		return err
	}
	_, err := d.service.ConfirmRefund(ctx, refund.stream, review.Confirm{
		Refund: refund.id, Reference: rapid.SampledFrom([]string{"bank-1", "r2"}).Draw(d.r, "reference"), SentAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}, d.command)
	return err
}

func drawMoney(r *rapid.T) money.Amount {
	currency := rapid.SampledFrom([]money.Currency{"USD", "USDC", "USDC", "BTC"}).Draw(r, "currency")
	amount, err := money.Parse(currency, rapid.SampledFrom([]string{"0", "0.5", "1", "1", "2.5"}).Draw(r, "some"))
	if err != nil {
		panic(err)
	}
	return amount
}

// isUnprovable reports whether nothing but the event itself says a member: it is a
// person's word alone.
func isUnprovable(e *eventstore.Recorded, path []string) bool {
	said := decoded(e.Data)
	name := strings.Join(path, ".")
	switch e.Type {
	case "RefundDecided":
		// Without an item, the note is the person's and so is the id, until another event
		// names it.
		return said["item"] == nil && (name == "note" || name == "refund")
	case "PaymentRefunded", "DepositRefunded":
		// What was sent elsewhere, only the person knows: under which reference, and when.
		return said["by"] != nil && (name == "reference" || name == "occurredAt")
	case "RefundHeld":
		// Nothing was left of the payment, so that no event before it says when.
		return said["report"] == nil && name == "occurredAt"
	}
	return name == "asked.note" || name == "note" // why the person has decided so
}

// decisionEdits lists edits of an event that a person has made, or that follows from what
// stands before it.
func decisionEdits(index int, e *eventstore.Recorded) (edits []edit) {
	add := func(what string, do func(*eventstore.Recorded)) { edits = append(edits, edit{index, what, do}) }
	for _, path := range leaves(decoded(e.Data)) {
		if isUnprovable(e, path) {
			continue
		}
		add(strings.Join(path, "."), func(e *eventstore.Recorded) {
			data := decoded(e.Data)
			change(data, path)
			e.Data = encoded(data)
		})
	}
	for _, name := range []string{"takes", "closes", "opens", "lines", "from", "transfer", "refunded", "short", "within", "charged", "payment", "round", "item", "by", "asked"} {
		if said := decoded(e.Data)[name]; said != nil && said != "" {
			add("without "+name, func(e *eventstore.Recorded) {
				data := decoded(e.Data)
				delete(data, name)
				e.Data = encoded(data)
			})
		}
	}
	for _, other := range typesOf[e.Stream.Category()] {
		if other != e.Type {
			add("type "+other, func(e *eventstore.Recorded) { e.Type = other })
		}
	}
	return edits
}

// isDecided reports whether an event is made by a person, or is a refund that was sent.
func isDecided(eventType string) bool {
	switch eventType {
	case "PaymentReleased", "PaymentDismissed", "MispaymentCredited", "MispaymentDismissed", "OrderCompleted", "DecisionReversed",
		"RefundDecided", "RefundWithdrawn", "PaymentRefunded", "RefundHeld", "RefundCharged", "RefundDismissed",
		"DepositReleased", "DepositDismissed", "DepositRefunded", "PayoutReleased", "PayoutDismissed":
		return true
	}
	return false
}

func deskCommand(i int) recorder.Command {
	return recorder.Command{ID: "decision-" + strconv.Itoa(i), Actor: "operator:alice"}
}
