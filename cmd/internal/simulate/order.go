package simulate

import (
	"encoding/hex"
	"math/rand/v2"
)

// order is one order as it was drawn.
type order struct {
	user         int
	cents        int64
	currency     string
	paid         bool
	mispaid      bool
	duplicated   bool
	reordered    bool
	contradicted bool
}

// The amounts are those of a shop.
const maxCents = 50_000

func (p Plan) order(r *rand.Rand) order {
	s := p.settings
	o := order{user: r.IntN(s.Users), cents: 1 + r.Int64N(maxCents), currency: "USD", paid: true}
	if r.IntN(8) == 0 {
		o.currency = "EUR"
	}
	chance := func(share float64) bool { return r.Float64() < share }
	o.duplicated, o.reordered = chance(s.Duplicates), chance(s.Reordered)
	o.mispaid, o.contradicted = chance(s.Mispaid), chance(s.Contradicted)
	if o.mispaid && !o.contradicted {
		o.paid = r.IntN(2) == 0 // else the wrong amount is all that arrives
	}
	return o
}

// delayed is a chain that begins with a later order.
type delayed struct {
	Chain
	delay int // in orders
}

// chains returns the callbacks of one order. Only a contradiction has to come
// behind another callback: which of the two counts would be anybody's guess.
func (p Plan) chains(number int) []delayed {
	r := p.random(number)
	d := draft{plan: p, random: r, number: number, order: p.order(r)}
	id := p.digest(number)
	d.callback = Callback{
		ID: encode(id[:10]), User: p.User(d.order.user), Hash: hex.EncodeToString(id[:]),
		Status: "completed", Event: "completed", Cents: d.order.cents, Currency: d.order.currency,
	}
	d.write()
	d.all[0].First = true
	return d.all
}

// draft is the callbacks of one order while they are written down.
type draft struct {
	plan     Plan
	random   *rand.Rand
	number   int
	order    order
	callback Callback // the order's own
	all      []delayed
}

func (d *draft) write() {
	var first []Delivery
	if d.order.paid {
		first = append(first, d.completed(d.callback))
	}
	if d.order.contradicted {
		first = append(first, d.contradiction())
	}
	if d.order.mispaid {
		mispayment := d.mispayment()
		if d.order.paid && d.order.reordered {
			d.late(mispayment)
		} else {
			first = append(first, mispayment)
		}
		if d.order.duplicated && !d.order.paid {
			d.late(mispayment)
		}
	}
	if d.order.reordered {
		word := d.word()
		if d.random.IntN(2) == 0 { // the word is late, or everything else is
			d.late(word)
		} else {
			d.add(0, word)
			d.add(d.delay(), first...)
			first = nil
		}
	}
	if len(first) > 0 {
		d.all = append([]delayed{{Chain: Chain{Deliveries: first}}}, d.all...)
	}
	if d.order.duplicated && d.order.paid {
		for range 1 + d.random.IntN(3) {
			again := d.callback
			again.Confirmations = d.random.IntN(3) // other bytes, the same payment
			d.late(d.completed(again))
		}
	}
}

func (d *draft) add(delay int, deliveries ...Delivery) {
	d.all = append(d.all, delayed{Chain{Deliveries: deliveries}, delay})
}

func (d *draft) late(delivery Delivery) { d.add(d.delay(), delivery) }

// delay is often none, so that callbacks of one order are sent at once.
func (d *draft) delay() int {
	if d.random.IntN(2) == 0 {
		return 0
	}
	return d.random.IntN(window + 1)
}

func (d *draft) delivery(c Callback) Delivery {
	delivery := Delivery{Order: d.number, Body: c.AppendTo(nil)}
	delivery.Losses = losses(d.random, d.plan.settings.Lost)
	return delivery
}

// losses draws what happens to the first answers.
func losses(r *rand.Rand, share float64) (all []Loss) {
	for r.Float64() < share && len(all) < maxLosses {
		all = append(all, Thrown+Loss(r.IntN(2)))
	}
	return all
}

// maxLosses leaves most of the schedule to the server's own failures.
const maxLosses = 3

func (d *draft) completed(c Callback) Delivery {
	delivery := d.delivery(c)
	delivery.Credits = true
	return delivery
}

// word is a status that moves no money, in or out of its time.
func (d *draft) word() Delivery {
	c := d.callback
	c.Event = ""
	c.Status = []string{"new", "expired", "canceled"}[d.random.IntN(3)]
	return d.delivery(c)
}

// mispayment is of a wrong amount, or too late.
func (d *draft) mispayment() Delivery {
	c := d.callback
	c.Event = "mispayment"
	c.Status = "expired"
	if d.order.paid {
		c.Status = "completed"
	}
	c.MispaymentID = "M" + c.ID
	c.MispaidCents = 1 + d.random.Int64N(maxCents)
	return d.delivery(c)
}

func (d *draft) contradiction() Delivery {
	c := d.callback
	switch d.random.IntN(4) {
	case 0:
		c.User = d.plan.User(d.plan.settings.Users) // somebody who is paid nothing
	case 1:
		c.Currency = map[string]string{"USD": "EUR", "EUR": "USD"}[c.Currency]
	default:
		c.Cents += 1 + d.random.Int64N(maxCents)
	}
	delivery := d.delivery(c)
	delivery.Held = true
	return delivery
}
