package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	daybookmain "daybook/cmd/daybook"
	address "daybook/domain/deposit"
	"daybook/domain/money"
	orders "daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
	"daybook/projections/verify"
)

// walk is a log in which people decide, one step after another.
type walk struct {
	t       *testing.T
	service *recorder.Recorder
	store   eventstore.Store
	steps   int
}

func newWalk(t *testing.T) *walk {
	store, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Directory: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	policy := recorder.Policy{Checkout: payment.Needs{payment.Signature, payment.Registered}, References: []string{orders.Checkout, orders.Coinbase}}
	return &walk{t: t, service: recorder.New(store, policy), store: store}
}

func (w *walk) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.steps++
}

func (w *walk) name(kind string) string { return kind + "-" + strconv.Itoa(w.steps) }

func (w *walk) command(actor string) recorder.Command {
	return recorder.Command{ID: w.name("command"), Actor: actor}
}

func (w *walk) expect(id orders.ID, price money.Amount, purpose orders.Purpose) {
	w.t.Helper()
	_, err := w.service.RegisterOrder(w.t.Context(), id, orders.Terms{User: "u1", Amount: price, For: purpose}, false, w.command("website:shop"))
	w.ok(err)
}

func (w *walk) merchant(body string) {
	w.t.Helper()
	w.ok(deliver(w.t.Context(), w.service, body, w.name("delivery")))
}

// checkout reports a checkout, with further members of its body.
func (w *walk) checkout(id, paid, more string) {
	w.t.Helper()
	body := fmt.Sprintf(`{"id":"%s","eventType":"checkout.payment.success","status":"COMPLETED","amount":"%s","currency":"USDC","network":"base","address":"0xpayee"%s,"updatedAt":"2026-03-01T10:00:00Z"}`, id, paid, more)
	w.ok(deliverAs(w.t.Context(), w.service, checkouts.Format(callback.Sources{}, nil), "signature", body, w.name("delivery")))
}

// refunded is a member of a checkout's body.
func refundedAs(checkout, id, amount, status string) string {
	return fmt.Sprintf(`,"refunds":[{"id":"%s","checkoutId":"%s","amount":"%s","currency":"USDC","status":"%s","createdAt":"2026-03-01T12:00:00Z"}]`, id, checkout, amount, status)
}

// item returns the last item of a stream, and its round.
func (w *walk) item(stream eventstore.StreamName) (id string, round int) {
	w.t.Helper()
	for e, err := range w.store.Read(w.t.Context(), stream, 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.HasSuffix(e.Type, "Held") || e.Type == "PaymentMispaid" {
			id = e.ID.String()
		}
	}
	all, err := w.service.PreviewItems(w.t.Context(), stream, []string{id})
	if err != nil {
		w.t.Fatal(err)
	}
	return id, all[id].Item.Round
}

func (w *walk) decide(stream eventstore.StreamName, asked review.Asked) (item string) {
	w.t.Helper()
	item, round := w.item(stream)
	asked.Note = "looked at it"
	_, err := w.service.DecideItem(w.t.Context(), stream, review.Decide{Item: item, Round: round, Asked: asked}, false, w.command("operator:alice"))
	w.ok(err)
	return item
}

func (w *walk) reverse(stream eventstore.StreamName) {
	w.t.Helper()
	item, round := w.item(stream)
	_, err := w.service.ReverseItem(w.t.Context(), stream, review.Reverse{Item: item, Round: round, Note: "not so"}, false, w.command("operator:bob"))
	w.ok(err)
}

func (w *walk) intend(id orders.ID, refund string, amount money.Amount) {
	w.t.Helper()
	_, err := w.service.RefundOrder(w.t.Context(), id, orders.DecideRefund{Refund: refund, Amount: amount, Note: "asked for"}, false, w.command("operator:alice"))
	w.ok(err)
}

