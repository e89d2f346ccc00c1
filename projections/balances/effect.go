package balances

import (
	"daybook/domain/deposit"
	"daybook/domain/order"
)

// effect says how the amount of an event counts, as a factor.
type effect struct{ available, pending int8 }

// effectOf lists the events whose data begin with a fact.Head, and their
// effect on the user whom it names.
func effectOf(category, eventType string) (effect, bool) {
	switch category {
	case order.Category:
		switch eventType {
		case "PaymentReceived":
			return effect{pending: 1}, true
		case "PaymentVerified":
			return effect{available: 1, pending: -1}, true
		case "PaymentRefuted":
			return effect{pending: -1}, true
		}
	case deposit.Category:
		switch eventType {
		case "DepositReceived":
			return effect{pending: 1}, true
		case "DepositVerified":
			return effect{available: 1, pending: -1}, true
		}
	}
	return effect{}, false
}

// isNobodys lists event types that change no user's balance, so that their
// data need not be read. A type that is not listed is decoded.
func isNobodys(category, eventType string) bool {
	switch category {
	case order.Category:
		switch eventType {
		case "OrderRegistered", "OrderStatusReported", "OrderExpired", "PaymentHeld",
			"PaymentMispaid", "MispaymentRefunded", "MispaymentDismissed":
			return true
		}
	case deposit.Category:
		switch eventType {
		case "AddressRegistered", "DepositHeld", "DepositSeenAgain", "DepositDismissed":
			return true
		}
	}
	return false
}
