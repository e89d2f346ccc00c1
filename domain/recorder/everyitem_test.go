package recorder_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
	"daybook/eventstore"
)

// provider is what really happened at Coinbase, beside what was reported of it.
type provider struct {
	desk
	r        *rand.Rand
	came     map[string]payment.Transfer // by hash
	sentBack map[string]money.Amount     // by the id of a refund, or of an intent
	streams  []eventstore.StreamName
	intents  []string
}

const seeds = 30

// TestEveryItemIsDecidedAndTheBookIsThatOfTheProvider reports payments and refunds of two
// checkouts in any order, with people who decide in between, and decides in the end what
// is open.
func TestEveryItemIsDecidedAndTheBookIsThatOfTheProvider(t *testing.T) {
	n := uint64(seeds)
	if testing.Short() {
		n = 5
	}
	for seed := range n {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := &provider{
				desk: newDesk(t), r: rand.New(rand.NewPCG(seed, 0)), came: make(map[string]payment.Transfer), sentBack: make(map[string]money.Amount),
				streams: []eventstore.StreamName{streamC, "order-checkout.c2"},
			}
			defer p.dump()
			for range 30 {
				p.act()
			}
			p.settle()
			p.check()
			p.proved()
		})
	}
}

func pick[T any](p *provider, of ...T) T { return of[p.r.IntN(len(of))] }

func (p *provider) act() {
	p.t.Helper()
	id := pick(p, "c1", "c2")
	switch p.r.IntN(8) {
	case 0, 1:
		p.transfer(id)
	case 2:
		p.registers(order.ID("checkout." + id))
	case 3:
		p.registers("site.R")
	case 4:
		p.refund(id, pick(p, "re_1", "re_2", "re_3"))
	case 5:
		p.intends(id)
	default:
		p.decides()
	}
}

// transfer reports a transaction to a checkout. Each was one amount; the fee and the quoted
// amount are not always in the report.
func (p *provider) transfer(id string) {
	p.t.Helper()
	hash := id + pick(p, "-1", "-1", "-1", "-2")
	t, known := p.came[hash]
	if !known {
		t = payment.Transfer{Amount: moneyOf(pick(p, "10.00", "10.00", "9.00", "12.34") + " USDC"), Fee: moneyOf("0.11 USDC"), Hash: hash}
		if p.r.IntN(2) == 0 {
			t.Quoted = moneyOf("8.88 EUR")
		}
		p.came[hash] = t
	}
	quoted, fee := "", pick(p, "", t.Fee.String())
	if !t.Quoted.IsZero() {
		quoted = t.Quoted.String()
	}
	p.checkout(id, pick(p, "", "R"), t.Amount.String(), quoted, fee, "0x"+hash)
}

func (p *provider) registers(id order.ID) {
	terms := order.Terms{User: pick(p, "u1", "u2"), Amount: moneyOf(pick(p, "10.00 USDC", "8.88 EUR")), For: pick(p, order.ForBalance, order.ForSale)}
	_, err := p.RegisterOrder(p.t.Context(), id, terms, false, p.command("website:shop")) // other terms are refused
	_ = err
}

// refund reports a refund, which was one amount.
func (p *provider) refund(id, refund string) {
	if _, came := p.came[id+"-1"]; !came {
		return
	}
	key := id + " " + refund
	amount := p.sentBack[key]
	if amount.IsZero() {
		amount = moneyOf(pick(p, "1.00", "3.33", "10.00") + " USDC")
	}
	status := pick(p, "PENDING", "FAILED", "COMPLETED", "COMPLETED")
	if status == "COMPLETED" {
		p.sentBack[key] = amount
	}
	p.refunded(id, refund, amount.String(), status)
}

// intends decides a refund of an order, confirms or withdraws one.
func (p *provider) intends(id string) {
	refund := fmt.Sprint("r", len(p.intents))
	if p.r.IntN(2) == 0 {
		if p.intend(order.ID("checkout."+id), refund, pick(p, "1.00", "3.33")+" USDC") == nil {
			p.intents = append(p.intents, id+" "+refund)
		}
		return
	}
	if len(p.intents) == 0 {
		return
	}
	id, refund, _ = strings.Cut(pick(p, p.intents...), " ")
	p.ends(eventstore.StreamName("order-checkout."+id), refund, refund)
}

// ends confirms or withdraws a refund. A confirmed one has gone out.
func (p *provider) ends(stream eventstore.StreamName, refund, reference string) {
	p.t.Helper()
	if p.r.IntN(2) == 0 {
		_, err := p.WithdrawRefund(p.t.Context(), stream, review.Withdraw{Refund: refund}, p.command("operator:alice"))
		_ = err // it may be sent
		return
	}
	p.confirm(stream, refund, reference)
}

func (p *provider) confirm(stream eventstore.StreamName, refund, reference string) {
	p.t.Helper()
	made, err := p.ConfirmRefund(p.t.Context(), stream, review.Confirm{Refund: refund, Reference: reference, SentAt: moment}, p.command("operator:alice"))
	if err == nil {
		p.sentBack[string(stream)+made.Refund] = made.Amount
	}
}

// undo undoes the decision about an item.
func (p *provider) undo(stream eventstore.StreamName, item string) error {
	p.t.Helper()
	err := p.reverse(stream, item)
	if err == nil {
		delete(p.sentBack, "same "+item)
	}
	return err
}

