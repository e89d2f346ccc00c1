package recorder_test

import (
	"maps"
	"slices"
	"testing"

	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
)

const (
	streamA = "order-coinbase.A"
	streamC = "order-checkout.c1"
)

func TestASaleIsRefundedInPartsByIntentAndByReport(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForSale)
	d.checkout("c1", "", "10.00 USDC", "", "0.10 USDC", "0xaa")
	d.has("assets:checkout USDC 9.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -10.000000")

	d.ok(d.intend("checkout.c1", "r1", "3.00 USDC"))
	d.ok(d.intend("checkout.c1", "r1", "3.00 USDC"))                            // again
	d.refuses(d.intend("checkout.c1", "r1", "4.00 USDC"), review.ErrDecided)    // otherwise
	d.refuses(d.intend("checkout.c1", "r2", "7.01 USDC"), review.ErrImpossible) // the rest is 7.00
	d.refuses(d.intend("checkout.c1", "r2", "7.00 EUR"), review.ErrMissing)     // not what was received
	d.has("assets:checkout USDC 9.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -10.000000")

	d.refunded("c1", "re_1", "3.00 USDC", "PENDING")
	d.refunded("c1", "re_1", "3.00 USDC", "FAILED") // the intent stays open
	d.refunded("c1", "re_2", "3.00 USDC", "COMPLETED")
	d.refunded("c1", "re_2", "3.00 USDC", "COMPLETED")
	d.has("assets:checkout USDC 6.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -7.000000")

	d.refunded("c1", "re_3", "2.00 USDC", "COMPLETED") // of its own
	d.has("assets:checkout USDC 4.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -5.000000")

	d.ok(d.intend("checkout.c1", "r3", "1.00 USDC"))
	d.ok(d.sent(streamC, "r3", "bank-17"))
	d.ok(d.sent(streamC, "r3", "bank-17"))
	d.refuses(d.sent(streamC, "r3", "bank-18"), review.ErrRefundDone)
	d.has("assets:checkout USDC 3.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -4.000000")

	d.refunded("c1", "re_4", "1.00 USDC", "COMPLETED") // equals the confirmed one
	d.has("assets:checkout USDC 3.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -4.000000")
	same := d.item(streamC)
	d.decide(streamC, review.Asked{Decision: review.Charge})
	d.has("assets:checkout USDC 2.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -3.000000")
	d.refuses(d.intend("checkout.c1", "r4", "3.01 USDC"), review.ErrImpossible)
	d.ok(d.reverse(streamC, same))
	d.decide(streamC, review.Asked{Decision: review.Dismiss})
	d.has("assets:checkout USDC 3.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -4.000000")

	d.refunded("c1", "re_5", "5.00 USDC", "COMPLETED") // 1.00 above what is left
	above := d.item(streamC)
	d.has("assets:checkout USDC -1.100000", "expenses:fees:checkout USDC 0.100000", "liabilities:suspense:"+above+" USDC 1.000000")
	before := d.book()
	d.decide(streamC, review.Asked{Decision: review.Charge, User: "u1"})
	d.has("assets:checkout USDC -1.100000", "expenses:fees:checkout USDC 0.100000", "liabilities:users:u1 USDC 1.000000")
	d.undone(streamC, above, before)
	d.decide(streamC, review.Asked{Decision: review.Dismiss})
	d.has("assets:checkout USDC -1.100000", "expenses:fees:checkout USDC 0.100000", "expenses:unexplained USDC 1.000000")
	d.refuses(d.intend("checkout.c1", "r9", "0.01 USDC"), review.ErrImpossible)
}