func (w *walk) sent(stream eventstore.StreamName, refund string) {
	w.t.Helper()
	confirm := review.Confirm{Refund: refund, Reference: "bank-1", SentAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	_, err := w.service.ConfirmRefund(w.t.Context(), stream, confirm, w.command("operator:alice"))
	w.ok(err)
}

func (w *walk) withdraw(stream eventstore.StreamName, refund string) {
	w.t.Helper()
	_, err := w.service.WithdrawRefund(w.t.Context(), stream, review.Withdraw{Refund: refund}, w.command("operator:alice"))
	w.ok(err)
}

func some(currency money.Currency, decimal string) money.Amount {
	amount, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return amount
}

// TestEveryEditOfADecisionIsFound has one log in which people decide everything that there
// is to decide, and makes each edit of each event that they have made.
func TestEveryEditOfADecisionIsFound(t *testing.T) {
	embedded(t)
	w := newWalk(t)
	w.sales()
	w.merchants()
	w.deposits()
	w.payouts()
	log := w.log()
	if report := w.verify(log); report.Count+report.Evidence.Count > 0 {
		t.Fatalf("nothing was edited: %v %v", report.Differences, report.Evidence.Differences)
	}
	var made []string
	for i := range log {
		if isDecided(log[i].Type) {
			made = append(made, log[i].Type)
		}
	}
	for category, types := range typesOf {
		for _, name := range types {
			if isDecided(name) && !slices.Contains(made, name) {
				t.Errorf("no %s in %s", name, category)
			}
		}
	}
	for _, e := range editsOf(log) {
		if !isDecided(log[e.index].Type) {
			continue
		}
		edited := slices.Clone(log)
		e.do(&edited[e.index])
		if report := w.verify(edited); report.Evidence.Count == 0 {
			t.Errorf("not found: %s of %s at position %s\nwas %s\nis %s", e.what, log[e.index].Type, log[e.index].Position, log[e.index].Data, edited[e.index].Data)
		}
	}
}

func (w *walk) log() (log keptLog) {
	for event, err := range w.store.ReadAll(w.t.Context(), 0, eventstore.WithMetadata) {
		if err != nil {
			w.t.Fatal(err)
		}
		var metadata eventstore.Metadata
		if err := json.Unmarshal(event.Metadata, &metadata); err != nil {
			w.t.Fatal(err)
		}
		log = append(log, event)
	}
	return log
}

func (w *walk) verify(log keptLog) verify.LogReport {
	w.t.Helper()
	report, err := verify.Log(context.Background(), verify.LogOptions{Log: log, Gapless: true, Readers: daybookmain.EvidenceReaders()})
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}

// sales are checkouts: completed, refunded in parts, charged and dismissed.
func (w *walk) sales() {
	const c1, c2, c3, c4 = "order-checkout.c1", "order-checkout.c2", "order-checkout.c3", "order-checkout.c4"
	w.expect("checkout.c1", some("USDC", "10"), orders.ForSale)
	w.checkout("c1", "9.00", `,"transactionHash":"0x`+strings.Repeat("1", 64)+`"`)
	w.decide(c1, review.Asked{Decision: review.Complete}) // short
	w.reverse(c1)
	w.decide(c1, review.Asked{Decision: review.Complete})
	w.intend("checkout.c1", "i1", some("USDC", "1.5"))
	w.intend("checkout.c1", "i2", some("USDC", "2"))
	w.withdraw(c1, "i2")
	w.checkout("c1", "9.00", refundedAs("c1", "r0", "1.50", "FAILED"))
	w.sent(c1, "i1")
	w.checkout("c1", "9.00", refundedAs("c1", "r1", "1.50", "COMPLETED")) // as sent
	w.decide(c1, review.Asked{Decision: review.Charge})
	w.reverse(c1)
	w.decide(c1, review.Asked{Decision: review.Dismiss})
	w.checkout("c1", "9.00", refundedAs("c1", "r2", "9.50", "COMPLETED")) // above what is left
	w.decide(c1, review.Asked{Decision: review.Charge, User: "u2"})
	w.reverse(c1)
	w.decide(c1, review.Asked{Decision: review.Dismiss})
	w.checkout("c1", "9.00", refundedAs("another", "r3", "1.00", "COMPLETED"))
	w.decide(c1, review.Asked{Decision: review.Charge})

	w.expect("checkout.c2", some("EUR", "10"), orders.ForBalance)
	w.checkout("c2", "11.62", `,"fiatAmount":"10.00","fiatCurrency":"EUR","settlement":{"totalAmount":"11.62","feeAmount":"0.12","netAmount":"11.50","currency":"USDC"}`+refundedAs("c2", "r1", "5.81", "COMPLETED"))
	w.checkout("c2", "11.62", refundedAs("c2", "r2", "3.00", "COMPLETED"))
	w.intend("checkout.c2", "i1", some("USDC", "2.81"))
	w.sent(c2, "i1")

	w.checkout("c3", "5.00", `,"transactionHash":"0x`+strings.Repeat("2", 64)+`"`) // not registered
	w.decide(c3, review.Asked{Decision: review.Credit, User: "u2"})
	w.reverse(c3)
	w.checkout("c3", "5.00", refundedAs("c3", "r1", "1.00", "COMPLETED"))
	w.decide(c3, review.Asked{Decision: review.Credit, User: "u3"}) // a part was sent back

	w.checkout("c4", "5.00", `,"transactionHash":"0x`+strings.Repeat("3", 64)+`"`)
	arrived := some("USDC", "4")
	w.decide(c4, review.Asked{Decision: review.Dismiss, Arrived: &arrived})
	w.reverse(c4)
	w.withdraw(c4, w.decide(c4, review.Asked{Decision: review.Refund}))
	w.sent(c4, w.decide(c4, review.Asked{Decision: review.Refund}))
}

// merchants are orders of version 1: contradictions and mispayments.
func (w *walk) merchants() {
	order := func(id, user, cents, more string) string {
		return fmt.Sprintf(`{"order":{"id":"%s","uuid":"f4","created_at":"2026-03-01T10:00:00Z","status":"completed","event":null,"total_native":{"cents":%s,"currency_iso":"USD"},"total_btc":{"cents":1000,"currency_iso":"BTC"},"custom":"%s","mispayments":[%s]}}`, id, cents, user, more)
	}
	const a, b = "order-coinbase.A", "order-coinbase.B"
	w.merchant(order("A", "u1", "1000", ""))
	w.merchant(order("A", "u2", "1200", ""))
	w.decide(a, review.Asked{Decision: review.Credit}) // of the contradiction
	w.reverse(a)
	w.decide(a, review.Asked{Decision: review.Dismiss})
	w.reverse(a)
	w.decide(a, review.Asked{Decision: review.Credit, User: "u3"})

	w.merchant(order("B", "u1", "1000", `{"id":"M1","created_at":"2026-03-01T11:00:00Z","total_native":{"cents":250,"currency_iso":"USD"}}`))
	w.decide(b, review.Asked{Decision: review.Credit, User: "u2"})
	w.reverse(b)
	w.decide(b, review.Asked{Decision: review.Dismiss})
	w.reverse(b)
	w.sent(b, w.decide(b, review.Asked{Decision: review.Refund}))
	w.merchant(order("B", "u1", "1000", `{"x":1,"created_at":"2026-03-01T11:00:00Z"}`)) // without an id or an amount
	amount := some("USD", "3")
	w.decide(b, review.Asked{Decision: review.Credit, User: "u2", Amount: &amount})
}

func (w *walk) deposits() {
	body := func(amount, hash string) string {
		return fmt.Sprintf(`{"address":"%s","amount":%s,"transaction":{"hash":%s}}`, addresses[0], amount, hash)
	}
	stream := eventstore.StreamName(address.NewID(addresses[0]).Stream())
	w.merchant(body("0.5", `"ab12"`))
	w.decide(stream, review.Asked{Decision: review.Credit, User: "u1"})
	w.reverse(stream)
	w.decide(stream, review.Asked{Decision: review.Dismiss})
	w.reverse(stream)
	w.withdraw(stream, w.decide(stream, review.Asked{Decision: review.Refund}))
	w.sent(stream, w.decide(stream, review.Asked{Decision: review.Refund}))
	w.merchant(body("1.25", "null"))
	w.merchant(body("1.25", "null"))
	times := 2
	w.decide(stream, review.Asked{Decision: review.Credit, User: "u2", Times: &times})
}

func (w *walk) payouts() {
	body := func(total string) string {
		return fmt.Sprintf(`{"payout":{"id":"P","created_at":"2026-03-02T10:00:00Z","payout_date":"2026-03-04T10:00:00Z","status":"Complete","fees":{"coinbase":{"cents":57,"currency_iso":"USD"}},"subtotal":{"amount":"%s","currency":"USD"},"total":{"amount":"56.00","currency":"USD"},"order_codes":["A","B"]}}`, total)
	}
	const stream = "payout-P"
	w.merchant(body("56.57"))
	w.merchant(body("57.57"))
	w.decide(stream, review.Asked{Decision: review.Credit})
	w.reverse(stream)
	w.decide(stream, review.Asked{Decision: review.Dismiss})
	w.merchant(body("none"))
	amount := some("USD", "55")
	w.decide(stream, review.Asked{Decision: review.Credit, Amount: &amount})
}
