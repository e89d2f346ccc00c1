package verify

import "testing"

// said is a reader that answers what a test wants read.
type said struct{ Reading }

func (s said) Read([]byte) Reading { return s.Reading }

// heldBehind proves a log whose second event may be anything and whose last is
// a hold that calls the body of reading a contradiction.
func heldBehind(t *testing.T, stream, before, eventType, hold string, claim Claim) logReport {
	t.Helper()
	l := newEvidentLog()
	if before != "" {
		earlier, data := cutType(before)
		l.add(stream, earlier, data, "callback:coinbase", kept("earlier"))
		e := kept("earlier")
		e.Format = "unread"
		l.sliceLog[len(l.sliceLog)-1].Metadata = metadataOf(e)
	}
	l.add(stream, eventType, hold, "callback:coinbase", kept("later"))
	l.sliceLog[0].Metadata = []byte(`{}`)
	reading := Reading{Stream: stream, Claims: []Claim{claim}}
	report, err := Log(t.Context(), LogOptions{Log: l, Gapless: true, Readers: map[string]Reader{"f": said{reading}}})
	if err != nil {
		t.Fatal(err)
	}
	return logReport{report}
}

// TestAContradictionContradicts has holds that say of a report that it is a
// contradiction, and differs in what stands before them.
func TestAContradictionContradicts(t *testing.T) {
	const (
		received   = `PaymentReceived:{"payment":"p","user":"u1",` + bitcoin + `}`
		arrived    = `PaymentHeld:{"hold":"ID","payment":"p","user":"u1",` + bitcoin + `,"arrived":true,"contradiction":false,"reason":"unknown-event"}`
		unreadable = `PaymentHeld:{"hold":"ID","payment":"p","user":"u1","arrived":false,"contradiction":false,"reason":"unreadable-amount"}`
		hold       = `{"hold":"ID","payment":"p","user":"u1",` + bitcoin + `,"arrived":false,"contradiction":true,"reason":"contradiction"}`
		hashless   = `DepositHeld:{"hold":"ID","digest":"d","user":"u1",` + bitcoin + `,"arrived":true,"contradiction":false,"reason":"no-transaction-hash"}`
		nameless   = `{"hold":"ID","payment":"p",` + bitcoin + `,"arrived":false,"contradiction":true,"reason":"contradiction"}`
	)
	same := Claim{Kind: Paid, Payment: "p", User: "u1", Amount: one + " BTC", AtOnce: true}
	unusable := Claim{Kind: Paid, Payment: "p", NoUser: "unusable-user", Amount: one + " BTC", AtOnce: true}
	doubtful := same
	doubtful.Problem, doubtful.Unproven = "status-and-event-disagree", true
	mispaid := Claim{Kind: Mispaid, Payment: "p", User: "u1", Amount: one + " BTC", Unproven: true}
	deposited := Claim{Kind: Deposited, Payment: "p", User: "u1", Amount: one + " BTC", NoUser: "no-user", AtOnce: true}
	unnamed := deposited
	unnamed.Payment, unnamed.Amount = "", ""
	for name, c := range map[string]struct {
		stream, before, eventType, hold string
		claim                           Claim
		ok                              bool
	}{
		"nothing before it":                    {"order-A", "", "PaymentHeld", hold, same, false},
		"the same was received":                {"order-A", received, "PaymentHeld", hold, same, false},
		"less was received":                    {"order-A", halved(received), "PaymentHeld", hold, same, true},
		"another user's was received":          {"order-A", othersOf(received), "PaymentHeld", hold, same, true},
		"the same is in suspense":              {"order-A", arrived, "PaymentHeld", hold, doubtful, false},
		"less is in suspense":                  {"order-A", halved(arrived), "PaymentHeld", hold, doubtful, true},
		"nothing was known of its amount":      {"order-A", unreadable, "PaymentHeld", hold, same, false},
		"a name that cannot be the user's":     {"order-A", received, "PaymentHeld", nameless, unusable, true},
		"a mispayment, held without an amount": {"order-A", unreadable, "PaymentHeld", nameless, mispaid, false},
		"a mispayment of another amount":       {"order-A", halved(`PaymentMispaid:{"payment":"p","user":"u9",` + bitcoin + `}`), "PaymentHeld", nameless, mispaid, true},
		"a mispayment for somebody else":       {"order-A", `PaymentMispaid:{"payment":"p","user":"u9",` + bitcoin + `}`, "PaymentHeld", nameless, mispaid, false},
		"another output":                       {"address-A", halved(`DepositReceived:{"payment":"p","user":"u1",` + bitcoin + `}`), "DepositHeld", hold, deposited, false},
		"a deposit that somebody else got":     {"address-A", othersOf(`DepositReceived:{"payment":"p","user":"u1",` + bitcoin + `}`), "DepositHeld", hold, deposited, true},
		"deposits without a hash":              {"address-A", halved(hashless), "DepositHeld", `{"hold":"ID","digest":"","user":"u1","arrived":false,"contradiction":true,"reason":"contradiction"}`, unnamed, false},
	} {
		t.Run(name, func(t *testing.T) {
			report := heldBehind(t, c.stream, c.before, c.eventType, c.hold, c.claim)
			if report.says("nothing before it in its stream") == c.ok {
				t.Errorf("%v", report.Evidence.Differences)
			}
		})
	}
}