func TestASiteOrderIsPaidByTwoCheckouts(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("site.R", "u1", "10.00 USDC", order.ForSale)
	d.checkout("c1", "R", "10.00 USDC", "", "", "0xaa")
	d.checkout("c2", "R", "10.00 USDC", "", "", "0xbb")
	second := d.item("order-checkout.c2")
	d.has("assets:checkout USDC 20.000000", "income:sales USDC -10.000000", "liabilities:suspense:"+second+" USDC -10.000000")
	_, err := d.decideItem("order-checkout.c2", second, review.Asked{Decision: review.Complete}, false)
	d.refuses(err, review.ErrImpossible)

	before := d.book()
	d.decide("order-checkout.c2", review.Asked{Decision: review.Credit})
	d.has("assets:checkout USDC 20.000000", "income:sales USDC -10.000000", "liabilities:users:u1 USDC -10.000000")
	d.undone("order-checkout.c2", second, before)

	d.decide("order-checkout.c2", review.Asked{Decision: review.Refund})
	_, err = d.decideItem("order-checkout.c2", second, review.Asked{Decision: review.Credit}, false)
	d.refuses(err, review.ErrDecided)
	d.refuses(d.reverse("order-checkout.c2", second), review.ErrRefundOpen)
	d.refunded("c2", "re_1", "10.00 USDC", "COMPLETED")
	d.has("assets:checkout USDC 10.000000", "income:sales USDC -10.000000")
	d.refuses(d.reverse("order-checkout.c2", second), review.ErrRefundDone)

	d.ok(d.intend("site.R", "r1", "10.00 USDC")) // of the payment that settled it
	d.ok(d.sent(streamC, "r1", "bank-1"))
	d.has()
}

func TestAWrongCreditIsReversedAndGivenToAnother(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.v1("A", "", "10.00 USD")
	item := d.item(streamA)
	before := d.book()
	d.has("assets:coinbase USD 10.00", "liabilities:suspense:"+item+" USD -10.00")

	_, err := d.decideItem(streamA, item, review.Asked{Decision: review.Credit}, false)
	d.refuses(err, review.ErrMissing) // whose it is
	tried, err := d.decideItem(streamA, item, review.Asked{Decision: review.Credit, User: "u1"}, true)
	d.ok(err)
	d.has("assets:coinbase USD 10.00", "liabilities:suspense:"+item+" USD -10.00")
	made := d.decide(streamA, review.Asked{Decision: review.Credit, User: "u1"})
	if len(tried.Lines) == 0 || !slices.Equal(tried.Lines, made.Lines) {
		t.Errorf("a dry run posts %v, and the decision %v", tried.Lines, made.Lines)
	}
	d.has("assets:coinbase USD 10.00", "liabilities:users:u1 USD -10.00")
	d.v1("A", "u1", "10.00 USD") // Coinbase repeats it
	d.has("assets:coinbase USD 10.00", "liabilities:users:u1 USD -10.00")

	undo := review.Reverse{Item: item, Note: "a mistake"}
	undone, err := d.ReverseItem(t.Context(), streamA, undo, false, d.command("operator:bob"))
	d.ok(err)
	if book := d.book(); !maps.Equal(book, before) {
		t.Errorf("after the reversal the accounts have %v, want %v", book, before)
	}
	lost, err := d.ReverseItem(t.Context(), streamA, undo, false, d.command("operator:bob"))
	if err != nil || lost.Outcome != recorder.Duplicate || len(undone.Lines) == 0 || !slices.Equal(lost.Lines, undone.Lines) {
		t.Errorf("the reversal again: got %+v, %v, want %+v", lost, err, undone)
	}
	d.decide(streamA, review.Asked{Decision: review.Credit, User: "u2"})
	d.has("assets:coinbase USD 10.00", "liabilities:users:u2 USD -10.00")

	old := review.Decide{Item: item, Asked: review.Asked{Decision: review.Credit, User: "u1", Note: "a note"}}
	again, err := d.DecideItem(t.Context(), streamA, old, false, d.command("operator:alice")) // of the first round
	if err != nil || !slices.Equal(again.Lines, made.Lines) {
		t.Errorf("the first decision again: got %+v, %v", again, err)
	}
	old.Asked.User = "u3"
	_, err = d.DecideItem(t.Context(), streamA, old, false, d.command("operator:alice"))
	d.refuses(err, review.ErrRound)
	d.has("assets:coinbase USD 10.00", "liabilities:users:u2 USD -10.00")
}

func TestAContradictionAboutTheUserIsReleased(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.v1("A", "u1", "10.00 USD")
	d.v1("A", "u2", "10.00 USD")
	item := d.item(streamA)
	before := d.book()
	d.has("assets:coinbase USD 10.00", "liabilities:users:u1 USD -10.00")
	_, err := d.decideItem(streamA, item, review.Asked{Decision: review.Refund}, false)
	d.refuses(err, review.ErrImpossible)

	d.decide(streamA, review.Asked{Decision: review.Credit})
	d.has("assets:coinbase USD 10.00", "liabilities:users:u2 USD -10.00")
	d.v1("A", "u1", "10.00 USD")
	d.v1("A", "u2", "10.00 USD")
	d.undone(streamA, item, before)
	d.decide(streamA, review.Asked{Decision: review.Dismiss})
	d.has("assets:coinbase USD 10.00", "liabilities:users:u1 USD -10.00")
}

