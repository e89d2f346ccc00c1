package checkouts

import (
	"slices"
	"strings"

	"daybook/domain/payment"
	"daybook/http/callback/strictjson"
)

// Kind is what a document reports.
type Kind string

// The kinds.
const (
	Success       Kind = "success"
	Failed        Kind = "failed"
	Expired       Kind = "expired"
	RefundSuccess Kind = "refund-success"
	RefundFailed  Kind = "refund-failed"
	NothingYet    Kind = "nothing-yet" // it is open, being paid, or withdrawn
	Unknown       Kind = "unknown"     // an event that nobody documented
)

// events are the event types after their prefix, with the statuses that agree with
// them. A delivery may be late: a payment that succeeded may have been refunded since.
var events = map[string]struct {
	kind     Kind
	statuses []string
}{
	"payment.success": {Success, []string{"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"}},
	"payment.failed":  {Failed, []string{"FAILED"}},
	"payment.expired": {Expired, []string{"EXPIRED"}},
	"refund.success":  {RefundSuccess, []string{"PARTIALLY_REFUNDED", "REFUNDED"}},
	"refund.failed":   {RefundFailed, []string{"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"}},
}

// open are the statuses that say nothing about money yet. DEACTIVATED is among them: a
// payment may have been under way.
var open = []string{"ACTIVE", "PROCESSING", "DEACTIVATED"}

var final = []string{"COMPLETED", "FAILED", "EXPIRED", "REFUNDED", "PARTIALLY_REFUNDED"}

// classify goes by the event, and doubts it where the status says otherwise.
func classify(eventType, status strictjson.Scalar) (Kind, payment.Reason) {
	event, known := events[afterPrefix(eventType)]
	word := text(status)
	isOpen := slices.Contains(open, word)
	switch {
	case !known && isOpen:
		return NothingYet, ""
	case !known:
		return Unknown, payment.UnknownEvent
	case !isOpen && !slices.Contains(final, word):
		return event.kind, payment.UnknownStatus
	case !slices.Contains(event.statuses, word):
		return event.kind, payment.StatusDisagrees
	}
	return event.kind, ""
}

// afterPrefix returns what happened, without whether it is a checkout or a payment link.
func afterPrefix(eventType strictjson.Scalar) string {
	_, happened, _ := strings.Cut(text(eventType), ".")
	return happened
}
