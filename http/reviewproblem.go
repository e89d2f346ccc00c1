package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"daybook/domain/payment"
	"daybook/domain/review"
)

// The problems of decisions and refunds.
var (
	itemDecidedAlready = kind{"item-decided", http.StatusConflict, "The item is decided", 0}
	otherRound         = kind{"other-round", http.StatusConflict, "The item is in another round", 0}
	notDecided         = kind{"item-undecided", http.StatusConflict, "The item is not decided", 0}
	refundOpen         = kind{"refund-open", http.StatusConflict, "A refund of the money is open", 0}
	refundDone         = kind{"refund-done", http.StatusConflict, "The money was sent back", 0}
	otherRefund        = kind{"refund-decided", http.StatusConflict, "The refund is decided otherwise", 0}
	laterDecision      = kind{"later-decision", http.StatusConflict, "A later decision rests on it", 0}
	impossible         = kind{"decision-impossible", http.StatusConflict, "That cannot be decided so", 0}
	incomplete         = kind{"decision-incomplete", http.StatusUnprocessableEntity, "The decision lacks something", 0}
)

// reviewProblem returns the problem of an error of a decision; nil of another error. The log
// gets the kind of the error alone: its text may name payments.
func reviewProblem(err error) *Problem {
	switch {
	case errors.Is(err, review.ErrNoItem):
		return notFound.problem("There is no such item or refund. GET /review lists the items that are open.", review.ErrNoItem)
	case errors.Is(err, review.ErrDecided):
		return itemDecidedAlready.problem("It is settled by another decision or by a rule: read GET /review/{item}. To decide anew, undo that decision with POST /review/{item}/reversal first.", review.ErrDecided)
	case errors.Is(err, review.ErrRound):
		return otherRound.problem("Read the item, and send the request again with its round if it still holds.", review.ErrRound)
	case errors.Is(err, review.ErrUndecided):
		return notDecided.problem("There is nothing to undo: the item is open. Decide it.", review.ErrUndecided)
	case errors.Is(err, review.ErrRefundOpen):
		return refundOpen.problem("Its amount is reserved. Say that the refund was sent, or withdraw it; then send the request again.", review.ErrRefundOpen)
	case errors.Is(err, review.ErrRefundDone):
		return refundDone.problem("A refund that is done is never undone. What the payer sends again is a payment of its own.", review.ErrRefundDone)
	case errors.Is(err, review.ErrLater):
		return laterDecision.problem("Undo the later decision about this payment first; GET /review/{item} names its item in settled_by, if it has settled this one.", review.ErrLater)
	case errors.Is(err, review.ErrImpossible):
		return impossible.problem(asSentence(reasonText(err.Error(), review.ErrImpossible))+" GET /review/{item} shows what is possible for an item.", review.ErrImpossible)
	case errors.Is(err, review.ErrMissing):
		return incomplete.problem("Add to the body "+reasonText(err.Error(), review.ErrMissing)+".", review.ErrMissing)
	case errors.Is(err, payment.ErrTooMany):
		return impossible.problem("The order has as many refunds as one order can have.", payment.ErrTooMany)
	}
	return nil
}

// reasonText returns what the text of an error says after its sentinel.
func reasonText(text string, sentinel error) string {
	if _, reason, found := strings.Cut(text, sentinel.Error()+": "); found {
		return reason
	}
	return text
}

func asSentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// decisionProblem says what stands of the item that a request was about.
func decisionProblem(err error, item review.Item) error {
	standing := item.Standing()
	switch {
	case errors.Is(err, review.ErrDecided) && standing != nil:
		p := reviewProblem(err)
		decided := newRound(*standing)
		p.Decided = &decided
		p.Detail = fmt.Sprintf("What stands is %s, in round %d, under decided. To decide otherwise, undo it with POST /review/{item}/reversal, and send the decision with \"round\":%d.",
			standing.Asked.Decision, standing.Number, item.Round+1)
		return p
	case errors.Is(err, review.ErrRound):
		p := reviewProblem(err)
		p.Round = &item.Round
		p.Detail = fmt.Sprintf("The item is in round %d. Read it, and send the request again with \"round\":%d if it still holds.", item.Round, item.Round)
		return p
	}
	return err
}
