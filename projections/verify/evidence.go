package verify

import "time"

// Reader reads the kept bodies of one format of callbacks. For one body that it
// understands it gives one answer, for ever: a changed reading is another format, with
// a name of its own. A newer reader of the format may understand more.
type Reader interface {
	Read(body []byte) Reading
}

// Reading is what a body says, as far as events say it too.
type Reading struct {
	Stream  string   // of the events that are made of it
	Refused string   // why there are none, and it is kept in quarantine; empty if it is understood
	Reader  int      // number of the reader
	Methods []string // by which callbacks of the format are authenticated

	Claims     []Claim
	Status     string    // a word that moves no money; empty if it says none
	OccurredAt time.Time // of Status
}

// Kind is what a claim is about.
type Kind uint8

// The kinds of claims.
const (
	Paid      Kind = iota // an order
	Mispaid               // an order, wrongly
	Deposited             // to an address
	Sold                  // by a payout
	Refunded              // of a checkout
)

// Claim is what a body says of one payment. Amounts are decimal and currency,
// such as "10.03 USD"; one that is not there or cannot be read is empty.
type Claim struct {
	Kind       Kind
	Payment    string // identity; empty where it has none
	Digest     string // that stands for an identity, or of a payout's report
	User       string // as the body names the payer; empty if it does not
	Amount     string
	OccurredAt time.Time

	Problem  string // why it is held, whoever the payer is; empty if it is not
	NoUser   string // why it is held if nothing but the body names the payer; empty if it names one
	Unproven bool   // it does not show that the money has arrived
	AtOnce   bool   // what it shows is enough to credit it

	Method, Said string // of the evidence in events: how it was seen, and what was said
	Details      Details
	Refund, Hash string    // of a refund: its identity, and its transaction
	Transfer     *Transfer // of a provider that shows it
	Sale         *Sale     // of a payout; nil if it cannot be read
	EventType    string    // that a readable payout becomes; empty if its word is unknown
	Arrives      time.Time
}

// Transfer is a payment as its provider shows it. Amounts are like those of a Claim.
type Transfer struct {
	Amount, Quoted, Fee, Network, Hash, Payee string
}

// Details are what a claim says beyond who and how much.
type Details struct {
	Reference, UUID, Bitcoin, TransactionHash, ReceiveAddress, Object string
}

// Sale is what a payout says of its money.
type Sale struct {
	Subtotal, Total, FeeOwn, FeeBank, Bitcoin string
	Orders, Mispaid                           []string
}

// Evidence is what came of holding events against the bodies that they were
// made of. Differences are in the log itself: no read model can be made right
// by them.
type Evidence struct {
	Compared    uint64            // bodies that were read again
	Events      uint64            // that were compared with them
	Unread      map[string]uint64 // bodies without a reader or in an unknown encoding, by format: nothing is proved by them
	Differences []Difference
	Count       int
}

// addUnread counts a body that cannot be read again.
func (e *Evidence) addUnread(format string) {
	const maxFormats = 20 // that are named
	if e.Unread == nil {
		e.Unread = make(map[string]uint64)
	}
	if _, named := e.Unread[format]; !named && len(e.Unread) >= maxFormats {
		format = "others"
	}
	e.Unread[format]++
}