func TestAContradictionAboutTheAmountOrTheCurrencyIsReleased(t *testing.T) {
	for paid, want := range map[string]string{"12.50 USD": "USD -12.50", "9.00 EUR": "EUR -9.00"} {
		d := newDesk(t)
		defer d.proved()
		d.v1("A", "u1", "10.00 USD")
		d.v1("A", "u1", paid)
		d.decide(streamA, review.Asked{Decision: review.Credit})
		book := d.book()
		if len(book) != 2 || book["liabilities:users:u1 "+want[:3]] != want[4:] || book["assets:coinbase "+want[:3]] != want[5:] {
			t.Errorf("%s: the accounts have %v", paid, book)
		}
	}
}

func TestTenEurosPaidAsStablecoinsAreRefundedByHalf(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 EUR", order.ForBalance)
	d.checkout("c1", "", "11.62 USDC", "10.00 EUR", "0.12 USDC", "0xaa")
	exchange := "equity:exchange:checkout%2Fc1 "
	d.has("assets:checkout USDC 11.500000", "expenses:fees:checkout USDC 0.120000", exchange+"USDC -11.620000", exchange+"EUR 10.00", "liabilities:users:u1 EUR -10.00")
	d.ok(d.intend("checkout.c1", "r1", "5.81 USDC"))
	d.refunded("c1", "re_1", "5.81 USDC", "COMPLETED")
	d.has("assets:checkout USDC 5.690000", "expenses:fees:checkout USDC 0.120000", exchange+"USDC -5.810000", exchange+"EUR 5.00", "liabilities:users:u1 EUR -5.00")
	d.refunded("c1", "re_2", "3.00 USDC", "COMPLETED") // 2.5817... EUR, rounded down
	d.has("assets:checkout USDC 2.690000", "expenses:fees:checkout USDC 0.120000", exchange+"USDC -2.810000", exchange+"EUR 2.42", "liabilities:users:u1 EUR -2.42")
	d.refunded("c1", "re_3", "2.81 USDC", "COMPLETED") // the rest
	d.has("assets:checkout USDC -0.120000", "expenses:fees:checkout USDC 0.120000")
}

func TestASecondTransferToOneCheckout(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForSale)
	d.checkout("c1", "", "10.00 USDC", "", "0.10 USDC", "0xaa")
	d.checkout("c1", "", "10.00 USDC", "", "0.10 USDC", "0xbb")
	item := d.item(streamC)
	before := d.book()
	d.has("assets:checkout USDC 9.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -10.000000")
	d.decide(streamC, review.Asked{Decision: review.Credit})
	d.has("assets:checkout USDC 19.800000", "expenses:fees:checkout USDC 0.200000", "income:sales USDC -10.000000", "liabilities:users:u1 USDC -10.000000")
	d.undone(streamC, item, before)
	d.decide(streamC, review.Asked{Decision: review.Refund}) // of a hold that has posted nothing
	d.ok(d.sent(streamC, item, "bank-1"))
	d.has("assets:checkout USDC 9.900000", "expenses:fees:checkout USDC 0.100000", "income:sales USDC -10.000000")
}

// TestARefundHasAnIDOfItsOwn refuses the id of an item, under which its own refund is known.
func TestARefundHasAnIDOfItsOwn(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForSale)
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa")
	d.checkout("c1", "", "10.00 USDC", "", "", "0xbb")
	d.refuses(d.intend("checkout.c1", d.item(streamC), "1.00 USDC"), review.ErrImpossible)
}

func TestAShortSaleIsCompleted(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForSale)
	d.checkout("c1", "", "9.00 USDC", "", "", "0xaa")
	item := d.item(streamC)
	before := d.book()
	d.decide(streamC, review.Asked{Decision: review.Complete})
	d.has("assets:checkout USDC 9.000000", "expenses:shortfall USDC 1.000000", "income:sales USDC -10.000000")
	d.undone(streamC, item, before)
	d.decide(streamC, review.Asked{Decision: review.Complete})
	d.ok(d.intend("checkout.c1", "r1", "4.00 USDC"))
	d.ok(d.sent(streamC, "r1", "x"))
	d.has("assets:checkout USDC 5.000000", "expenses:shortfall USDC 1.000000", "income:sales USDC -6.000000")
	d.refunded("c1", "re_2", "5.00 USDC", "COMPLETED") // all of it: the loss is none any more
	d.has()
}

