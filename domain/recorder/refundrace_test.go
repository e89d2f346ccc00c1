package recorder_test

import (
	"math"
	"testing"

	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/verify"
)

func paidCheckout(t *testing.T) desk {
	d := newDesk(t)
	d.expect("checkout.c1", "u1", "10.00 USDC", order.ForBalance)
	d.checkout("c1", "", "10.00 USDC", "", "", "0xaa")
	return d
}

// TestAReportBeforeItsConfirmationMovesMoneyOnce confirms a refund by the id of a report that
// is posted already, as one of its own or as another refund of the same amount.
func TestAReportBeforeItsConfirmationMovesMoneyOnce(t *testing.T) {
	for name, intents := range map[string][]string{"of its own": {"r1"}, "as another": {"r1", "r2"}} {
		t.Run(name, func(t *testing.T) {
			d := paidCheckout(t)
			defer d.proved()
			if len(intents) == 1 {
				d.refunded("c1", "re_1", "5.00 USDC", "COMPLETED")
			}
			for _, refund := range intents {
				d.ok(d.intend("checkout.c1", refund, "5.00 USDC"))
			}
			if len(intents) == 2 {
				d.refunded("c1", "re_1", "5.00 USDC", "COMPLETED") // completes r1
			}
			d.refuses(d.sent(streamC, intents[len(intents)-1], "re_1"), review.ErrImpossible)
			d.has("assets:checkout USDC 5.000000", "liabilities:users:u1 USDC -5.000000")
		})
	}
}

// TestAReportThatMayBeOfAConfirmedRefundWaits has two refunds of one amount, of which one was
// confirmed by another reference than the report has.
func TestAReportThatMayBeOfAConfirmedRefundWaits(t *testing.T) {
	d := paidCheckout(t)
	defer d.proved()
	d.ok(d.intend("checkout.c1", "r1", "5.00 USDC"))
	d.ok(d.intend("checkout.c1", "r2", "5.00 USDC"))
	d.ok(d.sent(streamC, "r1", "portal"))
	d.refunded("c1", "re_1", "5.00 USDC", "COMPLETED")
	d.has("assets:checkout USDC 5.000000", "liabilities:users:u1 USDC -5.000000")
	if refund, err := d.ReadRefund(t.Context(), streamC, "r2"); err != nil || refund.Status != order.RefundOpen {
		t.Errorf("got %+v, %v, want r2 open", refund, err)
	}
	d.decide(streamC, review.Asked{Decision: review.Dismiss})
}

func TestAConfirmedRefundIsReportedWithAnotherAmount(t *testing.T) {
	d := paidCheckout(t)
	defer d.proved()
	d.ok(d.intend("checkout.c1", "r1", "5.00 USDC"))
	d.ok(d.sent(streamC, "r1", "re_1"))
	d.refunded("c1", "re_1", "7.00 USDC", "COMPLETED")
	d.item(streamC) // it waits
	d.has("assets:checkout USDC 5.000000", "liabilities:users:u1 USDC -5.000000")
}

// TestADoubtfulRefundThatWasChargedIsNotPostedAgain reports it again without the doubt.
func TestADoubtfulRefundThatWasChargedIsNotPostedAgain(t *testing.T) {
	d := paidCheckout(t)
	doubtful := said{Checkout: "c1", Refund: "re_1", Amount: "3.00 USDC", Status: "COMPLETED"}
	report := doubtful.parse()
	report.Refunds[0].Doubt = payment.RefundOfAnother
	_, err := d.ReportOrder(t.Context(), "checkout.c1", report, arrival("checkouts", "signature", "doubtful"))
	d.ok(err)
	d.decide(streamC, review.Asked{Decision: review.Charge})
	d.tell(doubtful)
	d.has("assets:checkout USDC 7.000000", "liabilities:users:u1 USDC -7.000000")
}

// TestNothingIsDecidedWhileTheProviderIsAsked has a hold from before the payment was received.
func TestNothingIsDecidedWhileTheProviderIsAsked(t *testing.T) {
	d := newDesk(t)
	d.Recorder = recorder.New(d.log, recorder.Policy{})
	doubt := said{Checkout: "c1", Amount: "10.00 USDC", Hash: "0xaa"}
	report := doubt.parse()
	report.Paid.Doubt = payment.UnknownEvent
	_, err := d.ReportOrder(t.Context(), "checkout.c1", report, arrival("checkouts", "signature", "doubt"))
	d.ok(err)
	d.tell(doubt)
	item, came := d.item(streamC), moneyOf("10.00 USDC")
	for _, asked := range []review.Asked{{Decision: review.Refund}, {Decision: review.Dismiss, Arrived: &came}, {Decision: review.Credit, User: "u1"}} {
		_, err := d.decideItem(streamC, item, asked, false)
		d.refuses(err, review.ErrImpossible)
	}
	d.refunded("c1", "re_1", "10.00 USDC", "COMPLETED") // it is kept
	d.has()
}

