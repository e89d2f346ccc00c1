package projections

import (
	"daybook/domain/order"
	"daybook/eventstore"
	"daybook/projections/orders"
	"daybook/projections/redismodel"
	"daybook/projections/verify"
)

// orderDocument says how verify folds an order.
func orderDocument() *verify.Document {
	return &verify.Document{
		Kind: redismodel.KindOrder, Category: order.Category,
		New: func(id string) verify.Folded { return &orderFold{Order: orders.Order{ID: order.ID(id)}} },
	}
}

type orderFold struct{ orders.Order }

// Put implements verify.Folded.
func (f *orderFold) Put(event eventstore.Recorded) (err error) {
	f.Order, err = orders.Fold(f.Order, event)
	return err
}

// Text implements verify.Folded.
func (f *orderFold) Text() ([]byte, error) { return orders.Encode(f.Order) }
