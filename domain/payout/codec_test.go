package payout_test

import (
	"testing"
	"time"

	"daybook/domain/codec/codectest"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/review"
)

func TestCodec(t *testing.T) {
	var (
		fee, bankFee, bitcoin = amount("USD", "0.57"), amount("USD", "0.15"), amount("BTC", "0.10000000")

		id    = ident.NewPayment("coinbase", "payout", "532bdc501e14ffec57000248")
		at    = time.Date(2014, 3, 21, 6, 29, 36, 0, time.UTC)
		until = at.AddDate(0, 0, 5)
		facts = payout.Facts{
			Subtotal: amount("USD", "56.74"), Total: amount("USD", "56.02"), FeeOwn: &fee, FeeBank: &bankFee, Bitcoin: &bitcoin,
			Orders: []string{"BXKZCXPU", "R7FABJ6T"}, Mispaid: []string{"THTM7XLBS"},
		}
		times    = 2
		decision = review.Decision{
			ID: "3c1e5a77-9d1f-8a6c-8e0f-1f2d3c4b5a69", Item: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Payment: id, Round: 1, By: "operator:alice",
			Asked:  review.Asked{Decision: review.Credit, User: "u1", Amount: &fee, Times: &times, Arrived: &fee, Note: "the bank has it"},
			Closes: []string{"5a69780b-9d1f-8a6c-8e0f-1f2d3c4b5a69"},
			Takes:  []review.Line{{Account: "assets:bank", Amount: fee}, {Account: "assets:coinbase", Amount: fee.Neg()}},
		}
	)
	codectest.Run(t, payout.Codec, []payout.Event{
		payout.PayoutPending{Payment: id, Facts: facts, OccurredAt: at, Arrives: until},
		payout.PayoutCompleted{Payment: id, Facts: facts, OccurredAt: at, Arrives: until},
		payout.PayoutHeld{
			Hold: "0b5a3d6e-9d1f-8a6c-8e0f-1f2d3c4b5a69", Payment: id, Digest: "a1b2", Facts: &facts,
			Status: "Complete", Reason: payment.Contradiction, OccurredAt: at,
		},
		payout.PayoutReleased{Decision: decision, Facts: facts},
		payout.PayoutDismissed{Decision: decision},
		payout.DecisionReversed{Reversal: review.Reversal{
			Item: decision.Item, Reverses: decision.ID, Payment: id, Round: 1, By: "operator:alice", Note: "the wrong report", Opens: decision.Closes, Lines: decision.Takes,
		}},
	})
}

func amount(currency money.Currency, decimal string) money.Amount {
	a, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return a
}