// TestARefutedPaymentIsContradicted has evidence of a payment that was shown not
// to exist.
func TestARefutedPaymentIsContradicted(t *testing.T) {
	var h history
	data := &data{Payment: "p", User: "u1", Amount: &amount{"BTC", one}}
	h.note("PaymentReceived", data)
	again := reported{payment: "p", user: "u1", amount: one + " BTC", credits: true}
	if h.contradicts(again) {
		t.Error("before it was refuted")
	}
	h.note("PaymentRefuted", data)
	if !h.contradicts(again) {
		t.Error("after it was refuted")
	}
}

// TestAPayoutContradictsItsFacts has the holds of payouts whose reports say what
// was said before, in another order or otherwise.
func TestAPayoutContradictsItsFacts(t *testing.T) {
	const facts = `"facts":{"subtotal":{"currency":"USD","amount":"56.57"},"total":{"currency":"USD","amount":"56.00"},"orders":["A","B"]}`
	const pending = `PayoutPending:{"payment":"p",` + facts + `}`
	claim := func(total string, orders ...string) Claim {
		return Claim{Kind: Sold, Payment: "p", EventType: "PayoutCompleted", Sale: &Sale{Subtotal: "56.57 USD", Total: total, Orders: orders}}
	}
	held := func(facts string) string {
		return `{"hold":"ID","payment":"p",` + facts + `,"reason":"contradiction"}`
	}
	for name, c := range map[string]struct {
		before, facts string
		claim         Claim
		ok            bool
	}{
		"nothing before it": {"", facts, claim("56.00 USD", "A", "B"), false},
		"the same facts":    {pending, facts, claim("56.00 USD", "A", "B"), false},
		"another order":     {pending, replace(facts, `"A","B"`, `"B","A"`), claim("56.00 USD", "B", "A"), false},
		"another total":     {pending, replace(facts, "56.00", "55.00"), claim("55.00 USD", "A", "B"), true},
		"held before":       {`PayoutHeld:{"hold":"ID","payment":"p",` + facts + `,"status":"Lost","reason":"unknown-status"}`, replace(facts, "56.00", "55.00"), claim("55.00 USD", "A", "B"), false},
	} {
		t.Run(name, func(t *testing.T) {
			report := heldBehind(t, "payout-P", c.before, "PayoutHeld", held(c.facts), c.claim)
			if report.says("nothing before it in its stream") == c.ok {
				t.Errorf("%v", report.Evidence.Differences)
			}
		})
	}
}
