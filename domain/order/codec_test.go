package order_test

import (
	"testing"
	"time"

	"daybook/domain/codec/codectest"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
)

func TestCodec(t *testing.T) {
	var (
		own      = ident.NewPayment("coinbase", "order", "5RTQNACF")
		mispaid  = ident.NewPayment("coinbase", "mispayment", "ABC123")
		dollars  = amount("USD", "12.53")
		bitcoin  = amount("BTC", "1.00000000")
		at       = time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC)
		evidence = []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}}
		closes   = []payment.ClosedHold{{Hold: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Amount: &dollars}, {Hold: "5a69780b-9d1f-8a6c-8e0f-1f2d3c4b5a69"}}
	)
	codectest.Run(t, order.Codec, []order.Event{
		order.OrderRegistered{User: "u1", Amount: &dollars, OccurredAt: at},
		order.OrderStatusReported{Status: "expired", OccurredAt: at},
		order.OrderExpired{OccurredAt: at},
		order.PaymentReceived{
			Payment: own, User: "u1", Amount: dollars, OccurredAt: at,
			Details: &order.Details{
				Reference: "order1234", UUID: "b04ba2a7-1f34-5f2a-b4f8-6f7d2d9d3a11", Bitcoin: &bitcoin,
				TransactionHash: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
				ReceiveAddress:  "1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My",
			},
		},
		order.PaymentVerified{Payment: own, User: "u1", Amount: dollars, OccurredAt: at, Evidence: evidence, Closes: closes},
		order.PaymentRefuted{Payment: own, User: "u1", Amount: dollars, OccurredAt: at, Evidence: evidence},
		order.PaymentHeld{
			Hold: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Payment: own, Digest: "a1b2", User: "u1", Amount: &dollars,
			Arrived: true, Contradiction: true, Reason: payment.Contradiction, OccurredAt: at,
		},
		order.PaymentReleased{
			Hold: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Payment: own, User: "u1", Amount: dollars,
			Contradiction: true, Closes: closes, Note: "the payer wrote to us", OccurredAt: at,
		},
		order.PaymentMispaid{Payment: mispaid, User: "u1", Amount: dollars, OccurredAt: at},
		order.MispaymentCredited{Payment: mispaid, User: "u1", Amount: dollars, Note: "late by a minute", OccurredAt: at},
		order.MispaymentRefunded{Payment: mispaid, Amount: dollars, Note: "sent back", OccurredAt: at},
		order.MispaymentDismissed{Payment: mispaid, Amount: dollars, Note: "nobody claims it", OccurredAt: at},
		order.PaymentRefunded{Payment: own, Refund: "r1", User: "u1", Amount: dollars, Note: "socks were too small", OccurredAt: at},
	})
}

func amount(currency money.Currency, decimal string) money.Amount {
	a, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return a
}
