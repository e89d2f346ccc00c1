// Package verifier is the process that asks providers about the payments that wait for
// their answer. An answer is verified, refuted, pending or unavailable; the first two
// are recorded, and the other two are asked again.
package verifier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/local"
	"daybook/projections/process"
)

// Actor is the process in the metadata of events.
const Actor = "process:verifier"

// Provider answers what became of a payment. An error says that there is no answer: it
// says nothing about the payment.
type Provider interface {
	// Payment returns the evidence of an object that was paid: its status in the
	// provider's word, and the transfer as the provider shows it.
	Payment(ctx context.Context, object, id string) (payment.Evidence, error)
}

// Ledger records an answer.
type Ledger interface {
	VerifyPayment(ctx context.Context, id order.ID, verify order.Verify, a recorder.Attempt) (recorder.Result, error)
}

// Verifier asks about payments of checkouts and payment links.
type Verifier struct {
	Provider Provider
	Ledger   Ledger
	Now      func() time.Time

	// Patience is how long a payment may stay without an answer that settles it. Then a
	// person has to look; 0 is a week.
	Patience time.Duration
}

// week is more than any trouble of a provider lasts, and less than people wait for money.
const week = 7 * 24 * time.Hour

// Process returns it for a runner.
func (v Verifier) Process() process.Process {
	return process.Process{
		Name: "verifier", List: local.Verification.Name, Due: func(local.Item) bool { return true }, Do: v.do,
		Timeout: 30 * time.Second, AtOnce: 8,
	}
}

// ErrPending says that the provider does not show yet how the payment ended.
var ErrPending = errors.New("the provider shows the payment as under way")

// do asks about one payment. It may have been asked about before, here or elsewhere, up
// to any step: the order recognises an answer that it has.
func (v Verifier) do(ctx context.Context, task local.Item) error {
	object, id, err := objectOf(task)
	if err != nil {
		return err
	}
	seen, err := v.Provider.Payment(ctx, object, id)
	verify := order.Verify{Payment: task.Payment, Evidence: seen}
	if err == nil {
		verify.Answer, err = answer(seen.Status)
	}
	if err != nil {
		if !v.isOverdue(task) {
			return err
		}
		verify.Answer = order.Unanswered
		verify.Evidence = payment.Evidence{Method: payment.API, Status: underWay(seen.Status), At: v.Now().UTC()}
	}
	if verify.Answer != order.Came {
		verify.Evidence.Transfer = nil
	}
	_, err = v.Ledger.VerifyPayment(ctx, order.ID(task.Stream.ID()), verify, recorder.Attempt{
		ID: eventstore.NewULID(v.Now()), Actor: Actor, Task: task.Event,
	})
	return err
}

func (v Verifier) isOverdue(task local.Item) bool {
	patience := v.Patience
	if patience == 0 {
		patience = week
	}
	return v.Now().Sub(task.OpenedAt) > patience
}

// underWay returns a documented status of a payment that is not settled; empty for any other.
func underWay(status string) string {
	switch status {
	case "ACTIVE", "PROCESSING", "DEACTIVATED":
		return status
	}
	return ""
}

// answer says what a status means. A word that is not known is under way: it takes no
// payment away, and credits none.
func answer(status string) (order.Answer, error) {
	switch status {
	case "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED":
		return order.Came, nil
	case "FAILED", "EXPIRED":
		return order.NeverCame, nil
	}
	return "", ErrPending
}

// objectOf returns what the provider is asked about. It is named by the order's stream.
func objectOf(task local.Item) (object, id string, err error) {
	var details struct {
		Object string `json:"object"`
	}
	if err := json.Unmarshal(task.Details, &details); err != nil {
		return "", "", fmt.Errorf("read a task: %w", err)
	}
	name := order.ID(task.Stream.ID())
	if name.Namer() != order.Checkout {
		return "", "", errors.New("no provider answers for this kind of order")
	}
	id, err = ident.Unescape(string(name)[len(order.Checkout)+1:])
	return details.Object, id, err
}
