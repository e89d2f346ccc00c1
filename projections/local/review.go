package local

import (
	"daybook/domain/codec"
	"daybook/domain/deposit"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/review"
)

// Mispaid is the reason of a mispayment that waits for a decision.
const Mispaid = "mispayment"

// Review is the list of what waits for a person's decision: holds, mispayments,
// contradictions and refunds. Its keys are the ids that decisions name them by. Every
// item stays in the file: what closes it can be undone.
var Review = Worklist{
	Name:    "review",
	Version: 5,
	Names: []codec.Event{
		order.PaymentHeld{}, order.PaymentMispaid{}, order.RefundHeld{}, order.PaymentVerified{},
		order.PaymentReleased{}, order.MispaymentCredited{}, order.OrderCompleted{}, order.PaymentDismissed{}, order.MispaymentDismissed{},
		order.RefundCharged{}, order.RefundDismissed{},
		order.DecisionReversed{}, order.RefundDecided{}, order.RefundWithdrawn{}, order.PaymentRefunded{},
		deposit.DepositHeld{}, deposit.DepositSeenAgain{}, deposit.DepositVerified{}, deposit.DepositReleased{}, deposit.DepositDismissed{},
		deposit.DecisionReversed{}, deposit.RefundDecided{}, deposit.RefundWithdrawn{},
		payout.PayoutHeld{}, payout.PayoutReleased{}, payout.PayoutDismissed{}, payout.DecisionReversed{},
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

// refundDetails are of a held refund.
type refundDetails struct {
	Amount *money.Amount `json:"amount,omitzero"` // as far as it can be read
	Posted bool          `json:"posted"`          // it has left the provider's account
	Report string        `json:"report,omitzero"` // identity of the provider's refund
	Refund string        `json:"refund,omitzero"` // id of the decided refund that was sent
	Hash   string        `json:"hash,omitzero"`   // of the transaction that sends it back
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
		return append(settleHolds(e.Closes), Open(e.Mispayment, Item{
			Reason: Mispaid, User: e.User, Payment: e.Payment,
			Details: details(reviewDetails{Amount: &e.Amount, Arrived: true, Mispaid: e.Reason, Transfer: e.Transfer}),
		}))
	case order.RefundHeld:
		return []Change{Open(e.Hold, Item{
			Reason: string(e.Reason), Payment: e.Payment,
			Details: details(refundDetails{Amount: e.Amount, Posted: e.Posted, Report: string(e.Report), Refund: e.Refund, Hash: e.Hash}),
		})}
	case order.PaymentVerified:
		return settleHolds(e.Closes)
	case deposit.DepositVerified:
		return settleHolds(e.Closes)
	case order.PaymentReleased, order.MispaymentCredited, order.OrderCompleted, order.PaymentDismissed, order.MispaymentDismissed,
		order.RefundCharged, order.RefundDismissed,
		deposit.DepositReleased, deposit.DepositDismissed,
		payout.PayoutReleased, payout.PayoutDismissed:
		d := e.(review.Deciding).Decided()
		return changeAll(Settle, d.Item, d.Closes)
	case order.DecisionReversed:
		return changeAll(Reopen, e.Item, e.Opens)
	case deposit.DecisionReversed:
		return changeAll(Reopen, e.Item, e.Opens)
	case payout.DecisionReversed:
		return changeAll(Reopen, e.Item, e.Opens)
	case order.RefundDecided:
		return changeAll(Settle, e.Item, nil)
	case deposit.RefundDecided: // what is sent settles nothing more: it may have come again since
		return changeAll(Settle, e.Item, nil)
	case order.RefundWithdrawn:
		return changeAll(Reopen, e.Item, nil)
	case deposit.RefundWithdrawn:
		return changeAll(Reopen, e.Item, nil)
	case order.PaymentRefunded:
		return changeAll(Settle, e.Item, nil)
	}
	return nil
}

// changeAll changes an item, if there is one, and others besides.
func changeAll(change func(key string) Change, item string, others []string) []Change {
	var changes []Change
	if item != "" {
		changes = append(changes, change(item))
	}
	for _, other := range others {
		changes = append(changes, change(other))
	}
	return changes
}

func settleHolds(holds []payment.ClosedHold) []Change {
	var changes []Change
	for _, hold := range holds {
		changes = append(changes, Settle(hold.Hold))
	}
	return changes
}
