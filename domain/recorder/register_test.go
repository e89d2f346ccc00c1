package recorder_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

// wantCredited checks that a user has all that has arrived, and nothing waits.
func (w *world) wantCredited(user, decimal string) {
	w.t.Helper()
	for account, sum := range w.accounts() {
		switch {
		case account == ledger.UserAccount(user):
			if sum.Neg() != amount("BTC", decimal) {
				w.t.Errorf("%s has %v, want %s", user, sum.Neg(), decimal)
			}
		case strings.HasPrefix(string(account), suspense) && sum.Sign() != 0:
			w.t.Errorf("%s has %v", account, sum)
		}
	}
}

func TestRegisteringCreditsTheDepositThatCameBefore(t *testing.T) {
	w := newWorld(t)
	w.deposit(ours, deposited("h1"), delivery("D1", "{1}"), recorder.Held)
	for _, command := range []string{"C1", "C2", "C3"} {
		registration, err := w.register(command)
		if err != nil || registration.Deposits != 1 || registration.Credited != amount("BTC", "1.00000000") || registration.Revision != 3 {
			t.Errorf("%s is answered %+v, %v", command, registration, err)
		}
	}
	result := w.deposit(ours, deposited("h1"), delivery("D2", "{1}"), recorder.Duplicate)
	w.wantTypes(result.Stream, "DepositHeld", "AddressRegistered", "DepositReceived", "DepositVerified")
	w.wantCredited("u1", "1.00000000")

	// What comes later is no part of the answer.
	w.deposit(ours, deposited("h2"), delivery("D3", "{2}"), recorder.Recorded)
	if registration, err := w.register("C4"); err != nil || registration.Deposits != 1 {
		t.Errorf("a later registration is answered %+v, %v", registration, err)
	}
}

// longest reports deposits whose names are as long as they may be.
func (w *world) longest(n int) {
	w.t.Helper()
	for i := range n {
		report := deposited("")
		report.Payment = ident.NewPayment("coinbase", "address", string(ours), fmt.Sprintf("%05d", i)+strings.Repeat("ä", 61))
		w.deposit(ours, report, delivery(fmt.Sprint("D", i), fmt.Sprint("{", i, "}")), recorder.Held)
	}
}

func TestMoreDepositsThanOneAppendTakesAreCreditedInSeveral(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	const n = 2*deposit.MaxCredits + 7
	w := newWorld(t)
	w.longest(n)
	registration, err := w.RegisterAddress(t.Context(), ours, strings.Repeat(`"`, 128), recorder.Command{ID: "C1", Actor: "website:" + strings.Repeat(`"`, 128)})
	if err != nil || registration.Deposits != n || registration.Credited != amount("BTC", fmt.Sprintf("%d.00000000", n)) {
		t.Errorf("got %+v, %v", registration, err)
	}
	w.wantCredited(strings.Repeat(`"`, 128), fmt.Sprintf("%d.00000000", n))
}

func TestARegistrationThatBrokeOffIsFinishedByTheNext(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	const n = 3*deposit.MaxCredits + 1
	store := &faulty{Store: newWorld(t).log}
	w := with(t, store)
	w.longest(n)
	for attempt := range 4 {
		store.lost = 1 // the append of each attempt is stored, and nobody hears of it
		if _, err := w.register(fmt.Sprint("C", attempt)); !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatalf("attempt %d: got %v, want ErrUnavailable", attempt, err)
		}
	}
	store.lost = 0
	registration, err := w.register("C9")
	if err != nil || registration.Deposits != n || registration.Outcome != recorder.Duplicate {
		t.Errorf("got %+v, %v", registration, err)
	}
	w.wantCredited("u1", fmt.Sprintf("%d.00000000", n))
}

func TestADepositThatRacesItsRegistrationIsCreditedOnce(t *testing.T) {
	for range 20 {
		w := newWorld(t)
		race(t, func(i int) (recorder.Result, error) {
			if i%4 == 0 {
				registration, err := w.register(fmt.Sprint("C", i))
				return registration.Result, err
			}
			hash := fmt.Sprint("h", i%4) // four deliveries each of three deposits
			return w.ReportDeposit(t.Context(), ours, deposited(hash), delivery(fmt.Sprint("D", i), hash))
		})
		w.wantCredited("u1", "3.00000000")
		if credits := w.count(eventstore.StreamName(ours.Stream()), "DepositVerified"); credits != 3 {
			t.Fatalf("%d credits of 3 deposits", credits)
		}
	}
}
