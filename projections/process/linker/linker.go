// Package linker is the process that links payments to an order of the website that they
// named before it was registered. Those that come after are linked as they come.
package linker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/process"
)

// Actor is the process in the metadata of events.
const Actor = "process:linker"

// Lookup finds the events that name something.
type Lookup interface {
	Items(ctx context.Context, q local.Query) (local.Page, error)
	Named(ctx context.Context, log eventstore.Reader, k local.Key, before eventstore.Position, limit int) ([]eventstore.Recorded, error)
}

// Ledger links orders.
type Ledger interface {
	LinkOrder(ctx context.Context, id, site order.ID, a recorder.Attempt) (recorder.Result, error)
	SoughtPayments(ctx context.Context, site order.ID, found int, a recorder.Attempt) (recorder.Result, error)
}

// Linker looks for payments that named an order.
type Linker struct {
	Log    eventstore.Reader
	Lookup Lookup
	Ledger Ledger
	Now    func() time.Time
}

// Process returns it for a runner.
func (l Linker) Process() process.Process {
	return process.Process{
		Name: "linker", List: local.Linking.Name, Due: func(i local.Item) bool { return !l.Now().Before(i.Due) }, Do: l.do,
		Timeout: time.Minute, AtOnce: 4,
	}
}

// do links the payments of one order, and records that they were looked for. It may have
// been done up to any step: a link that is there is not made again.
func (l Linker) do(ctx context.Context, task local.Item) error {
	site := order.ID(task.Stream.ID())
	reference, err := ident.Unescape(string(site)[len(order.Site)+1:])
	if err != nil {
		return fmt.Errorf("read a task: %w", err)
	}
	named, err := l.find(ctx, reference)
	if err != nil {
		return err
	}
	for _, id := range named {
		if _, err := l.Ledger.LinkOrder(ctx, id, site, l.attempt(task)); err != nil {
			return err
		}
	}
	_, err = l.Ledger.SoughtPayments(ctx, site, len(named), l.attempt(task))
	return err
}

func (l Linker) attempt(task local.Item) recorder.Attempt {
	return recorder.Attempt{ID: eventstore.NewULID(l.Now()), Actor: Actor, Task: task.Event}
}

// page is how many events are looked up at once.
const page = 200

// find returns the orders of providers with payments that name a reference: those that
// the lookup knows, and those of the events that it has not folded yet.
func (l Linker) find(ctx context.Context, reference string) (orders []order.ID, err error) {
	state, err := l.Lookup.Items(ctx, local.Query{List: local.Linking.Name, Limit: 1})
	if err != nil {
		return nil, err
	}
	add := func(e eventstore.Recorded) error {
		id := order.ID(e.Stream.ID())
		if e.Stream.Category() != order.Category || id.Namer() == order.Site || slices.Contains(orders, id) {
			return nil
		}
		event, err := ledger.Decode(e)
		if err == nil && names(event, reference) {
			orders = append(orders, id)
		}
		return err
	}
	for _, key := range []local.Key{local.ReferenceKey(reference), local.UserKey(reference)} {
		for before, more := eventstore.Position(0), true; more; {
			found, err := l.Lookup.Named(ctx, l.Log, key, before, page)
			if err != nil {
				return nil, err
			}
			for _, e := range found {
				if err := add(e); err != nil {
					return nil, err
				}
				before = e.Position
			}
			more = len(found) == page
		}
	}
	for e, err := range l.Log.ReadAll(ctx, state.Position) {
		if err != nil {
			return nil, err
		}
		if err := add(e); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// names reports whether an event is a report of a payment that names a reference. That of
// a merchant order may stand as its user alone.
func names(event codec.Event, reference string) bool {
	if received, ok := event.(order.PaymentReceived); ok {
		return received.Details != nil && received.Details.Reference == reference || received.Transfer == nil && received.User == reference
	}
	held, ok := event.(order.PaymentHeld)
	return ok && held.Reference == reference
}