func TestASaleInAnotherCurrencyIsCompleted(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USD", order.ForSale)
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa") // USDC is not USD
	d.decide(streamC, review.Asked{Decision: review.Complete})
	exchange := "equity:exchange:checkout%2Fc1 "
	d.has("assets:checkout USDC 10.000000", exchange+"USDC -10.000000", exchange+"USD 10.00", "income:sales USD -10.00")
}

func TestAMispaymentOfWhichAPartWentBackIsDecided(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForBalance)
	d.checkout("c1", "", "9.00 USDC", "", "0.09 USDC", "0xaa")
	d.refunded("c1", "re_1", "2.00 USDC", "COMPLETED")
	item := d.item(streamC)
	d.has("assets:checkout USDC 6.910000", "expenses:fees:checkout USDC 0.090000", "liabilities:suspense:"+item+" USDC -7.000000")
	d.decide(streamC, review.Asked{Decision: review.Credit})
	d.has("assets:checkout USDC 6.910000", "expenses:fees:checkout USDC 0.090000", "liabilities:users:u1 USDC -7.000000")
	d.refuses(d.reverse(streamC, item), review.ErrRefundDone)
}

func TestARefundIsReportedBeforeItsPayment(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForBalance)
	d.refunded("c1", "re_1", "4.00 USDC", "COMPLETED")
	d.has()
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa")
	d.has("assets:checkout USDC 6.000000", "liabilities:users:u1 USDC -6.000000")
}

func TestTheRefundOfASecondTransferIsReported(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForBalance)
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa")
	d.checkout("c1", "", "10.00 USDC", "", "", "0xbb")
	d.decide(streamC, review.Asked{Decision: review.Refund})
	d.refunded("c1", "re_1", "10.00 USDC", "COMPLETED") // it does not say of which transfer
	d.has("assets:checkout USDC 10.000000", "liabilities:users:u1 USDC -10.000000")
}

// TestAFeeThatIsLearnedLaterStaysOne reports the fee after a decision and before another.
func TestAFeeThatIsLearnedLaterStaysOne(t *testing.T) {
	d := newDesk(t)
	defer d.proved()
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa")
	d.decide(streamC, review.Asked{Decision: review.Credit, User: "u1"})
	item := d.item(streamC)
	d.checkout("c1", "", "10.00 USDC", "", "0.10 USDC", "0xaa")
	want := []string{"assets:checkout USDC 9.900000", "expenses:fees:checkout USDC 0.100000", "liabilities:users:u1 USDC -10.000000"}
	d.has(want...)
	d.ok(d.reverse(streamC, item))
	d.has(want[0], want[1], "liabilities:suspense:"+item+" USDC -10.000000")
	d.decide(streamC, review.Asked{Decision: review.Credit, User: "u1"})
	d.checkout("c1", "", "10.00 USDC", "", "0.10 USDC", "0xaa")
	d.has(want...)
}

// A report of a refund can precede the registration of its order.
func TestAnOrderIsRegisteredAfterItsRefundWasReported(t *testing.T) {
	d := newDesk(t)
	d.refunded("c1", "re_1", "3.00 USDC", "COMPLETED")
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForBalance)
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa")
	d.has("assets:checkout USDC 7.000000", "liabilities:users:u1 USDC -7.000000")
}

// What is about to be sent back stands posted until then, whichever report is looked at.
func TestADepositThatIsSentBackIsGivenToNobody(t *testing.T) {
	d := newDesk(t)
	stream := eventstore.StreamName(ours.Stream())
	d.deposit(ours, deposited("ab12"), delivery("d1", "1"), recorder.Held)
	d.decide(stream, review.Asked{Decision: review.Refund})
	unreadable := deposited("ab12")
	unreadable.Amount = money.Amount{}
	d.deposit(ours, unreadable, delivery("d2", "2"), recorder.Held)
	_, err := d.decideItem(stream, d.item(stream), review.Asked{Decision: review.Credit, User: "u1", Amount: new(moneyOf("2.00000000 BTC"))}, false)
	d.refuses(err, review.ErrRefundOpen)
}
