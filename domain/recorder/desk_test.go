package recorder_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
)

// desk is a world in which people decide.
type desk struct{ *world }

func newDesk(t *testing.T) desk {
	w := newWorld(t)
	w.Recorder = recorder.New(w.log, recorder.Policy{
		Checkout: payment.Needs{payment.Signature, payment.Registered}, References: []string{order.Checkout, order.Coinbase},
	})
	return desk{w}
}

func (d desk) command(actor string) recorder.Command {
	return recorder.Command{ID: eventstore.NewULID(time.Now()), Actor: actor}
}

// expect registers what the website expects of an order.
func (d desk) expect(id order.ID, user, price string, purpose order.Purpose) {
	d.t.Helper()
	terms := order.Terms{User: user, Amount: moneyOf(price), For: purpose}
	if _, err := d.RegisterOrder(d.t.Context(), id, terms, false, d.command("website:shop")); err != nil {
		d.t.Fatal(err)
	}
}

// moneyOf reads "10.00 USD".
func moneyOf(text string) money.Amount {
	decimal, currency, _ := strings.Cut(text, " ")
	return amount(money.Currency(currency), decimal)
}

func optional(text string) (none money.Amount) {
	if text == "" {
		return none
	}
	return moneyOf(text)
}

// v1 reports a completed order of version 1.
func (d desk) v1(id, custom, paid string) {
	d.t.Helper()
	d.tell(said{V1: id, User: custom, Amount: paid})
}

// checkout reports a paid checkout: its amount, its quoted amount, its fee, and the hash.
func (d desk) checkout(id, reference, paid, quoted, fee, hash string) {
	d.t.Helper()
	d.tell(said{Checkout: id, Reference: reference, Amount: paid, Quoted: quoted, Fee: fee, Hash: hash})
}

// refunded reports a refund of a checkout.
func (d desk) refunded(id, refund, back, status string) {
	d.t.Helper()
	d.tell(said{Checkout: id, Refund: refund, Amount: back, Status: status, Hash: "0x" + refund})
}

func (d desk) tell(s said) {
	d.t.Helper()
	d.ok(s.report(d.t.Context(), d.Recorder))
}

// items returns the ids of the items of a stream, in the order in which they were opened.
func (d desk) items(stream eventstore.StreamName) (ids []string) {
	d.t.Helper()
	for _, e := range d.read(stream) {
		event, err := ledger.Decode(e)
		if err != nil {
			d.t.Fatal(err)
		}
		if opening, opens := event.(interface{ OpensItem() string }); opens {
			ids = append(ids, opening.OpensItem())
		}
		if e.Type == "PayoutHeld" {
			ids = append(ids, e.ID.String())
		}
	}
	return ids
}

func (d desk) item(stream eventstore.StreamName) string {
	d.t.Helper()
	ids := d.items(stream)
	if len(ids) == 0 {
		d.t.Fatalf("%s has no item", stream)
	}
	return ids[len(ids)-1]
}

// decide decides about the last item of a stream, in its present round.
func (d desk) decide(stream eventstore.StreamName, asked review.Asked) recorder.Decision {
	d.t.Helper()
	made, err := d.decideItem(stream, d.item(stream), asked, false)
	if err != nil {
		d.t.Fatal(err)
	}
	return made
}

func (d desk) decideItem(stream eventstore.StreamName, item string, asked review.Asked, isDryRun bool) (recorder.Decision, error) {
	d.t.Helper()
	if asked.Note == "" {
		asked.Note = "a note"
	}
	decide := review.Decide{Item: item, Round: d.round(stream, item), Asked: asked}
	return d.DecideItem(d.t.Context(), stream, decide, isDryRun, d.command("operator:alice"))
}

func (d desk) round(stream eventstore.StreamName, item string) int {
	d.t.Helper()
	previews, err := d.PreviewItems(d.t.Context(), stream, []string{item})
	if err != nil {
		d.t.Fatal(err)
	}
	return previews[item].Item.Round
}

func (d desk) reverse(stream eventstore.StreamName, item string) error {
	d.t.Helper()
	reverse := review.Reverse{Item: item, Round: d.round(stream, item), Note: "a mistake"}
	_, err := d.ReverseItem(d.t.Context(), stream, reverse, false, d.command("operator:bob"))
	return err
}

func (d desk) intend(id order.ID, refund, back string) error {
	_, err := d.RefundOrder(d.t.Context(), id, order.DecideRefund{Refund: refund, Amount: moneyOf(back), Note: "too small"}, false, d.command("operator:alice"))
	return err
}

func (d desk) sent(stream eventstore.StreamName, refund, reference string) error {
	_, err := d.ConfirmRefund(d.t.Context(), stream, review.Confirm{Refund: refund, Reference: reference, SentAt: moment}, d.command("operator:alice"))
	return err
}

// book returns what the accounts have: "assets:checkout USDC" to "9.900000".
func (d desk) book() map[string]string {
	d.t.Helper()
	sums := make(map[string]money.Amount)
	for _, e := range d.all() {
		event, err := ledger.Decode(e)
		if err != nil {
			d.t.Fatal(err)
		}
		entry, err := ledger.Post(event)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, line := range entry.Lines {
			key := string(line.Account) + " " + string(line.Amount.Currency())
			if sums[key], err = sums[key].Add(line.Amount); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	book := make(map[string]string)
	for key, sum := range sums {
		if sum.Sign() != 0 {
			book[key] = sum.Decimal()
		}
	}
	return book
}

// has expects the accounts to have exactly this: "assets:checkout USDC 9.900000".
func (d desk) has(lines ...string) {
	d.t.Helper()
	var got []string
	for key, sum := range d.book() {
		got = append(got, key+" "+sum)
	}
	slices.Sort(got)
	slices.Sort(lines)
	if !slices.Equal(got, lines) {
		d.t.Errorf("the accounts have\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// refuses expects an error.
func (d desk) refuses(err, want error) {
	d.t.Helper()
	if !errors.Is(err, want) {
		d.t.Errorf("got error %v, want %v", err, want)
	}
}

func (d desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// undone expects that the reversal of what was decided restores every account.
func (d desk) undone(stream eventstore.StreamName, item string, before map[string]string) {
	d.t.Helper()
	d.ok(d.reverse(stream, item))
	if got := d.book(); !maps.Equal(got, before) {
		d.t.Errorf("after the reversal the accounts have %v, want %v", got, before)
	}
}
