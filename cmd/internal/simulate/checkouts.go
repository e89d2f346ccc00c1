package simulate

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"strconv"

	"daybook/http/coinbase/coinbasetest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxCheckouts bounds the orders of a run, because the Coinbase to test against keeps
// them all.
const MaxCheckouts = 100_000

// Checkouts is a plan of checkouts and payment links: the website registers them, they
// are paid at a Coinbase to test against, and that posts webhooks. Payments are made
// as the plan is sent.
type Checkouts struct {
	Plan
	coinbase *Coinbase
	ids      []string // of the resources made so far, by order
}

// NewCheckouts makes a plan for a Coinbase.
func NewCheckouts(p Plan, coinbase *Coinbase) (*Checkouts, error) {
	if p.settings.Orders > MaxCheckouts {
		return nil, fmt.Errorf("orders must be 1 to %d with checkouts", MaxCheckouts)
	}
	return &Checkouts{Plan: p, coinbase: coinbase}, nil
}

// Chains implements Script.
func (c *Checkouts) Chains() iter.Seq[Chain] { return schedule(c.settings.Orders, c.chains) }

// Expected implements Script.
func (c *Checkouts) Expected(standing func(order int) Standing) []Account {
	accounts := c.accounts()
	for i := range c.settings.Orders {
		o, _ := c.checkoutOrder(i)
		accounts[o.user].add(standing(i), o.currency, o.credit())
	}
	return accounts
}

// reference is how the website names an order.
func (p Plan) reference(number int) string {
	return fmt.Sprintf("cart-%s-%d", encode(p.key[:5]), number)
}

func (c *Checkouts) chains(number int) []delayed {
	o, r := c.checkoutOrder(number)
	paid, err := c.pay(number, o)
	if err != nil {
		panic(err) // the plan's amounts are those of Coinbase
	}
	c.ids = append(c.ids, paid.ID)
	d := checkoutDraft{plan: c.Plan, random: r, number: number, order: o, paid: paid}
	d.write()
	d.all[0].First = true
	return d.all
}

// pay makes what was drawn at Coinbase.
func (c *Checkouts) pay(number int, o checkoutOrder) (coinbasetest.Resource, error) {
	amount := decimal(o.paid)
	r := coinbasetest.Resource{Amount: amount, Metadata: map[string]string{"user": c.User(c.settings.Users)}} // whom nobody pays
	if o.currency == "USD" {
		r.FiatAmount, r.FiatCurrency = amount, "USD"
	}
	if o.site {
		r.Metadata["reference"] = c.reference(number)
	}
	made, err := c.coinbase.Create(o.kind, r)
	if err != nil {
		return made, err
	}
	return c.coinbase.Pay(o.kind, made.ID)
}

// checkoutDraft is what is sent about one order while it is written down.
type checkoutDraft struct {
	plan   Plan
	random *rand.Rand
	number int
	order  checkoutOrder
	paid   coinbasetest.Resource
	all    []delayed
	events int
}

func (d *checkoutDraft) write() {
	registration := d.registration()
	switch d.order.registered {
	case before:
		d.add(0, registration, d.webhook())
	case between:
		d.add(0, d.webhook(), registration, d.webhook())
	case after:
		d.add(0, d.webhook())
		d.add(d.random.IntN(window+1), registration)
	case racing:
		d.add(0, d.webhook())
		d.add(0, registration)
	}
	if d.order.duplicated {
		for range 1 + d.random.IntN(3) {
			d.add(d.random.IntN(window+1), d.webhook())
		}
	}
}

func (d *checkoutDraft) add(delay int, deliveries ...Delivery) {
	d.all = append(d.all, delayed{Chain{Deliveries: deliveries}, delay})
}

func (d *checkoutDraft) registration() Delivery {
	o := d.order
	terms := map[string]string{"user": d.plan.User(o.user), "amount": decimal(o.cents), "currency": o.currency, "for": "balance"}
	if o.sale {
		terms["for"] = "sale"
	}
	id := "checkout." + d.paid.ID
	if o.site {
		id = "site." + d.plan.reference(d.number)
	}
	return Delivery{Order: d.number, Registers: id, Body: marshal(terms), Losses: losses(d.random, d.plan.settings.Lost)}
}

// webhook is the body that Coinbase posts: the resource, and the type of the event. A
// payment link is reported as one and as a checkout.
func (d *checkoutDraft) webhook() Delivery {
	d.events++
	event := "checkout.payment.success"
	if d.order.kind == coinbasetest.PaymentLinks && d.random.IntN(2) == 0 {
		event = "payment_link.payment.success"
	}
	said := d.paid
	if d.order.contradicted {
		more := decimal(d.order.paid + maxCents)
		said.Amount, said.Settlement = more, nil
		if said.FiatAmount != "" {
			said.FiatAmount = more
		}
	}
	members := map[string]jsontext.Value{}
	if err := json.Unmarshal(marshal(said), &members); err != nil {
		panic(err) // it was marshalled
	}
	maps.Copy(members, map[string]jsontext.Value{"eventType": marshal(event)})
	return Delivery{
		Order: d.number, Webhook: event, EventID: fmt.Sprintf("%s-%d", d.paid.ID, d.events), Credits: true,
		Body: marshal(members), Losses: losses(d.random, d.plan.settings.Lost),
	}
}

func marshal(v any) []byte {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(err) // of texts and times
	}
	return text
}

func decimal(cents int64) string {
	return strconv.FormatInt(cents/100, 10) + fmt.Sprintf(".%02d", cents%100)
}
