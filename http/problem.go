package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"daybook/domain/deposit"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/orders"

	"github.com/go-json-experiment/json"
)

// Problem is an error as it is answered (RFC 9457). Detail says what to do
// next, and has no secret and nothing of a body in it.
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitzero"`
	RequestID string `json:"request_id,omitzero"`

	Registered *termsAnswer  `json:"registered,omitzero"` // of order-registered
	Credited   *creditAnswer `json:"credited,omitzero"`   // of order-credited
	Item       string        `json:"item,omitzero"`       // of order-credited: what waits in /review
	Decided    *roundAnswer  `json:"decided,omitzero"`    // of item-decided: the decision that stands
	Round      *int          `json:"round,omitzero"`      // of other-round: that the item is in
	Refund     *refundAnswer `json:"refund,omitzero"`     // of refund-decided: the refund that has the id

	retryAfter int // seconds; 0 leaves the header out
	allow      string
	cause      error // for the log
}

func (p *Problem) Error() string {
	if p.cause != nil {
		return p.Title + ": " + p.cause.Error()
	}
	return p.Title
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.cause }

// kind is one row of the table of problems. Its name is the last part of the
// problem's type, for ever.
type kind struct {
	name       string
	status     int
	title      string
	retryAfter int
}

// The table of problems, which openapi.yaml and README repeat.
var (
	badRequest      = kind{"bad-request", http.StatusBadRequest, "The request is malformed", 0}
	unauthorized    = kind{"unauthorized", http.StatusUnauthorized, "Authentication is missing or wrong", 0}
	forbidden       = kind{"forbidden", http.StatusForbidden, "Not allowed", 0}
	notFound        = kind{"not-found", http.StatusNotFound, "There is nothing here", 0}
	notAllowed      = kind{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not allowed here", 0}
	timedOut        = kind{"request-timeout", http.StatusRequestTimeout, "The request did not arrive in time", 0}
	otherUser       = kind{"address-taken", http.StatusConflict, "The address is registered for another user", 0}
	otherTerms      = kind{"order-registered", http.StatusConflict, "The order is registered with other terms", 0}
	orderCredited   = kind{"order-credited", http.StatusConflict, "The order was credited otherwise", 0}
	noLoss          = kind{"nothing-missing", http.StatusConflict, "There is no loss to accept", 0}
	tooLarge        = kind{"too-large", http.StatusRequestEntityTooLarge, "The body is too large", 0}
	headerTooLarge  = kind{"header-too-large", http.StatusRequestHeaderFieldsTooLarge, "The header is too large", 0}
	notJSON         = kind{"not-strict-json", http.StatusUnprocessableEntity, "The body is not strict JSON", 0}
	internal        = kind{"internal", http.StatusInternalServerError, "Something went wrong here", 0}
	unavailable     = kind{"store-unavailable", http.StatusServiceUnavailable, "The event store cannot confirm", 1}
	contended       = kind{"contended", http.StatusServiceUnavailable, "Too many writers to one stream", 1}
	overloaded      = kind{"overloaded", http.StatusServiceUnavailable, "Too many requests at once", 1}
	behind          = kind{"projection-behind", http.StatusServiceUnavailable, "The read model is not there yet", 1}
	damaged         = kind{"log-damaged", http.StatusServiceUnavailable, "The log is damaged", 60}
	stopped         = kind{"projection-stopped", http.StatusServiceUnavailable, "The read model has stopped", 60}
	unreachable     = kind{"read-model-unreachable", http.StatusServiceUnavailable, "The read model cannot be reached", 2}
	problemsByTable = []kind{
		badRequest, unauthorized, forbidden, notFound, notAllowed, timedOut, otherUser, otherTerms, orderCredited, noLoss,
		itemDecidedAlready, otherRound, notDecided, refundOpen, refundDone, otherRefund, laterDecision, impossible, tooLarge,
		headerTooLarge, notJSON, incomplete, internal, unavailable, contended, overloaded, damaged, behind, stopped, unreachable,
	}
)

// problem makes a problem of a kind. Cause is for the log alone.
func (k kind) problem(detail string, cause error) *Problem {
	return &Problem{
		Type: "/problems/" + k.name, Title: k.title, Status: k.status,
		Detail: detail, retryAfter: k.retryAfter, cause: cause,
	}
}

// asProblem is the one place where errors become answers.
func asProblem(err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, follow.ErrMending):
		return behind.problem("What the read model had of this was lost or changed by somebody else, and is made again from the log. Send the request again.", err)
	case errors.Is(err, follow.ErrUnreachable):
		return unreachable.problem(reasonOf(err)+" Send the request again. Callbacks are still recorded. The log of daybook has more.", err)
	case errors.Is(err, follow.ErrStopped), errors.Is(err, follow.ErrCannotFold):
		return stopped.problem("It cannot go on, and serves nothing rather than a stale number. Callbacks are still recorded. The log of daybook says what it met and what to do.", err)
	case errors.Is(err, eventstore.ErrDamaged):
		return damaged.problem("What this belongs to was changed or deleted from outside, and nothing is decided on the rest. Send the same request again when the log is whole. The log of daybook says what to do.", err)
	case errors.Is(err, eventstore.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailable.problem("It is not known to be recorded. Send the same request again; it is recognised.", err)
	case errors.Is(err, eventstore.ErrConflict):
		return contended.problem("Nothing was recorded. Send the same request again.", err)
	case errors.Is(err, deposit.ErrOtherUser):
		return otherUser.problem("Whose deposits arrive at an address is settled once. Register another address for this user.", err)
	case errors.Is(err, orders.ErrNotFound):
		return notFound.problem("No event of such an order has been recorded. Orders are named by who named them: coinbase.5RTQNACF.", nil)
	}
	if p := reviewProblem(err); p != nil {
		return p
	}
	return internal.problem("The log of daybook has the reason under this request id.", err)
}

// reasonOf returns why a read model cannot be reached, if that may be told.
func reasonOf(err error) string {
	var fault *follow.Fault
	if errors.As(err, &fault) {
		return fault.Reason
	}
	return "Redis does not answer, or what answers cannot keep balances."
}

// writeProblem answers with a problem.
func writeProblem(w http.ResponseWriter, p *Problem) {
	p.setHeader(w.Header())
	w.WriteHeader(p.Status)
	_, _ = w.Write(p.body()) // the client may be gone
}

func (p *Problem) setHeader(header http.Header) {
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	if p.allow != "" {
		header.Set("Allow", p.allow)
	}
	if p.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="daybook"`)
	}
}

func (p *Problem) body() []byte {
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"type":"/problems/internal","title":"Something went wrong here","status":500}`)
	}
	return append(body, '\n')
}
