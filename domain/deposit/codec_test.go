package deposit_test

import (
	"testing"
	"time"

	"daybook/domain/codec/codectest"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

func TestCodec(t *testing.T) {
	const hold = "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69"
	var (
		id       = ident.NewPayment("coinbase", "address", "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5", "7b95769dce68b9aa")
		bitcoin  = amount("1.23456000")
		at       = time.Date(2012, 12, 10, 5, 23, 41, 0, time.UTC)
		evidence = []payment.Evidence{{Method: "api", Status: "received", Transfer: &payment.Transfer{
			Amount: bitcoin, Quoted: bitcoin, Fee: bitcoin, Network: "bitcoin", Hash: "7b95769dce68b9aa", Payee: "1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5",
		}, At: at}}
		closes   = []payment.ClosedHold{{Hold: hold, Amount: &bitcoin, Fee: &bitcoin}}
		times    = 2
		decision = review.Decision{
			ID: "3c1e5a77-9d1f-8a6c-8e0f-1f2d3c4b5a69", Item: hold, Payment: id, Round: 1, By: "operator:alice",
			Asked:  review.Asked{Decision: review.Credit, User: "u1", Amount: &bitcoin, Times: &times, Arrived: &bitcoin, Note: "the payer wrote to us"},
			Closes: []string{"5a69780b-9d1f-8a6c-8e0f-1f2d3c4b5a69"},
			Takes:  []review.Line{{Account: "assets:coinbase", Amount: bitcoin}, {Account: "liabilities:suspense:" + hold, Amount: bitcoin.Neg()}},
		}
		back = review.Refunded{Amount: bitcoin, Share: bitcoin}
	)
	const task = "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69"
	codectest.Run(t, deposit.Codec, []deposit.Event{
		deposit.AddressRegistered{User: "u1"},
		deposit.DepositReceived{Payment: id, User: "u1", Amount: bitcoin, OccurredAt: at},
		deposit.DepositVerified{Payment: id, User: "u1", Amount: bitcoin, OccurredAt: at, Evidence: evidence, Closes: closes},
		deposit.DepositHeld{
			Hold: hold, Payment: id, Digest: "a1b2", User: "u1", Amount: &bitcoin,
			Arrived: true, Contradiction: true, Reason: payment.Contradiction, OccurredAt: at, Task: task,
		},
		deposit.DepositSeenAgain{Hold: hold, Digest: "a1b2", ReceivedAt: at, Task: task},
		deposit.DepositReleased{Decision: decision, User: "u1", Amount: bitcoin, Contradiction: true, Refunded: &back},
		deposit.DepositDismissed{Decision: decision, Arrived: &bitcoin, Refunded: &back},
		deposit.DecisionReversed{Reversal: review.Reversal{
			Item: hold, Reverses: decision.ID, Payment: id, Round: 1, By: "operator:alice", Note: "the wrong user", Opens: decision.Closes, Lines: decision.Takes,
		}},
		deposit.RefundDecided{Refund: "r1", Item: hold, Round: 1, Asked: &decision.Asked, Payment: id, Amount: bitcoin, By: "operator:alice", Note: "sent by mistake"},
		deposit.RefundWithdrawn{Refund: "r1", Item: hold, Round: 1, Payment: id, Amount: bitcoin, By: "operator:alice"},
		deposit.DepositRefunded{
			Payment: id, Refund: "r1", Item: hold, Amount: bitcoin, From: decision.Takes, Reference: "bank-17", By: "operator:alice", OccurredAt: at,
		},
	})
}

func amount(decimal string) money.Amount {
	a, err := money.Parse(money.BTC, decimal)
	if err != nil {
		panic(err)
	}
	return a
}
