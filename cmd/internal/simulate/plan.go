package simulate

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
)

// Settings make a plan. The same settings make the same plan.
type Settings struct {
	Seed   uint64
	Run    string // other names make the same payments under other ids
	Orders int
	Users  int
	User   string // names the user, if there is one

	// Shares of the orders, 0 to 1, each drawn by itself.
	Duplicates   float64 // callbacks that come again although they were acknowledged
	Reordered    float64 // callbacks of an order overtake each other
	Mispaid      float64 // a wrong amount arrives: beside the payment, or instead of it
	Contradicted float64 // a second callback says that something else was paid

	// Lost is the share of callbacks whose answer gets lost.
	Lost float64
}

// The bounds of one run, and so of the memory that it takes.
const (
	MaxOrders = 100_000_000
	MaxUsers  = 1_000_000
)

func (s Settings) validate() error {
	if s.Orders < 1 || s.Orders > MaxOrders {
		return fmt.Errorf("orders must be 1 to %d", MaxOrders)
	}
	if s.Users < 1 || s.Users > MaxUsers {
		return fmt.Errorf("users must be 1 to %d", MaxUsers)
	}
	if s.User != "" && s.Users != 1 {
		return errors.New("a user is named only where users is 1")
	}
	for name, share := range map[string]float64{
		"duplicates": s.Duplicates, "reordered": s.Reordered, "mispaid": s.Mispaid,
		"contradicted": s.Contradicted, "lost": s.Lost,
	} {
		if !(share >= 0 && share <= 1) {
			return fmt.Errorf("%s must be a share from 0 to 1", name)
		}
	}
	return nil
}

// Plan is what Coinbase will say, callback by callback, and what everybody has
// afterwards. It is pure, and is drawn again whenever it is looked at, so that
// the length of a run takes no memory.
type Plan struct {
	settings Settings
	key      [sha256.Size]byte // ids derive from it
}

// NewPlan makes a plan.
func NewPlan(s Settings) (Plan, error) {
	if err := s.validate(); err != nil {
		return Plan{}, err
	}
	// All settings are in the ids: another run of the same name, but with more
	// orders, would otherwise find half of its payments made.
	return Plan{settings: s, key: sha256.Sum256(fmt.Appendf(nil, "daybook simulate %+v", s))}, nil
}

// Script is what is sent, and what must come of it.
type Script interface {
	Settings() Settings
	User(n int) string
	Chains() iter.Seq[Chain] // once

	// Expected returns what each user must have, if orders have got as far as standing
	// says. The last user has nothing, and is none of the settings' users.
	Expected(standing func(order int) Standing) []Account
}

// Settings returns what the plan was made of.
func (p Plan) Settings() Settings { return p.settings }

// Loss is what happens to an answer.
type Loss int

// The losses.
const (
	Kept   Loss = iota
	Thrown      // it arrives and nobody takes note of it
	Cut         // the connection is cut before it is read
)

// Delivery is one request, a callback if nothing else is said, sent until it is
// acknowledged.
type Delivery struct {
	Order     int
	Body      []byte
	Webhook   string // the event type of a signed webhook
	EventID   string // of a webhook, the same in every try
	Registers string // the id of an order of the website
	Credits   bool   // it pays the order, whose money is its user's once all parts are acknowledged
	Held      bool   // it contradicts what was acknowledged before
	Losses    []Loss // what happens to the first answers
}

// Chain is deliveries that are sent one after the other, each when the one
// before was acknowledged. Different chains may overtake each other.
type Chain struct {
	Deliveries []Delivery
	First      bool // of its order
}

// window is how many orders later a callback may come that belongs to an
// earlier one.
const window = 256

// Chains returns everything that is sent, in the order in which it is begun.
func (p Plan) Chains() iter.Seq[Chain] { return schedule(p.settings.Orders, p.chains) }

// schedule begins the chains of each order with it, or with a later one.
func schedule(orders int, chains func(order int) []delayed) iter.Seq[Chain] {
	return func(yield func(Chain) bool) {
		var late [window + 1][]Chain // by the order that they come with, modulo
		for i := range orders + window {
			due := &late[i%len(late)]
			if i < orders {
				for _, c := range chains(i) {
					slot := &late[(i+c.delay)%len(late)]
					*slot = append(*slot, c.Chain)
				}
			}
			for _, c := range *due {
				if !yield(c) {
					return
				}
			}
			*due = nil
		}
	}
}

// random returns the generator of one order. It knows nothing of the run's
// name: another run has the same payments.
func (p Plan) random(order int) *rand.Rand {
	return rand.New(rand.NewPCG(p.settings.Seed, uint64(order)))
}

// User returns the name of a user, who belongs to this run alone: what others
// have on the server spoils no balance.
func (p Plan) User(n int) string {
	if n == 0 && p.settings.User != "" {
		return p.settings.User
	}
	return fmt.Sprintf("sim-%s-%d", encode(p.key[:5]), n)
}

// digest returns the bytes that an order's ids are made of.
func (p Plan) digest(order int) [sha256.Size]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(p.key[:len(p.key):len(p.key)], uint64(order)))
}

// encode writes bytes as Coinbase writes its codes.
func encode(b []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)
}
