package order_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"daybook/domain/codec"
	"daybook/domain/codec/codectest"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/review"
)

func TestCodec(t *testing.T) {
	var (
		own      = ident.NewPayment("coinbase", "order", "5RTQNACF")
		mispaid  = ident.NewPayment("coinbase", "mispayment", "ABC123")
		dollars  = amount("USD", "12.53")
		bitcoin  = amount("BTC", "1.00000000")
		at       = time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC)
		fee      = amount("USD", "0.13")
		stable   = amount("USDC", "12.53")
		checkout = ident.Payment("checkout/68f7a946db0529ea9b6d3a12")
		transfer = payment.Transfer{
			Amount: stable, Quoted: dollars, Fee: amount("USDC", "0.13"), Network: "base", Payee: "0xAc5f31b0aE4f1fD3b5d4F2C17E50dBb3E7d01234",
			Hash: "0xabcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
		}
		answer   = []payment.Evidence{{Method: "api", Status: "COMPLETED", Transfer: &transfer, At: at}}
		closes   = []payment.ClosedHold{{Hold: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Amount: &dollars, Fee: &fee}, {Hold: "5a69780b-9d1f-8a6c-8e0f-1f2d3c4b5a69"}}
		times    = 2
		decision = review.Decision{
			ID: "3c1e5a77-9d1f-8a6c-8e0f-1f2d3c4b5a69", Item: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Payment: own, Round: 1, By: "operator:alice",
			Asked:  review.Asked{Decision: review.Credit, User: "u1", Amount: &dollars, Times: &times, Arrived: &dollars, Note: "the payer wrote to us"},
			Closes: []string{"5a69780b-9d1f-8a6c-8e0f-1f2d3c4b5a69"},
			Takes:  []review.Line{{Account: "assets:coinbase", Amount: dollars}, {Account: "liabilities:users:u2", Amount: dollars.Neg()}},
		}
		back = review.Refunded{Amount: fee, Share: fee}
	)
	codectest.Run(t, order.Codec, []order.Event{
		order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: dollars, For: order.ForSale, ExpiresAt: at.Add(time.Hour), Reference: "order1234"}, OccurredAt: at},
		order.OrderLinked{Site: "site.order1234", Terms: order.Terms{User: "u1", Amount: dollars, For: order.ForBalance, ExpiresAt: at.Add(time.Hour), Reference: "order1234"}, OccurredAt: at},
		order.OrderSettled{Payment: own, OccurredAt: at},
		order.PaymentsSought{Found: 1},
		order.FeeReported{Payment: checkout, Fee: fee, OccurredAt: at},
		order.RefundReported{
			Payment: checkout, Refund: checkout + "/refund/re_1", Digest: "a1b2", Amount: &dollars, Status: "COMPLETED",
			Reason: payment.RefundOfAnother, Hash: transfer.Hash, OccurredAt: at, Intent: "r1",
		},
		order.OrderStatusReported{Status: "expired", OccurredAt: at},
		order.OrderExpired{OccurredAt: at},
		order.PaymentReceived{
			Payment: own, User: "u1", Amount: dollars, Sale: true, OccurredAt: at,
			Details: &order.Details{
				Reference: "order1234", UUID: "b04ba2a7-1f34-5f2a-b4f8-6f7d2d9d3a11", Bitcoin: &bitcoin,
				TransactionHash: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
				ReceiveAddress:  "1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My",
				Object:          "payment_link",
			},
			Transfer: &transfer, Needs: payment.Needs{payment.Signature, payment.Registered, payment.API}, Evidence: answer,
		},
		order.PaymentVerified{Payment: own, User: "u1", Amount: dollars, Sold: &dollars, Received: &dollars, Transfer: &transfer, OccurredAt: at, Evidence: answer, Closes: closes},
		order.PaymentRefuted{Payment: own, User: "u1", Amount: dollars, Sale: true, Transfer: &transfer, Received: &dollars, OccurredAt: at, Evidence: answer},
		order.PaymentHeld{
			Hold: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Payment: own, Digest: "a1b2", User: "u1", Amount: &dollars,
			Arrived: true, Contradiction: true, Reason: payment.Contradiction, OccurredAt: at, Reference: "order1234",
			Transfer: &transfer, Reported: &transfer, Received: &dollars, Evidence: answer, Registration: true,
		},
		order.PaymentMispaid{Mispayment: "9f2c1a44-5b0e-8d31-a7c6-0e1f2a3b4c5d", Payment: mispaid, User: "u1", Amount: dollars, Reason: payment.Underpaid, Received: &dollars, Transfer: &transfer, Evidence: answer, OccurredAt: at, Closes: closes},
		order.PaymentReleased{Decision: decision, User: "u1", Amount: dollars, Transfer: &transfer, Contradiction: true, Refunded: &back},
		order.MispaymentCredited{Decision: decision, User: "u1", Amount: dollars, Transfer: &transfer, Refunded: &back},
		order.OrderCompleted{Decision: decision, User: "u1", Amount: dollars, Sold: dollars, Short: &fee, Transfer: &transfer, Refunded: &back},
		order.PaymentDismissed{Decision: decision, Arrived: &dollars, Transfer: &transfer, Refunded: &back},
		order.MispaymentDismissed{Decision: decision, Arrived: &dollars, Transfer: &transfer, Refunded: &back},
		order.DecisionReversed{Reversal: review.Reversal{
			Item: decision.Item, Reverses: decision.ID, Payment: own, Round: 1, By: "operator:alice", Note: "the wrong user",
			Opens: decision.Closes, Lines: decision.Takes,
		}},
		order.RefundDecided{
			Refund: "r1", Item: decision.Item, Round: 1, Asked: &decision.Asked, Payment: own, Amount: dollars, By: "operator:alice", Note: "socks were too small",
		},
		order.RefundWithdrawn{Refund: "r1", Item: decision.Item, Round: 1, Payment: own, Amount: dollars, By: "operator:alice"},
		order.PaymentRefunded{
			Payment: own, Refund: "r1", Report: checkout + "/refund/re_1", Item: decision.Item, Amount: dollars, From: decision.Takes,
			Hash: transfer.Hash, Reference: "bank-17", By: "operator:alice", OccurredAt: at,
		},
		order.RefundHeld{
			Hold: decision.Item, Payment: checkout, Report: checkout + "/refund/re_1", Refund: "r1", Amount: &dollars, Posted: true,
			Reason: payment.RefundAbove, Hash: transfer.Hash, OccurredAt: at,
		},
		order.RefundCharged{Decision: decision, User: "u1", Amount: dollars, From: decision.Takes, Within: &dollars, Charged: &fee},
		order.RefundDismissed{Decision: decision, Amount: &dollars},
	})
}

