package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/eventstore"
)

const ours = deposit.ID("1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5")

func register(t *testing.T, service *ledger.Service, command string) (ledger.Registration, error) {
	t.Helper()
	return service.RegisterAddress(t.Context(), ours, "u1", ledger.Command{ID: command, Actor: "website:shop"})
}

// accounts folds what the whole log posts.
func accounts(t *testing.T, store eventstore.Store) map[ledger.Account]money.Amount {
	t.Helper()
	sums := make(map[ledger.Account]money.Amount)
	for e, err := range store.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := ledger.Post(event)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range entry.Lines {
			if sums[line.Account], err = sums[line.Account].Add(line.Amount); err != nil {
				t.Fatal(err)
			}
		}
	}
	return sums
}

// wantCredited checks that a user has all that has arrived, and nothing waits.
func wantCredited(t *testing.T, store eventstore.Store, user, decimal string) {
	t.Helper()
	for account, sum := range accounts(t, store) {
		switch {
		case account == ledger.UserAccount(user):
			if sum.Neg() != amount("BTC", decimal) {
				t.Errorf("%s has %v, want %s", user, sum.Neg(), decimal)
			}
		case strings.HasPrefix(string(account), suspense) && sum.Sign() != 0:
			t.Errorf("%s has %v", account, sum)
		}
	}
}

func TestRegisteringCreditsTheDepositThatCameBefore(t *testing.T) {
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	result, err := service.ReportDeposit(t.Context(), ours, deposited("h1"), delivery("D1", "{1}"))
	want(t, result, err, ledger.Held)
	for _, command := range []string{"C1", "C2", "C3"} {
		registration, err := register(t, service, command)
		if err != nil || registration.Deposits != 1 || registration.Credited != amount("BTC", "1.00000000") || registration.Revision != 3 {
			t.Errorf("%s is answered %+v, %v", command, registration, err)
		}
	}
	result, err = service.ReportDeposit(t.Context(), ours, deposited("h1"), delivery("D2", "{1}"))
	want(t, result, err, ledger.Duplicate)
	if got := types(read(t, store, result.Stream)); got != "[DepositHeld AddressRegistered DepositReceived DepositVerified]" {
		t.Errorf("got %s", got)
	}
	wantCredited(t, store, "u1", "1.00000000")

	// What comes later is no part of the answer.
	result, err = service.ReportDeposit(t.Context(), ours, deposited("h2"), delivery("D3", "{2}"))
	want(t, result, err, ledger.Recorded)
	if registration, err := register(t, service, "C4"); err != nil || registration.Deposits != 1 {
		t.Errorf("a later registration is answered %+v, %v", registration, err)
	}
}

// longest reports deposits whose names are as long as they may be.
func longest(t *testing.T, service *ledger.Service, n int) {
	t.Helper()
	for i := range n {
		report := deposited("")
		report.Payment = ident.NewPayment("coinbase", "address", string(ours), fmt.Sprintf("%05d", i)+strings.Repeat("ä", 61))
		result, err := service.ReportDeposit(t.Context(), ours, report, delivery(fmt.Sprint("D", i), fmt.Sprint("{", i, "}")))
		want(t, result, err, ledger.Held)
	}
}

func TestMoreDepositsThanOneAppendTakesAreCreditedInSeveral(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	const n = 2*deposit.MaxCredits + 7
	store := open(t)
	service := ledger.NewService(store, ledger.Policy{})
	longest(t, service, n)
	registration, err := service.RegisterAddress(t.Context(), ours, strings.Repeat(`"`, 128), ledger.Command{ID: "C1", Actor: "website:" + strings.Repeat(`"`, 128)})
	if err != nil || registration.Deposits != n || registration.Credited != amount("BTC", fmt.Sprintf("%d.00000000", n)) {
		t.Errorf("got %+v, %v", registration, err)
	}
	wantCredited(t, store, strings.Repeat(`"`, 128), fmt.Sprintf("%d.00000000", n))
}

func TestARegistrationThatBrokeOffIsFinishedByTheNext(t *testing.T) {
	if testing.Short() {
		t.Skip("one command after another: nothing for the race detector")
	}
	const n = 3*deposit.MaxCredits + 1
	store := &faulty{Store: open(t)}
	service := ledger.NewService(store, ledger.Policy{})
	longest(t, service, n)
	for attempt := range 4 {
		store.lost = 1 // the append of each attempt is stored, and nobody hears of it
		if _, err := register(t, service, fmt.Sprint("C", attempt)); !errors.Is(err, eventstore.ErrUnavailable) {
			t.Fatalf("attempt %d: got %v, want ErrUnavailable", attempt, err)
		}
	}
	store.lost = 0
	registration, err := register(t, service, "C9")
	if err != nil || registration.Deposits != n || registration.Outcome != ledger.Duplicate {
		t.Errorf("got %+v, %v", registration, err)
	}
	wantCredited(t, store, "u1", fmt.Sprintf("%d.00000000", n))
}

func TestADepositThatRacesItsRegistrationIsCreditedOnce(t *testing.T) {
	for range 20 {
		store := open(t)
		service := ledger.NewService(store, ledger.Policy{})
		race(t, func(i int) (ledger.Result, error) {
			if i%4 == 0 {
				registration, err := register(t, service, fmt.Sprint("C", i))
				return registration.Result, err
			}
			hash := fmt.Sprint("h", i%4) // four deliveries each of three deposits
			return service.ReportDeposit(t.Context(), ours, deposited(hash), delivery(fmt.Sprint("D", i), hash))
		})
		wantCredited(t, store, "u1", "3.00000000")
		credits := 0
		for _, e := range read(t, store, eventstore.StreamName(ours.Stream())) {
			if e.Type == "DepositVerified" {
				credits++
			}
		}
		if credits != 3 {
			t.Fatalf("%d credits of 3 deposits", credits)
		}
	}
}
