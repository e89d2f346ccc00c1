package deposit_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/review"
)

const (
	callback = "coinbase-callback"
	hash     = ident.Payment("coinbase/address/1AmB4b/7b95")
	another  = ident.Payment("coinbase/address/1AmB4b/c0de")
)

var (
	one      = amount("1.00000000")
	two      = amount("2.00000000")
	three    = amount("3.00000000")
	minus    = amount("-1.00000000")
	evidence = payment.Evidence{Method: callback, Status: "received"}
	now      = time.Date(2014, 3, 21, 6, 29, 36, 0, time.UTC)
)

func report(p ident.Payment, amount money.Amount) deposit.Report {
	return deposit.Report{
		Payment: p, Digest: "d1", Amount: amount, Evidence: evidence, ReceivedAt: now, Sufficient: []string{callback},
		EventID: func(index int) string { return fmt.Sprintf("event-%d", index) },
	}
}

func TestDecide(t *testing.T) {
	var (
		registered = deposit.AddressRegistered{User: "u1"}
		received   = deposit.DepositReceived{Payment: hash, User: "u1", Amount: one}
		verified   = deposit.DepositVerified{Payment: hash, User: "u1", Amount: one, Evidence: []payment.Evidence{evidence}}
		closing    = deposit.DepositVerified{
			Payment: hash, User: "u1", Amount: one, Evidence: []payment.Evidence{evidence}, Closes: []payment.ClosedHold{{Hold: "event-0", Amount: &one}},
		}
		nobody     = deposit.DepositHeld{Hold: "event-0", Payment: hash, Amount: &one, Arrived: true, Reason: payment.NoUser}
		unreadable = deposit.DepositHeld{Hold: "event-0", Payment: hash, User: "u1", Reason: payment.UnreadableAmount}
		contrary   = deposit.DepositHeld{Hold: "event-0", Payment: hash, User: "u1", Contradiction: true, Reason: payment.Contradiction}
		second     = deposit.DepositHeld{Hold: "event-0", Payment: hash + "/2.00000000", User: "u1", Amount: &two, Arrived: true, Reason: payment.AnotherOutput}
		secondOf   = deposit.DepositHeld{Hold: "event-0", Payment: hash + "/2.00000000", Amount: &two, Arrived: true, Reason: payment.AnotherOutput}
		noHash     = deposit.DepositHeld{Hold: "event-0", Digest: "d1", Amount: &one, Arrived: true, Reason: payment.NoHash}
		seenAgain  = deposit.DepositSeenAgain{Hold: "event-0", Digest: "d1", ReceivedAt: now}
		hearsay    = report(hash, one)
		otherBody  = report("", one)
	)
	hearsay.Evidence.Method = "website"
	otherBody.Digest = "d2"
	for _, test := range []struct {
		name  string
		given []deposit.Event
		when  deposit.Report
		then  []deposit.Event
		// A report without a hash is never known.
		never bool
	}{
		{"a deposit to a registered address is credited", []deposit.Event{registered}, report(hash, one), []deposit.Event{received, verified}, false},
		{"a deposit again is nothing", []deposit.Event{registered, received, verified}, report(hash, one), nil, false},
		{"another hash is another deposit", []deposit.Event{registered, received, verified}, report(another, one), []deposit.Event{
			deposit.DepositReceived{Payment: another, User: "u1", Amount: one},
			deposit.DepositVerified{Payment: another, User: "u1", Amount: one, Evidence: []payment.Evidence{evidence}},
		}, false},
		{"a deposit to an unregistered address is held, and the money is in", nil, report(hash, one), []deposit.Event{nobody}, false},
		{"a held deposit again is nothing", []deposit.Event{nobody}, report(hash, one), nil, false},
		{"an address that is registered later is credited at the next report", []deposit.Event{nobody, registered}, report(hash, one), []deposit.Event{received, closing}, false},
		{"another amount with the same hash is another output: held, and the money is in", []deposit.Event{registered, received, verified}, report(hash, two), []deposit.Event{second}, false},
		{"the other output again is nothing", []deposit.Event{registered, received, verified, second}, report(hash, two), nil, false},
		{"the first output again is nothing", []deposit.Event{registered, received, verified, second}, report(hash, one), nil, false},
		{"a third output is held too", []deposit.Event{registered, received, verified, second}, report(hash, three), []deposit.Event{
			deposit.DepositHeld{Hold: "event-0", Payment: hash + "/3.00000000", User: "u1", Amount: &three, Arrived: true, Reason: payment.AnotherOutput},
		}, false},
		{"both outputs wait for an address that nobody registered", []deposit.Event{nobody}, report(hash, two), []deposit.Event{secondOf}, false},
		{"the other output is known after the address is registered", []deposit.Event{nobody, secondOf, registered}, report(hash, two), nil, false},
		{"the first output is credited alone", []deposit.Event{nobody, secondOf, registered}, report(hash, one), []deposit.Event{received, closing}, false},
		{"another output of a pending deposit is held", []deposit.Event{registered, received}, report(hash, two), []deposit.Event{second}, false},
		{"the other output again is nothing after it was dismissed", []deposit.Event{registered, received, verified, second,
			deposit.DepositDismissed{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: second.Payment}, Arrived: &two}}, report(hash, two), nil, false},
		{"the other output again is nothing after it was released", []deposit.Event{registered, received, verified, second,
			deposit.DepositReleased{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: second.Payment}, User: "u1", Amount: two}}, report(hash, two), nil, false},
		{"the first output again is nothing after that", []deposit.Event{registered, received, verified, second,
			deposit.DepositReleased{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: second.Payment}, User: "u1", Amount: two}}, report(hash, one), nil, false},
		{"an amount that cannot be read contradicts a credit", []deposit.Event{registered, received, verified}, report(hash, money.Amount{}), []deposit.Event{contrary}, false},
		{"the same contradiction again is nothing", []deposit.Event{registered, received, verified, contrary}, report(hash, money.Amount{}), nil, false},
		{"the first amount after a contradiction is nothing", []deposit.Event{registered, received, verified, contrary}, report(hash, one), nil, false},

		{"an unreadable amount is held, and nothing has arrived", []deposit.Event{registered}, report(hash, money.Amount{}), []deposit.Event{unreadable}, false},
		{"an unreadable amount, then a readable one, is credited", []deposit.Event{registered, unreadable}, report(hash, one), []deposit.Event{
			received,
			deposit.DepositVerified{Payment: hash, User: "u1", Amount: one, Evidence: []payment.Evidence{evidence}, Closes: []payment.ClosedHold{{Hold: "event-0"}}},
		}, false},
		{"an amount below zero is held, and takes nothing away", []deposit.Event{registered}, report(hash, minus), []deposit.Event{
			deposit.DepositHeld{Hold: "event-0", Payment: hash, User: "u1", Amount: &minus, Reason: payment.UnreadableAmount},
		}, false},

		{"without sufficient evidence a deposit is received and pending", []deposit.Event{registered}, hearsay, []deposit.Event{received}, false},
		{"sufficient evidence verifies a received deposit", []deposit.Event{registered, received}, report(hash, one), []deposit.Event{verified}, false},

		{"a released deposit again is nothing", []deposit.Event{nobody, deposit.DepositReleased{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: hash}, User: "u1", Amount: one}, registered}, report(hash, one), nil, false},
		{"a dismissed deposit again is nothing", []deposit.Event{nobody, deposit.DepositDismissed{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: hash}, Arrived: &one}, registered}, report(hash, one), nil, false},
		{"another output after the first was dismissed is held", []deposit.Event{nobody, deposit.DepositDismissed{Decision: review.Decision{ID: "d1", Item: "event-0", Payment: hash}, Arrived: &one}, registered}, report(hash, two), []deposit.Event{second}, false},

		{"a deposit without hash is held, and the money is in", nil, report("", one), []deposit.Event{noHash}, true},
		{"a deposit without hash to a registered address is held too", []deposit.Event{registered}, report("", one), []deposit.Event{
			deposit.DepositHeld{Hold: "event-0", Digest: "d1", User: "u1", Amount: &one, Arrived: true, Reason: payment.NoHash},
		}, true},
		{"the same body without hash is seen again", []deposit.Event{noHash}, report("", one), []deposit.Event{seenAgain}, true},
		{"and again", []deposit.Event{noHash, seenAgain}, report("", one), []deposit.Event{seenAgain}, true},
		{"the same body is seen again after the hold was released", []deposit.Event{noHash, deposit.DepositReleased{Decision: review.Decision{ID: "d1", Item: "event-0"}, User: "u1", Amount: one}}, report("", one), []deposit.Event{seenAgain}, true},
		{"the same body is seen again after the hold was dismissed", []deposit.Event{noHash, deposit.DepositDismissed{Decision: review.Decision{ID: "d1", Item: "event-0"}, Arrived: &one}}, report("", one), []deposit.Event{seenAgain}, true},
		{"another body without hash is another hold", []deposit.Event{noHash}, otherBody, []deposit.Event{
			deposit.DepositHeld{Hold: "event-0", Digest: "d2", Amount: &one, Arrived: true, Reason: payment.NoHash},
		}, true},
		{"a deposit with a hash is not that without", []deposit.Event{noHash, registered}, report(hash, one), []deposit.Event{received, verified}, false},
		{"an unreadable amount without hash has not arrived", nil, report("", money.Amount{}), []deposit.Event{
			deposit.DepositHeld{Hold: "event-0", Digest: "d1", Reason: payment.NoHash},
		}, true},
		{"an amount below zero without hash has not arrived", nil, report("", minus), []deposit.Event{
			deposit.DepositHeld{Hold: "event-0", Digest: "d1", Amount: &minus, Reason: payment.NoHash},
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := deposit.Decide(state(test.given), test.when)
			if err != nil {
				t.Fatal(err)
			}
			if len(got)+len(test.then) > 0 && !reflect.DeepEqual(got, test.then) {
				t.Fatalf("got\n%+v\nwant\n%+v", got, test.then)
			}
			again, err := deposit.Decide(state(append(test.given, got...)), test.when)
			if err != nil || (len(again) == 0) == test.never {
				t.Errorf("the same report once more comes to %+v, %v", again, err)
			}
		})
	}
}

