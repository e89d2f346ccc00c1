package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/process/linker"
	"daybook/projections/process/verifier"
	"daybook/projections/verify"
)

// message is what a sender sends, and repeats until it is answered.
type message func(ctx context.Context, r *recorder.Recorder) error

// The bodies of the shop's callbacks are "<id> <amount> <hash> <reference>", with - for
// what is left out. Of version 1 they have no hash.
type (
	webhookBodies  struct{}
	callbackBodies struct{}
)

func words(body string) (w [4]string) {
	for i, word := range strings.Fields(body) {
		w[i] = strings.Trim(word, "-")
	}
	return w
}

func (webhookBodies) Read(body []byte) verify.Reading {
	w := words(string(body))
	return verify.Reading{
		Stream: "order-checkout." + w[0], Methods: []string{"signature"}, Reader: 1,
		Claims: []verify.Claim{{
			Payment: "checkout/" + w[0], Amount: w[1] + " USDC", Method: payment.Signature, Said: "COMPLETED",
			Transfer: &verify.Transfer{Amount: w[1] + " USDC", Network: "base", Hash: w[2]}, Details: verify.Details{Reference: w[3]},
		}},
	}
}

func (callbackBodies) Read(body []byte) verify.Reading {
	w := words(string(body))
	return verify.Reading{
		Stream: "order-coinbase." + w[0], Methods: []string{"secret"}, Reader: 1,
		Claims: []verify.Claim{{
			Payment: "coinbase/order/" + w[0], User: w[3], Amount: w[1] + " USDC", AtOnce: true,
			Method: recorder.CoinbaseCallback, Said: "completed", Details: verify.Details{Reference: w[3]},
		}},
	}
}

func transferred(decimal, hash string) payment.Transfer {
	return payment.Transfer{Amount: amount("USDC", decimal), Network: "base", Hash: hash}
}

func arrival(format, method, body string) recorder.Delivery {
	return recorder.Delivery{
		ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: format, Reader: 1, Received: moment, Source: "::1",
		Body: []byte(body), Length: int64(len(body)), Method: method,
	}
}

// webhook says that a checkout or a payment link was paid.
func webhook(body string) message {
	return func(ctx context.Context, r *recorder.Recorder) error {
		w := words(body)
		moved := transferred(w[1], w[2])
		_, err := r.ReportOrder(ctx, order.NewID(order.Checkout, w[0]), order.Report{
			Payment: ident.NewPayment("checkout", w[0]),
			Paid: &order.Claim{
				Amount: moved.Amount, Transfer: &moved, Details: order.Details{Reference: w[3]},
				Evidence: payment.Evidence{Method: payment.Signature, Status: "COMPLETED"},
			},
		}, arrival("checkouts", "signature", body))
		return err
	}
}

// callback says that an order of version 1 was paid.
func callback(body string) message {
	return func(ctx context.Context, r *recorder.Recorder) error {
		w := words(body)
		_, err := r.ReportOrder(ctx, order.NewID(order.Coinbase, w[0]), order.Report{
			Payment: ident.NewPayment("coinbase", "order", w[0]),
			Paid: &order.Claim{
				Custom: w[3], Amount: amount("USDC", w[1]), Details: order.Details{Reference: w[3]},
				Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"},
			},
		}, arrival("v1", "secret", body))
		return err
	}
}

// registers is what the website expects. That terms disagree with a credit, or with the
// first, is an answer too.
func registers(id order.ID, user, decimal string) message {
	return func(ctx context.Context, r *recorder.Recorder) error {
		terms := order.Terms{User: user, Amount: amount("USDC", decimal), For: order.ForBalance}
		_, err := r.RegisterOrder(ctx, id, terms, false, recorder.Command{ID: eventstore.NewULID(time.Now()), Actor: "website:shop"})
		if errors.Is(err, order.ErrOtherTerms) {
			return nil
		}
		return err
	}
}

// links is the linker's command, which it may issue again at any time.
func links(id, site order.ID) message {
	return func(ctx context.Context, r *recorder.Recorder) error {
		_, err := r.LinkOrder(ctx, id, site, attempt(linker.Actor))
		return err
	}
}

// answers is the verifier's command, likewise.
func answers(id string, shown shelf) message {
	return func(ctx context.Context, r *recorder.Recorder) error {
		seen, err := shown.Payment(ctx, "", id)
		if err != nil {
			return err
		}
		_, err = r.VerifyPayment(ctx, order.NewID(order.Checkout, id), order.Verify{
			Payment: ident.NewPayment("checkout", id), Answer: order.Came, Evidence: seen,
		}, attempt(verifier.Actor))
		return err
	}
}

func attempt(actor string) recorder.Attempt {
	return recorder.Attempt{ID: eventstore.NewULID(time.Now()), Actor: actor, Task: "order-site.R@0"}
}

// shelf is what the provider shows of each checkout: "<amount> <hash>".
type shelf map[string]string

// Payment implements verifier.Provider.
func (s shelf) Payment(_ context.Context, _, id string) (payment.Evidence, error) {
	decimal, hash, isShown := strings.Cut(s[id], " ")
	if !isShown {
		return payment.Evidence{}, fmt.Errorf("nothing is shown of %q", id)
	}
	shown := transferred(decimal, hash)
	return payment.Evidence{Method: payment.API, Status: "COMPLETED", Transfer: &shown, At: moment}, nil
}