// decides makes some decision, undoes one, or ends the refund of an item.
func (p *provider) decides() {
	p.t.Helper()
	stream := pick(p, p.streams...)
	ids := p.items(stream)
	if len(ids) == 0 {
		return
	}
	item := pick(p, ids...)
	switch p.r.IntN(4) {
	case 0:
		_ = p.undo(stream, item) // it may not be decided
	case 1:
		p.ends(stream, item, item)
	default:
		asked := review.Asked{Decision: pick(p, review.Credit, review.Complete, review.Dismiss, review.Refund, review.Charge)}
		if asked.Decision == review.Credit {
			asked.User = "u3"
		}
		p.tries(stream, item, asked)
	}
}

// tries decides as people would who know what came: a hold that posted nothing came, if it
// is a transfer of its own.
func (p *provider) tries(stream eventstore.StreamName, item string, asked review.Asked) bool {
	p.t.Helper()
	preview, err := p.PreviewItems(p.t.Context(), stream, []string{item})
	p.ok(err)
	held := p.heldAs(stream, item)
	isSame := held.Reason == payment.RefundSame && held.Type == "RefundHeld"
	if asked.Decision == review.Dismiss && held.Reason == payment.AnotherTransfer && preview[item].Item.IsOpen() {
		asked.Arrived = held.Amount.Optional()
	}
	_, err = p.decideItem(stream, item, asked, false)
	if err != nil && asked.Arrived != nil { // it stands posted under another item
		asked.Arrived = nil
		_, err = p.decideItem(stream, item, asked, false)
	}
	if err == nil && isSame && asked.Decision == review.Dismiss {
		p.sentBack["same "+item] = held.Amount.Neg() // it is the one that was confirmed
	}
	return err == nil
}

type heldAs struct {
	Type   string
	Reason payment.Reason
	Amount money.Amount
}

func (p *provider) heldAs(stream eventstore.StreamName, item string) heldAs {
	p.t.Helper()
	for _, e := range p.read(stream) {
		if e.ID.String() != item {
			continue
		}
		switch e.Type {
		case "PaymentHeld":
			held := decoded[order.PaymentHeld](p.t, e)
			return heldAs{e.Type, held.Reason, *held.Amount}
		case "RefundHeld":
			held := decoded[order.RefundHeld](p.t, e)
			return heldAs{e.Type, held.Reason, *held.Amount}
		}
		return heldAs{Type: e.Type}
	}
	p.t.Fatalf("no item %s", item)
	return heldAs{}
}

// settle decides about all that is open, until nothing is.
func (p *provider) settle() {
	p.t.Helper()
	for _, intent := range p.intents {
		id, refund, _ := strings.Cut(intent, " ")
		p.confirm(eventstore.StreamName("order-checkout."+id), refund, refund)
	}
	for _, stream := range p.streams {
		for _, item := range p.items(stream) {
			p.confirm(stream, item, item)
		}
	}
	for _, stream := range p.streams {
		for _, item := range p.items(stream) {
			p.settleItem(stream, item)
		}
	}
}

func (p *provider) settleItem(stream eventstore.StreamName, item string) {
	p.t.Helper()
	preview, err := p.PreviewItems(p.t.Context(), stream, []string{item})
	p.ok(err)
	if !preview[item].Item.IsOpen() {
		return
	}
	before := p.book()
	for _, verb := range []review.Verb{review.Complete, review.Credit, review.Dismiss} {
		if !p.tries(stream, item, review.Asked{Decision: verb}) {
			continue
		}
		after := p.book()
		if err := p.undo(stream, item); err == nil {
			if got := p.book(); !maps.Equal(got, before) {
				p.t.Fatalf("the reversal of %s leaves %v, want %v", verb, got, before)
			}
			p.tries(stream, item, review.Asked{Decision: verb})
			if got := p.book(); !maps.Equal(got, after) {
				p.t.Fatalf("%s again leaves %v, want %v", verb, got, after)
			}
		}
		return
	}
	p.t.Fatalf("item %s of %s cannot be decided: %+v", item, stream, p.heldAs(stream, item))
}

// check compares the book with what came and went back.
func (p *provider) check() {
	p.t.Helper()
	book := p.book()
	for account, sum := range book {
		if strings.HasPrefix(account, suspense) {
			p.t.Errorf("%s has %s when everything is decided", account, sum)
		}
	}
	total := money.Zero("USDC")
	sum := func(a money.Amount) {
		var err error
		if total, err = total.Add(a); err != nil {
			p.t.Fatal(err)
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(p.came)) {
		sum(p.came[hash].Amount)
	}
	for _, amount := range p.sentBack {
		if !amount.IsZero() {
			sum(amount.Neg())
		}
	}
	has := money.Zero("USDC")
	for _, account := range []string{"assets:checkout USDC", "expenses:fees:checkout USDC"} {
		if text := book[account]; text != "" {
			a := moneyOf(strings.TrimPrefix(text, "-") + " USDC")
			if strings.HasPrefix(text, "-") {
				a = a.Neg()
			}
			var err error
			has, err = has.Add(a)
			p.ok(err)
		}
	}
	if has != total {
		p.t.Errorf("the provider has and kept %s, and the book %s", total, has)
	}
}

// dump shows what the streams have when the test has failed.
func (p *provider) dump() {
	if !p.t.Failed() || !testing.Verbose() {
		return
	}
	for _, e := range p.all() {
		p.t.Logf("%s %s %s %s", e.ID, e.Stream, e.Type, e.Data)
	}
}
