package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/process"
	"daybook/projections/process/processtest"
	"daybook/projections/process/verifier"
	"daybook/projections/verify"
)

// A body is "<id> <amount> <hash>", with - for a hash that is left out.
type webhooks struct{}

func (webhooks) Read(body []byte) verify.Reading {
	w := strings.Fields(string(body))
	return verify.Reading{
		Stream: "order-checkout." + w[0], Methods: []string{"signature"}, Reader: 1,
		Claims: []verify.Claim{{
			Payment: "checkout/" + w[0], Amount: w[1] + " USDC", Method: payment.Signature, Said: "COMPLETED",
			Transfer: &verify.Transfer{Amount: w[1] + " USDC", Network: "base", Hash: strings.Trim(w[2], "-")},
		}},
	}
}

func transfer(amount, hash string) payment.Transfer {
	a, err := money.Parse("USDC", amount)
	if err != nil {
		panic(err)
	}
	return payment.Transfer{Amount: a, Network: "base", Hash: strings.Trim(hash, "-")}
}

// step does one thing to a log.
type step = func(testing.TB, eventstore.Store)

func webhook(text string) step {
	return func(t testing.TB, log eventstore.Store) {
		w := strings.Fields(text)
		moved := transfer(w[1], w[2])
		_, err := recorder.New(log, recorder.Policy{}).ReportOrder(context.Background(), order.NewID("checkout", w[0]), order.Report{
			Payment: ident.NewPayment("checkout", w[0]),
			Paid:    &order.Claim{Amount: moved.Amount, Transfer: &moved, Evidence: payment.Evidence{Method: payment.Signature, Status: "COMPLETED"}},
		}, recorder.Delivery{
			ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: "f", Reader: 1, Received: time.Now(), Source: "::1",
			Body: []byte(text), Length: int64(len(text)), Method: "signature",
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func registration(id string) step {
	return func(t testing.TB, log eventstore.Store) {
		_, err := recorder.New(log, recorder.Policy{}).RegisterOrder(context.Background(), order.NewID("checkout", id), order.Terms{
			User: "u-" + id, Amount: transfer("10.000000", "").Amount, For: order.ForBalance,
		}, false, recorder.Command{ID: eventstore.NewULID(time.Now()), Actor: "website:shop"})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// answers are what a provider shows, by id: a status, an amount and a hash.
type answers map[string]string

var errSilent = errors.New("no answer")

func (a answers) Payment(_ context.Context, _, id string) (payment.Evidence, error) {
	w := strings.Fields(a[id])
	if len(w) == 0 {
		return payment.Evidence{}, errSilent
	}
	shown := transfer(w[1], w[2])
	return payment.Evidence{Method: payment.API, Status: w[0], Transfer: &shown, At: time.Unix(1_700_000_000, 0).UTC()}, nil
}

func (a answers) process(log eventstore.Store) process.Process {
	return verifier.Verifier{Provider: a, Ledger: recorder.New(log, recorder.Policy{}), Now: time.Now}.Process()
}

// says lists what was decided of each payment.
func says(t testing.TB, log eventstore.Store) string {
	t.Helper()
	decided := map[ident.Payment]string{}
	processtest.Each(t, log, func(_ eventstore.StreamName, event codec.Event) {
		switch e := event.(type) {
		case order.PaymentVerified:
			decided[e.Payment] += fmt.Sprintf("verified %s for %s ", e.Amount, e.User)
		case order.PaymentRefuted:
			decided[e.Payment] += "refuted "
		case order.PaymentMispaid:
			decided[e.Payment] += fmt.Sprintf("mispaid %s ", e.Reason)
		case order.PaymentHeld:
			decided[e.Payment] += fmt.Sprintf("held %s %v ", e.Reason, e.Arrived)
		}
	})
	return fmt.Sprint(decided)
}

// once checks that each payment is decided once, whatever happened in which order.
func once(t testing.TB, log eventstore.Store) {
	t.Helper()
	if got := says(t, log); strings.Count(got, "verified") > strings.Count(got, "checkout/") {
		t.Errorf("decided twice: %s", got)
	}
}

func TestEachAnswerIsRecordedOnce(t *testing.T) {
	t.Parallel()
	shown := answers{
		"paid": "COMPLETED 10.000000 0x1", "refunded": "REFUNDED 10.000000 0x2", "failed": "FAILED 10.000000 -", "short": "COMPLETED 9.000000 0x3",
		"other": "COMPLETED 11.000000 0x4", "unknown": "COMPLETED 10.000000 0x5", "twin": "COMPLETED 10.000000 0x1",
	}
	processtest.Run(t, processtest.Case{
		Steps: []step{
			registration("paid"), registration("refunded"), registration("failed"), registration("short"), registration("other"),
			webhook("paid 10.000000 -"), webhook("refunded 10.000000 0x2"), webhook("failed 10.000000 -"), webhook("short 9.000000 0x3"),
			webhook("other 10.000000 0x4"), webhook("unknown 10.000000 0x5"), webhook("paid 10.000000 0x1"),
		},
		Process: shown.process, Says: says, Holds: once,
		Readers: map[string]verify.Reader{"f": webhooks{}},
	})
	t.Run("what it comes to", func(t *testing.T) {
		log := processtest.Open(t)
		for _, id := range []string{"paid", "short", "other", "failed", "twin"} {
			registration(id)(t, log)
		}
		for _, text := range []string{"paid 10.000000 -", "short 9.000000 0x3", "other 10.000000 0x4", "unknown 10.000000 0x5", "failed 10.000000 -", "twin 10.000000 -"} {
			webhook(text)(t, log)
		}
		if err := processtest.Drive(t, log, shown.process); err != nil {
			t.Fatal(err)
		}
		const want = "map[checkout/failed:refuted  checkout/other:held provider-disagrees true  checkout/paid:verified 10.000000 USDC for u-paid  " +
			"checkout/short:mispaid underpaid  checkout/twin:held transaction-elsewhere false  checkout/unknown:held unregistered true ]"
		if got := says(t, log); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// What is under way or cannot be asked is neither refuted nor verified, and after a week
// a person has to look.
func TestNoAnswerDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"", "ACTIVE 10.000000 -", "PROCESSING 10.000000 -", "DEACTIVATED 10.000000 -", "SETTLED 10.000000 -"} {
		log := processtest.Open(t)
		webhook("c 10.000000 -")(t, log)
		shown := answers{"c": status}
		if err := processtest.Drive(t, log, shown.process); !errors.Is(err, errSilent) && !errors.Is(err, verifier.ErrPending) {
			t.Fatalf("%q: %v", status, err)
		}
		if got := says(t, log); got != "map[]" {
			t.Errorf("%q: %s", status, got)
		}
		late := func(log eventstore.Store) process.Process {
			return verifier.Verifier{
				Provider: shown, Ledger: recorder.New(log, recorder.Policy{}), Now: func() time.Time { return time.Now().Add(8 * 24 * time.Hour) },
			}.Process()
		}
		if err := processtest.Drive(t, log, late); err != nil {
			t.Fatal(err)
		}
		if got := says(t, log); got != "map[checkout/c:held unverified false ]" {
			t.Errorf("%q: %s", status, got)
		}
	}
}
