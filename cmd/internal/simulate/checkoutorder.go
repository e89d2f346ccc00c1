package simulate

import (
	"math/rand/v2"

	"daybook/http/coinbase/coinbasetest"
)

// moment is when the website registers an order.
type moment int

const (
	before  moment = iota // it is paid
	between               // two webhooks
	after                 // the first webhook, at some time
	racing                // the first webhook
)

// checkoutOrder is an order as it was drawn.
type checkoutOrder struct {
	user         int
	cents        int64 // registered
	paid         int64 // at Coinbase
	currency     string
	kind         coinbasetest.Kind
	site         bool // named by a reference of the website
	sale         bool
	registered   moment
	duplicated   bool
	mispaid      bool // less than registered
	contradicted bool // the webhook says more than Coinbase's API
}

// The first order of a plan is an ordinary one, so that a plan of one order shows how
// a checkout is paid.
func (p Plan) checkoutOrder(number int) (checkoutOrder, *rand.Rand) {
	r, s := p.random(number), p.settings
	chance := func(share float64) bool { return r.Float64() < share }
	o := checkoutOrder{user: r.IntN(s.Users), cents: 2 + r.Int64N(maxCents), currency: "USD", kind: coinbasetest.Checkouts}
	o.paid = o.cents
	if number == 0 {
		return o, r
	}
	if chance(1. / 8) {
		o.currency = "USDC"
	}
	if chance(1. / 4) {
		o.kind = coinbasetest.PaymentLinks
	}
	o.site, o.sale, o.registered = chance(1./4), chance(1./8), moment(r.IntN(int(after)+1))
	o.duplicated = chance(s.Duplicates)
	if chance(s.Reordered) {
		o.registered = racing
	}
	switch {
	case chance(s.Mispaid):
		o.mispaid, o.paid = true, 1+r.Int64N(o.cents-1)
	case chance(s.Contradicted):
		o.contradicted = true
	case chance(1. / 16):
		o.paid += 1 + r.Int64N(maxCents)
	}
	return o, r
}

// credit is what its user has of it in the end, in hundredths.
func (o checkoutOrder) credit() int64 {
	switch {
	case o.mispaid, o.contradicted:
		return 0
	case o.sale:
		return o.paid - o.cents
	}
	return o.paid
}

// reason is why it waits in review, or "".
func (o checkoutOrder) reason() string {
	switch {
	case o.mispaid:
		return "mispayment"
	case o.contradicted:
		return "provider-disagrees"
	}
	return ""
}
