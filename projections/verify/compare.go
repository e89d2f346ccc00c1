package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"daybook/eventstore"
)

// Words of events, of holds and of quarantine.
const (
	quarantined   = "CallbackQuarantined"
	tooLarge      = "too-large"
	tooMany       = "too-many"
	contradiction = "contradiction"
	unregistered  = "unregistered"
	elsewhere     = "claimed-elsewhere"
	anotherOutput = "another-output"
	unreadableSum = "unreadable-amount"
	unknownStatus = "unknown-status"
	unusableUser  = "unusable-user"
)

// madeOf says of what claims an event is made. No other event of a payment is
// made of a body.
var madeOf = map[string][]Kind{
	"PaymentReceived":  {Paid},
	"PaymentVerified":  {Paid},
	"PaymentHeld":      {Paid, Mispaid},
	"PaymentMispaid":   {Mispaid},
	"DepositReceived":  {Deposited},
	"DepositVerified":  {Deposited},
	"DepositHeld":      {Deposited},
	"DepositSeenAgain": {Deposited},
	"PayoutPending":    {Sold},
	"PayoutCompleted":  {Sold},
	"PayoutHeld":       {Sold},
}

// isCredit lists the events that credit what was reported.
var isCredit = map[string]bool{"PaymentVerified": true, "DepositVerified": true}

// differences are what an event says otherwise than it must.
type differences []string

func (d *differences) add(format string, arguments ...any) {
	*d = append(*d, fmt.Sprintf(format, arguments...))
}

// text compares a text that may be shown.
func (d *differences) text(name, is, want string) {
	if is != want {
		d.add("%s is %s, the kept body says %s", name, orNone(is), orNone(want))
	}
}

// private compares a text that is not shown.
func (d *differences) private(name, is, want string) {
	if is != want {
		d.add("%s is not the one in the kept body", name)
	}
}

