package local

import (
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
)

// Mispaid is the reason of a mispayment that waits for a decision.
const Mispaid = "mispayment"

// Review is the list of what waits for a person's decision: holds, mispayments and
// contradictions. Its keys are the ids that decisions name them by.
var Review = Worklist{
	Name:    "review",
	Version: 3,
	Names: []codec.Event{
		order.PaymentHeld{}, order.PaymentVerified{}, order.PaymentReleased{},
		order.PaymentMispaid{}, order.MispaymentCredited{}, order.MispaymentDismissed{},
		deposit.DepositHeld{}, deposit.DepositSeenAgain{}, deposit.DepositVerified{}, deposit.DepositReleased{}, deposit.DepositDismissed{},
		payout.PayoutHeld{},
	},
	Fold: foldReview,
}

type reviewDetails struct {
	Amount  *money.Amount `json:"amount,omitzero"` // as far as it can be read
	Arrived bool          `json:"arrived"`         // in suspense
	Digest  string        `json:"digest,omitzero"` // of a report that has no identity
	Status  string        `json:"status,omitzero"` // of a payout, in the sender's word

	Mispaid  payment.Reason    `json:"mispaid,omitzero"`  // why it does not meet the registered terms
	Transfer *payment.Transfer `json:"transfer,omitzero"` // as the provider shows it
	Reported *payment.Transfer `json:"reported,omitzero"` // as a callback said otherwise
}

// againDetails are of a report that came again: they leave what is known of the
// first as it is.
type againDetails struct {
	Digest string `json:"digest"`
}

func foldReview(event Event) []Change {
	switch e := event.Event.(type) {
	case order.PaymentHeld:
		return []Change{Open(e.Hold, Item{
			Reason: string(e.Reason), User: e.User, Payment: e.Payment,
			Details: details(reviewDetails{Amount: e.Amount, Arrived: e.Arrived, Digest: e.Digest, Transfer: e.Transfer, Reported: e.Reported}),
		})}
	case deposit.DepositHeld:
		return []Change{Open(e.Hold, Item{
			Reason: string(e.Reason), User: e.User, Payment: e.Payment,
			Details: details(reviewDetails{Amount: e.Amount, Arrived: e.Arrived, Digest: e.Digest}),
		})}
	case deposit.DepositSeenAgain: // also after a decision: it may be other money
		return []Change{Again(e.Hold, Item{Reason: string(payment.NoHash), Details: details(againDetails{e.Digest})})}
	case payout.PayoutHeld:
		return []Change{Open(e.Hold, Item{
			Reason: string(e.Reason), Payment: e.Payment,
			Details: details(reviewDetails{Digest: e.Digest, Status: e.Status}),
		})}
	case order.PaymentMispaid:
		return append(closeAll(e.Closes), Open(e.Mispayment, Item{
			Reason: Mispaid, User: e.User, Payment: e.Payment,
			Details: details(reviewDetails{Amount: &e.Amount, Arrived: true, Mispaid: e.Reason, Transfer: e.Transfer}),
		}))
	case order.PaymentVerified:
		return closeAll(e.Closes)
	case deposit.DepositVerified:
		return closeAll(e.Closes)
	case order.PaymentReleased:
		return []Change{Close(e.Item)}
	case deposit.DepositReleased:
		return []Change{Close(e.Item)}
	case deposit.DepositDismissed:
		return []Change{Close(e.Item)}
	case order.MispaymentCredited:
		return []Change{Close(e.Item)}
	case order.MispaymentDismissed:
		return []Change{Close(e.Item)}
	}
	return nil
}

func closeAll(holds []payment.ClosedHold) []Change {
	var changes []Change
	for _, hold := range holds {
		changes = append(changes, Close(hold.Hold))
	}
	return changes
}
