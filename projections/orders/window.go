package orders

import (
	"daybook/domain/order"
	"daybook/projections/follow"
	"daybook/projections/redismodel"
)

// window is a stretch of the log as it is written to a model that is filled:
// the orders that it has changed.
type window struct {
	orders []changed
	index  map[order.ID]int
	texts  []byte // of orders that are paid
	times  clocks // of texts
}

// changed is an order of a window.
type changed struct {
	id       order.ID
	isNew    bool   // it begins in the window
	state    *Order // nil as long as it is only a text
	from, to int    // of texts
}

// reset empties a window, and keeps its memory.
func (w *window) reset() {
	clear(w.orders)
	clear(w.index)
	w.orders, w.texts = w.orders[:0], w.texts[:0]
	if w.index == nil {
		w.index = make(map[order.ID]int, maxFillOrders+follow.MaxBatch)
	}
}

func (w *window) add(id order.ID, state *Order, isNew bool) {
	w.index[id] = len(w.orders)
	w.orders = append(w.orders, changed{id: id, isNew: isNew, state: state})
}

func (w *window) addPaid(id order.ID, o *paid) {
	from := len(w.texts)
	w.texts = o.append(w.texts, &w.times)
	w.index[id] = len(w.orders)
	w.orders = append(w.orders, changed{id: id, isNew: true, from: from, to: len(w.texts)})
}

// find returns an order as the window has it, or nil. It changes nothing, and
// nor may the caller.
func (w *window) find(id order.ID) (*Order, error) {
	i, known := w.index[id]
	if !known {
		return nil, nil
	}
	return w.read(i)
}

func (w *window) read(i int) (*Order, error) {
	o := &w.orders[i]
	if o.state != nil {
		return o.state, nil
	}
	state := new(Order)
	return state, decode(string(w.texts[o.from:o.to]), state)
}

// open returns an order of the window to put events on, or nil.
func (w *window) open(id order.ID) (*Order, error) {
	i, known := w.index[id]
	if !known {
		return nil, nil
	}
	state, err := w.read(i)
	w.orders[i].state = state
	return state, err
}

// write adds an order to a batch.
func (w *window) write(b *redismodel.Batch, i int) error {
	o := &w.orders[i]
	if o.state != nil {
		return encodeOne(b, o.state, o.isNew)
	}
	b.Text(redismodel.KindOrder, string(o.id))
	b.New()
	b.Append(func(text []byte) []byte { return append(text, w.texts[o.from:o.to]...) })
	return nil
}