func TestDecideRegister(t *testing.T) {
	var (
		registered = deposit.AddressRegistered{User: "u1"}
		waits      = deposit.DepositHeld{Hold: "h", Payment: hash, Amount: &one, Arrived: true, Reason: payment.NoUser}
		contrary   = deposit.DepositHeld{Hold: "c", Payment: hash, Amount: &two, Contradiction: true, Reason: payment.Contradiction}
		unreadable = deposit.DepositHeld{Hold: "g", Payment: hash, Reason: payment.UnreadableAmount}
		received   = deposit.DepositReceived{Payment: hash, User: "u1", Amount: one}
		closing    = deposit.DepositVerified{
			Payment: hash, User: "u1", Amount: one, Evidence: []payment.Evidence{evidence}, Closes: []payment.ClosedHold{{Hold: "h", Amount: &one}},
		}
	)
	for _, test := range []struct {
		name  string
		given []deposit.Event
		user  string
		then  []deposit.Event
		fails error
	}{
		{"an address is registered", nil, "u1", []deposit.Event{registered}, nil},
		{"registered again is nothing", []deposit.Event{registered}, "u1", nil, nil},
		{"for another user it is refused", []deposit.Event{registered}, "u2", nil, deposit.ErrOtherUser},
		{"nobody cannot have an address", nil, "", nil, ident.ErrUnusable},
		{"a user has 128 bytes at most", nil, strings.Repeat("u", 129), nil, ident.ErrUnusable},
		{"a deposit that waits for the user is credited", []deposit.Event{waits}, "u1", []deposit.Event{registered, received, closing}, nil},
		{"one that an earlier registration has left is credited", []deposit.Event{waits, registered}, "u1", []deposit.Event{received, closing}, nil},
		{"one that a callback has credited meanwhile is not", []deposit.Event{waits, registered, received, closing}, "u1", nil, nil},
		{"for another user nothing is credited", []deposit.Event{waits, registered}, "u2", nil, deposit.ErrOtherUser},
		{"a dismissed deposit is not credited", []deposit.Event{waits, deposit.DepositDismissed{Decision: review.Decision{ID: "d1", Item: "h", Payment: hash}, Arrived: &one}}, "u1", []deposit.Event{registered}, nil},
		{"a released deposit is not credited again", []deposit.Event{waits, deposit.DepositReleased{Decision: review.Decision{ID: "d1", Item: "h", Payment: hash}, User: "u9", Amount: one}}, "u1", []deposit.Event{registered}, nil},
		{"another output of the transaction is left for a person", []deposit.Event{waits,
			deposit.DepositHeld{Hold: "o", Payment: hash + "/2.00000000", Amount: &two, Arrived: true, Reason: payment.AnotherOutput}}, "u1", []deposit.Event{registered, received, closing}, nil},
		{"a contradiction is left for a person", []deposit.Event{waits, contrary}, "u1", []deposit.Event{registered, received, closing}, nil},
		{"an earlier report without an amount is settled too", []deposit.Event{unreadable, waits}, "u1", []deposit.Event{registered, received,
			deposit.DepositVerified{Payment: hash, User: "u1", Amount: one, Evidence: []payment.Evidence{evidence}, Closes: []payment.ClosedHold{{Hold: "g"}, {Hold: "h", Amount: &one}}}}, nil},
		{"what lacks an amount or a hash is left for a person", []deposit.Event{unreadable,
			deposit.DepositHeld{Hold: "i", Digest: "d", Amount: &one, Arrived: true, Reason: payment.NoHash}}, "u1", []deposit.Event{registered}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := deposit.DecideRegister(state(test.given), deposit.Register{User: test.user, Evidence: evidence, Sufficient: []string{callback}})
			if !errors.Is(err, test.fails) || !reflect.DeepEqual(got, test.then) {
				t.Errorf("got %+v, %v, want %+v, %v", got, err, test.then, test.fails)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	given := []deposit.Event{deposit.AddressRegistered{User: "u1"}, deposit.DepositReceived{Payment: hash, User: "u1", Amount: one}}
	for i := range payment.Max {
		given = append(given, deposit.DepositHeld{Hold: fmt.Sprint(i), Payment: hash, Contradiction: true, Reason: payment.Contradiction})
	}
	if events, err := deposit.Decide(state(given), report(hash, money.Amount{})); !errors.Is(err, payment.ErrTooMany) {
		t.Errorf("the next contradiction comes to %+v, %v, want ErrTooMany", events, err)
	}
	if events, err := deposit.Decide(state(given), report(another, one)); err != nil || len(events) != 2 {
		t.Errorf("another deposit comes to %+v, %v", events, err)
	}
}

func TestNewID(t *testing.T) {
	if got, want := deposit.NewID("1Am/B4b").Stream(), "address-1Am%2FB4b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func state(events []deposit.Event) deposit.State {
	var s deposit.State
	for _, e := range events {
		s = deposit.Evolve(s, e)
	}
	return s
}