// TestTheCommonestEventsAreReadAsTheyWereWritten holds the scanner of the codec
// against what is written.
func TestTheCommonestEventsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var event order.Event = drawReceived(t)
		if rapid.Bool().Draw(t, "verified") {
			event = drawVerified(t)
		}
		data, err := codec.Encode(event)
		if err != nil {
			return // it has an amount that is none
		}
		read, err := order.Codec.Decode(event.EventType(), 1, data)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := codec.Encode(read); err != nil || string(again) != string(data) {
			t.Fatalf("got\n%s, %v\nwant\n%s", again, err, data)
		}
	})
}

func drawReceived(t *rapid.T) order.PaymentReceived {
	e := order.PaymentReceived{
		Payment: ident.Payment(texts.Draw(t, "payment")), User: texts.Draw(t, "user"),
		Amount: amounts.Draw(t, "amount"), OccurredAt: times.Draw(t, "at"),
	}
	if rapid.Bool().Draw(t, "with details") {
		e.Details = &order.Details{
			Reference: texts.Draw(t, "reference"), UUID: texts.Draw(t, "uuid"),
			TransactionHash: texts.Draw(t, "hash"), ReceiveAddress: texts.Draw(t, "address"),
		}
		if rapid.Bool().Draw(t, "with bitcoin") {
			bitcoin := amounts.Draw(t, "bitcoin")
			e.Details.Bitcoin = &bitcoin
		}
	}
	return e
}

func drawVerified(t *rapid.T) order.PaymentVerified {
	e := order.PaymentVerified{
		Payment: ident.Payment(texts.Draw(t, "payment")), User: texts.Draw(t, "user"),
		Amount: amounts.Draw(t, "amount"), OccurredAt: times.Draw(t, "at"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "pieces of evidence") {
		e.Evidence = append(e.Evidence, payment.Evidence{Method: texts.Draw(t, "method"), Status: texts.Draw(t, "status")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "closed holds") {
		closed := payment.ClosedHold{Hold: texts.Draw(t, "hold")}
		if rapid.Bool().Draw(t, "posted") {
			posted := amounts.Draw(t, "amount of the hold")
			closed.Amount = &posted
		}
		e.Closes = append(e.Closes, closed)
	}
	return e
}

var (
	texts = rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[A-Za-z0-9/ -]{0,40}`),
		rapid.SampledFrom([]string{"", "\xff", "a\xc0\x80", "\u2028\x7f<&>\"\\/\x00\r\n"}),
	)
	amounts = rapid.SampledFrom([]money.Amount{{}, amount("USD", "12.53"), amount("BTC", "0.00000001"), amount("JPY", "-3"), money.Zero("\xff")})
	times   = rapid.SampledFrom([]time.Time{
		{}, time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC), time.Date(2012, 12, 10, 5, 23, 41, 120_000_001, time.FixedZone("", -8*3600)),
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2012, 12, 10, 5, 23, 41, 0, time.FixedZone("", 25*3600)), time.Date(1, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600)),
	})
)

func amount(currency money.Currency, decimal string) money.Amount {
	a, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return a
}
