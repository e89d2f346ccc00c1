package verify

import (
	"context"
	"iter"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"daybook/domain/order"
	"daybook/eventstore"
	readbalances "daybook/projections/balances"
	readorders "daybook/projections/orders"
	"daybook/projections/projectiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sliceLog is a log in memory.
type sliceLog []eventstore.Recorded

func (l sliceLog) Read(_ context.Context, stream eventstore.StreamName, from eventstore.Revision, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return l.where(func(e eventstore.Recorded) bool { return e.Stream == stream && e.Revision >= from })
}

func (l sliceLog) ReadAll(_ context.Context, after eventstore.Position, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return l.where(func(e eventstore.Recorded) bool { return e.Position > after })
}

func (l sliceLog) where(wanted func(eventstore.Recorded) bool) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for _, event := range l {
			if wanted(event) && !yield(event, nil) {
				return
			}
		}
	}
}

// end is the position of the last event.
func (l sliceLog) end() eventstore.Position { return l[len(l)-1].Position }

// clone returns a copy that can be damaged.
func (l sliceLog) clone() sliceLog { return slices.Clone(l) }

// manyOrders is a log of so many orders, each paid once by one of 300 users.
func manyOrders(t testing.TB, n int) sliceLog {
	t.Helper()
	log := sliceLog(projectiontest.Sample(1))
	for _, event := range projectiontest.Pairs(t, n, 300) {
		event.Position = log.end() + 1
		log = append(log, event)
	}
	return log
}

// models are the read models that tests compare.
func models() []Model {
	return []Model{
		{Name: readbalances.Name, FoldVersion: readbalances.FoldVersion},
		{Name: readorders.Name, FoldVersion: readorders.FoldVersion, Document: &Document{
			Kind: "order", Category: "order",
			New: func(id string) Folded { return &orderFold{readorders.Order{ID: order.ID(id)}} },
		}},
	}
}

type orderFold struct{ readorders.Order }

func (f *orderFold) Put(event eventstore.Recorded) (err error) {
	f.Order, err = readorders.Fold(f.Order, event)
	return err
}

func (f *orderFold) Text() ([]byte, error) { return readorders.Encode(f.Order) }