func (d *differences) time(name string, is, want time.Time) {
	if !is.Equal(want) {
		d.add("%s is not the one in the kept body", name)
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return fmt.Sprintf("%.80q", text)
}

// compare holds an event against what the body says that it is made of.
func (p *prover) compare(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	r := p.append.reading
	if e.Type == quarantined {
		return p.compareQuarantined(ctx, e, said)
	}
	var found differences
	kinds, made := madeOf[e.Type]
	switch {
	case r.Refused != "":
		found.add("the kept body is none that events of payments are made of: %s", r.Refused)
	case string(e.Stream) != r.Stream:
		found.add("the kept body is about another stream")
	case e.Type == "OrderStatusReported":
		found.text("status", said.Status, r.Status)
		found.time("occurredAt", said.OccurredAt, r.OccurredAt)
		if r.Status == "" || p.append.isTold {
			found.add("the kept body reports no such status")
		}
		p.append.isTold = true
	case !made:
		found.add("no callback makes such an event")
	default:
		var err error
		if found, err = p.compareClaims(ctx, e, said, kinds); err != nil {
			return err
		}
	}
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return nil
}

// maxBody is the size of the largest body that is kept whole.
const maxBody = 256 << 10

// compareQuarantined compares the keeping of a body that no event of a payment
// was made of.
func (p *prover) compareQuarantined(ctx context.Context, e *eventstore.Recorded, said *statement) error {
	var found differences
	a := &p.append
	if said.Digest != a.digest || string(e.Stream) != "quarantine-"+a.digest {
		found.add("stream or digest are not those of the kept body")
	}
	if said.Format != a.format || said.Length != a.length {
		found.add("format or length are not those of the kept body")
	}
	switch {
	case said.Reason == tooMany && a.reading.Refused == "":
		isFull, err := p.mayBeFull(ctx, e)
		if err != nil {
			return err
		}
		if !isFull {
			found.add("reason is %s, and there was room for what the kept body says", tooMany)
		}
	default:
		found.text("reason", said.Reason, a.reading.Refused)
	}
	if said.Reason == tooLarge && said.Length != unknownLength && said.Length <= maxBody {
		found.add("reason is %s, and a body of this length is kept", tooLarge)
	}
	if len(found) > 0 {
		p.note(e, "%s", strings.Join(found, "; "))
	}
	return nil
}

// unknownLength is that of a body that is too large and was not announced.
const unknownLength = -1

// What one stream and one append have room for.
const (
	roomPayments = 1000 // of an order, or holds of one payment
	roomHolds    = 100  // of a payout
	roomStatuses = 50
	roomAppend   = 900_000
)

// mayBeFull reports whether what the body says may have had no room: in its
// stream as it is now, or in one append.
func (p *prover) mayBeFull(ctx context.Context, e *eventstore.Recorded) (bool, error) {
	r := p.append.reading
	claims := len(r.Claims)
	// A byte of the body is kept once, in base64, and is written at most twice into
	// events, escaped. The rest are the names in them and the headers.
	if 14*p.append.length+4000*int64(claims+4)+40_000 > roomAppend {
		return true, nil
	}
	statuses, others := 0, 0
	for earlier, err := range p.log.Read(ctx, eventstore.StreamName(r.Stream), 0) {
		if err != nil {
			return false, fmt.Errorf("look up %s: %w", r.Stream, err)
		}
		if earlier.Position >= e.Position {
			break
		}
		if earlier.Type == "OrderStatusReported" {
			statuses++
		} else {
			others++
		}
	}
	room := roomPayments
	if slices.ContainsFunc(r.Claims, func(c Claim) bool { return c.Kind == Sold }) {
		room = roomHolds
	}
	return r.Status != "" && statuses >= roomStatuses || others+claims+1 > room, nil
}

// compareClaims compares an event with the claim that it was made of: of those
// that it can be, the one it differs from least.
func (p *prover) compareClaims(ctx context.Context, e *eventstore.Recorded, said *statement, kinds []Kind) (differences, error) {
	var least differences
	best := -1
	for i := range p.append.reading.Claims {
		c := &p.append.reading.Claims[i]
		if !slices.Contains(kinds, c.Kind) || said.Payment != c.Payment && !(e.Type == "DepositHeld" && isOutput(said, c)) {
			continue
		}
		found, err := p.compareClaim(ctx, e, said, c)
		if err != nil {
			return nil, err
		}
		if before := p.append.made[i]; before != "" && !(isCredit[e.Type] && isReceipt[before]) {
			found.add("the kept body's report of this payment has its event, %s", before)
		}
		if best < 0 || len(found) < len(least) {
			best, least = i, found
		}
		if len(found) == 0 {
			break
		}
	}
	if best < 0 {
		return differences{fmt.Sprintf("the kept body does not report payment %s so", orNone(said.Payment))}, nil
	}
	p.append.made[best] = e.Type
	return least, nil
}

// isOutput reports whether a deposit is another output of the transaction that a
// claim is about: the amount tells it from the first.
func isOutput(said *statement, c *Claim) bool {
	decimal, _, _ := strings.Cut(c.Amount, " ")
	return c.Payment != "" && decimal != "" && said.Payment == c.Payment+"/"+decimal
}

// isReceipt lists the events that a credit on the same evidence follows.
var isReceipt = map[string]bool{"PaymentReceived": true, "DepositReceived": true}

// compareClaim says in what an event differs from a claim.
func (p *prover) compareClaim(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	if c.Kind == Sold {
		return p.compareSale(ctx, e, said, c)
	}
	if e.Type == "DepositSeenAgain" {
		return p.compareSeenAgain(ctx, e, said, c)
	}
	found.text("amount", said.Amount.text(), c.Amount)
	found.time("occurredAt", said.OccurredAt, c.OccurredAt)
	user, err := p.compareUser(ctx, e, said, c)
	if err != nil {
		return nil, err
	}
	found = append(found, user...)
	switch e.Type {
	case "PaymentHeld", "DepositHeld":
		held, err := p.compareHeld(ctx, e, said, c)
		return append(found, held...), err
	case "PaymentMispaid":
		if said.Mispayment != e.ID.String() {
			found.add("mispayment is not the event's id")
		}
	case "PaymentReceived":
		found.compareDetails(said, c)
	case "PaymentVerified", "DepositVerified":
		if !slices.Contains(said.Evidence, statedEvidence{c.Method, c.Said}) {
			found.add("evidence is not what the kept body says")
		}
	}
	if c.Problem != "" {
		found.add("the kept body does not credit anybody: %s", c.Problem)
	}
	if said.Hold != "" || said.Reason != "" {
		found.add("it says why it is held, and is no hold")
	}
	return found, nil
}

func (d *differences) compareDetails(said *statement, c *Claim) {
	want := c.Details
	if want.Reference == said.User {
		want.Reference = ""
	}
	s := said.Details
	if (Details{s.Reference, s.UUID, s.Bitcoin.text(), s.TransactionHash, s.ReceiveAddress}) != want {
		d.add("details are not those in the kept body")
	}
}

// compareUser compares the user with whom the stream is registered for, else with
// whom the body names.
func (p *prover) compareUser(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	isHeld := e.Type == "PaymentHeld"
	if isHeld && c.Kind == Mispaid {
		found.private("user", said.User, "") // a person finds out
		return found, nil
	}
	owner, registered, err := p.owner(ctx, e)
	switch {
	case err != nil:
		return nil, err
	case registered && hashOf(p.seed, said.User) != owner:
		found.add("user is not the one that the stream is registered for")
	case registered, said.User == c.User:
		if said.User == "" && (isCredit[e.Type] || isReceipt[e.Type]) {
			found.add("there is no user")
		}
	case isHeld && said.User == "":
		// Of orders that are not registered, a policy may not take the body's word.
	case e.Type == "PaymentVerified" && c.User == "":
		h, err := p.earlier.before(ctx, e.Stream, e.Revision)
		if err != nil {
			return nil, err
		}
		if h.payments[said.Payment].user != said.User {
			found.add("user is neither in the kept body nor in an earlier event")
		}
	default:
		found.add("user is not the one in the kept body")
	}
	return found, nil
}

// compareHeld compares why something is held, and whether the money has arrived.
func (p *prover) compareHeld(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	if said.Hold != e.ID.String() {
		found.add("hold is not the event's id")
	}
	if said.Payment == "" {
		found.private("digest", said.Digest, c.Digest)
	}
	if said.Contradiction != (said.Reason == contradiction) {
		found.add("contradiction and reason disagree")
	}
	if want := !said.Contradiction && !c.Unproven && c.Amount != ""; said.Arrived != want {
		found.add("arrived is %v, and follows from the kept body as %v", said.Arrived, want)
	}
	switch {
	case said.Contradiction:
		return p.checkContradiction(ctx, e, said, c, found)
	case said.Payment != c.Payment:
		if said.Reason != anotherOutput {
			found.text("reason", said.Reason, anotherOutput)
		}
		// The first output is known with another amount.
		return p.checkEarlier(ctx, e, reported{payment: c.Payment, amount: c.Amount}, found)
	}
	_, registered, err := p.owner(ctx, e)
	if err != nil {
		return nil, err
	}
	var reasons []string
	switch {
	case c.Problem != "":
		reasons = []string{c.Problem}
	case c.Kind == Mispaid:
		reasons = []string{elsewhere}
	case registered:
	case c.Kind == Paid:
		reasons = []string{c.NoUser, unregistered}
	default:
		reasons = []string{c.NoUser}
	}
	if !slices.Contains(reasons, said.Reason) || said.Reason == "" || said.Reason == unregistered && said.User != "" {
		found.add("reason is %.40q, which does not follow from the kept body", said.Reason)
	}
	return found, nil
}

// checkContradiction checks that what a hold calls a contradiction is one. Whom
// the report names is what the hold says, for a policy may not take the body's
// word; compareUser has compared it.
func (p *prover) checkContradiction(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim, found differences) (differences, error) {
	_, registered, err := p.owner(ctx, e)
	if err != nil {
		return nil, err
	}
	return p.checkEarlier(ctx, e, reported{
		payment: said.Payment, user: said.User, amount: c.Amount,
		unusable: c.Kind == Paid && c.Problem == "" && c.NoUser == unusableUser && !registered,
		credits:  c.Problem == "" && c.AtOnce,
		isOutput: c.Kind == Deposited && c.Amount != "",
	}, found)
}

// checkEarlier checks that something is known of a payment from which a report
// differs.
func (p *prover) checkEarlier(ctx context.Context, e *eventstore.Recorded, r reported, found differences) (differences, error) {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err == nil && !h.contradicts(r) {
		found.add("nothing before it in its stream says otherwise of the payment")
	}
	return found, err
}

// checkOtherFacts checks that a payout was reported with other facts.
func (p *prover) checkOtherFacts(ctx context.Context, e *eventstore.Recorded, said *statement, found differences) (differences, error) {
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err == nil {
		if first := h.payments[said.Payment].sale; first == nil || first.agrees(said.Facts) {
			found.add("nothing before it in its stream says otherwise of the payout")
		}
	}
	return found, err
}

// compareSeenAgain compares a report that cannot be told from an earlier one.
func (p *prover) compareSeenAgain(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	found.private("digest", said.Digest, c.Digest)
	received, err := time.Parse(time.RFC3339Nano, p.append.received)
	if err != nil || !said.ReceivedAt.Truncate(time.Microsecond).Equal(received) {
		found.add("receivedAt is not the one of the evidence")
	}
	h, err := p.earlier.before(ctx, e.Stream, e.Revision)
	if err == nil && h.holds[said.Hold] == nil {
		found.add("its stream has no such hold before it")
	}
	return found, err
}

// compareSale compares a payout.
func (p *prover) compareSale(ctx context.Context, e *eventstore.Recorded, said *statement, c *Claim) (found differences, err error) {
	found.time("occurredAt", said.OccurredAt, c.OccurredAt)
	found.compareFacts(said.Facts, c.Sale)
	if e.Type != "PayoutHeld" {
		found.time("arrivesBy", said.Arrives, c.Arrives)
		if e.Type != c.EventType {
			found.add("the kept body is not one of a %s", e.Type)
		}
		return found, nil
	}
	if said.Hold != e.ID.String() {
		found.add("hold is not the event's id")
	}
	found.text("status", said.Status, c.Said)
	found.private("digest", said.Digest, c.Digest)
	switch {
	case said.Reason == contradiction && c.Sale != nil:
		return p.checkOtherFacts(ctx, e, said, found)
	case said.Reason == unreadableSum && c.Sale == nil, said.Reason == unknownStatus && c.EventType == "":
	default:
		found.add("reason is %.40q, which does not follow from the kept body", said.Reason)
	}
	return found, nil
}

func (d *differences) compareFacts(is *soldFacts, want *Sale) {
	if is == nil || want == nil {
		if (is == nil) != (want == nil) {
			d.add("the amounts can be read in one of event and kept body")
		}
		return
	}
	d.text("subtotal", is.Subtotal.text(), want.Subtotal)
	d.text("total", is.Total.text(), want.Total)
	d.text("feeCoinbase", is.FeeOwn.text(), want.FeeOwn)
	d.text("feeBank", is.FeeBank.text(), want.FeeBank)
	d.text("bitcoin", is.Bitcoin.text(), want.Bitcoin)
	if !slices.Equal(is.Orders, want.Orders) || !slices.Equal(is.Mispaid, want.Mispaid) {
		d.add("orders or mispayments are not those in the kept body")
	}
}

// agrees reports whether two reports of a payout say the same. The order in which
// they list ids means nothing.
func (f *soldFacts) agrees(g *soldFacts) bool {
	return g != nil &&
		f.Subtotal.text() == g.Subtotal.text() && f.Total.text() == g.Total.text() &&
		f.FeeOwn.text() == g.FeeOwn.text() && f.FeeBank.text() == g.FeeBank.text() && f.Bitcoin.text() == g.Bitcoin.text() &&
		haveSame(f.Orders, g.Orders) && haveSame(f.Mispaid, g.Mispaid)
}

func haveSame(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
