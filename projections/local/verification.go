package local

import (
	"daybook/domain/codec"
	"daybook/domain/order"
	"daybook/domain/payment"
)

// Verification is the list of payments that wait for their provider's answer. Its keys
// are payment identities.
var Verification = Worklist{
	Name:    "verification",
	Version: 1,
	Names: []codec.Event{
		order.PaymentReceived{}, order.PaymentVerified{}, order.PaymentRefuted{}, order.PaymentHeld{}, order.PaymentMispaid{},
	},
	Fold: foldVerification,
}

// AwaitsAPI is the reason of a payment that waits for its provider's answer.
const AwaitsAPI = "api"

type verificationDetails struct {
	Amount  string `json:"amount"`
	Network string `json:"network,omitzero"`
	Object  string `json:"object,omitzero"` // that was paid, in the provider's word
}

func foldVerification(event Event) []Change {
	switch e := event.Event.(type) {
	case order.PaymentReceived:
		if !e.Needs.Has(payment.API) {
			return nil
		}
		d := verificationDetails{Amount: e.Transfer.Amount.String(), Network: e.Transfer.Network}
		if e.Details != nil {
			d.Object = e.Details.Object
		}
		return []Change{Open(string(e.Payment), Item{Reason: AwaitsAPI, User: e.User, Payment: e.Payment, Details: details(d)})}
	case order.PaymentVerified:
		return closeVerification(e.Transfer, string(e.Payment))
	case order.PaymentRefuted:
		return closeVerification(e.Transfer, string(e.Payment))
	case order.PaymentMispaid:
		return closeVerification(e.Transfer, string(e.Payment))
	case order.PaymentHeld:
		if !e.Contradiction {
			return closeVerification(e.Transfer, string(e.Payment))
		}
	}
	return nil
}

func closeVerification(t *payment.Transfer, key string) []Change {
	if t == nil {
		return nil // its provider is not asked
	}
	return []Change{Close(key)}
}
