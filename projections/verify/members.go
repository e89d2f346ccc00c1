package verify

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook/eventstore"
)

// ofDecision are the members of all events of a decision about an item.
const ofDecision = "id item payment round by asked closes takes "

// decisionMembers are the members that the events of decisions and refunds can have. One of another
// type says what this one does not.
var decisionMembers = map[string]string{
	"PaymentReleased":     ofDecision + "user amount transfer contradiction refunded",
	"PaymentDismissed":    ofDecision + "arrived transfer refunded",
	"MispaymentCredited":  ofDecision + "user amount transfer refunded",
	"MispaymentDismissed": ofDecision + "arrived transfer refunded",
	"OrderCompleted":      ofDecision + "user amount sold short transfer refunded",
	"RefundCharged":       ofDecision + "user amount from within charged",
	"RefundDismissed":     ofDecision + "amount",
	"DepositReleased":     ofDecision + "user amount contradiction refunded",
	"DepositDismissed":    ofDecision + "arrived refunded",
	"PayoutReleased":      ofDecision + "facts",
	"PayoutDismissed":     ofDecision,
	"DecisionReversed":    "item reverses payment round by note opens lines",
	"RefundDecided":       "refund item round asked payment amount by note",
	"RefundWithdrawn":     "refund item round payment amount by",
	"PaymentRefunded":     "payment refund report item amount from hash reference by occurredAt",
	"DepositRefunded":     "payment refund item amount from reference by occurredAt",
	"RefundHeld":          "hold payment report refund amount posted reason hash occurredAt",
}

// strange returns a member that an event of its type does not have; empty if there is
// none.
func strange(e *eventstore.Recorded) string {
	var said map[string]jsontext.Value
	if json.Unmarshal(e.Data, &said) != nil {
		return "" // a difference of its own
	}
	known := strings.Fields(decisionMembers[e.Type])
	for name := range said {
		if !slices.Contains(known, name) {
			return name
		}
	}
	return ""
}