// TestATransactionOfAnotherOrderIsNeitherTakenNorSentBack has one transaction at two orders.
func TestATransactionOfAnotherOrderIsNeitherTakenNorSentBack(t *testing.T) {
	d := paidCheckout(t)
	d.expect("checkout.c2", "u2", "10.00 USDC", order.ForBalance)
	d.checkout("c2", "", "10.00 USDC", "", "", "0xaa")
	came := moneyOf("10.00 USDC")
	for _, asked := range []review.Asked{{Decision: review.Refund}, {Decision: review.Dismiss, Arrived: &came}} {
		_, err := d.decideItem("order-checkout.c2", d.item("order-checkout.c2"), asked, false)
		d.refuses(err, review.ErrImpossible)
	}
	d.decide("order-checkout.c2", review.Asked{Decision: review.Dismiss})
	d.has("assets:checkout USDC 10.000000", "liabilities:users:u1 USDC -10.000000")
}

var addressStream = eventstore.StreamName(ours.Stream())

func (d desk) bitcoin(hash, amount string) {
	d.t.Helper()
	report := deposited(hash)
	report.Amount = optional(amount)
	_, err := d.ReportDeposit(d.t.Context(), ours, report, arrival("v1", "secret", hash+amount))
	d.ok(err)
}

// TestADepositIsSentBackAsItCame learns the amount after the refund was decided.
func TestADepositIsSentBackAsItCame(t *testing.T) {
	d := newDesk(t)
	d.bitcoin("h1", "")
	half := moneyOf("0.50000000 BTC")
	item := d.item(addressStream)
	d.decide(addressStream, review.Asked{Decision: review.Refund, Amount: &half})
	d.bitcoin("h1", "1.00000000 BTC")
	d.refuses(d.sent(addressStream, item, "x"), review.ErrImpossible)
	_, err := d.PreviewItems(t.Context(), addressStream, d.items(addressStream))
	d.ok(err)
}

// TestADepositThatCameThreeTimesAndWentBackTwice counts all of it.
func TestADepositThatCameThreeTimesAndWentBackTwice(t *testing.T) {
	d := newDesk(t)
	d.bitcoin("", "1.00000000 BTC")
	item := d.item(addressStream)
	for range 2 {
		d.decide(addressStream, review.Asked{Decision: review.Refund})
		d.ok(d.sent(addressStream, item, "x"))
		d.bitcoin("", "1.00000000 BTC")
	}
	three := 3
	d.decide(addressStream, review.Asked{Decision: review.Credit, User: "u1", Times: &three})
	d.has("assets:coinbase BTC 1.00000000", "liabilities:users:u1 BTC -1.00000000")
}

// TestADepositThatCameAgainIsCounted refuses what would take the first one from its user.
func TestADepositThatCameAgainIsCounted(t *testing.T) {
	d := newDesk(t)
	d.bitcoin("", "1.00000000 BTC")
	d.decide(addressStream, review.Asked{Decision: review.Credit, User: "u1"})
	d.bitcoin("", "1.00000000 BTC")
	for _, verb := range []review.Verb{review.Refund, review.Dismiss} {
		_, err := d.decideItem(addressStream, d.item(addressStream), review.Asked{Decision: verb}, false)
		d.refuses(err, review.ErrImpossible)
	}
	one := 1
	d.decide(addressStream, review.Asked{Decision: review.Credit, User: "u1", Times: &one}) // a repetition
	d.has("assets:coinbase BTC 1.00000000", "liabilities:users:u1 BTC -1.00000000")
}

// TestADepositThatComesAgainBeforeItIsSentBackIsOpen has verify's own list agree.
func TestADepositThatComesAgainBeforeItIsSentBackIsOpen(t *testing.T) {
	d := newDesk(t)
	d.bitcoin("", "1.00000000 BTC")
	item := d.item(addressStream)
	d.decide(addressStream, review.Asked{Decision: review.Refund})
	d.bitcoin("", "1.00000000 BTC")
	d.ok(d.sent(addressStream, item, "x"))
	open, err := verify.OpenItems(t.Context(), d.log, math.MaxInt64)
	d.ok(err)
	if _, waits := open["review "+item]; !waits {
		t.Errorf("open are %v", open)
	}
	one := 1
	d.decide(addressStream, review.Asked{Decision: review.Credit, User: "u1", Times: &one}) // which went back
	d.has()
}
