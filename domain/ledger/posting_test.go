package ledger

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"daybook/domain/claim"
	"daybook/domain/codec"
	"daybook/domain/codec/codectest"
	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/review"
	"daybook/eventstore"
)

func amount(currency money.Currency, decimal string) money.Amount {
	a, err := money.Parse(currency, decimal)
	if err != nil {
		panic(err)
	}
	return a
}

// taking is a decision that takes lines back.
func taking(identity ident.Payment, lines []review.Line) review.Decision {
	return review.Decision{Payment: identity, Takes: lines}
}

func TestPost(t *testing.T) {
	const (
		own      = ident.Payment("coinbase/order/5RTQNACF")
		mispaid  = ident.Payment("coinbase/mispayment/ABC123")
		hash     = ident.Payment("coinbase/address/1AmB4b/7b95")
		checkout = ident.Payment("checkout/c1")
		paidOut  = ident.Payment("coinbase/payout/532b")

		user      = "liabilities:users:u1"
		first     = "liabilities:suspense:h1"
		mispaying = "liabilities:suspense:m1"
		exchanged = "equity:exchange:coinbase%2Fpayout%2F532b"
	)
	var (
		ten     = amount("USD", "10.00")
		six     = amount("USD", "6.00")
		bitcoin = amount("BTC", "0.10000000")
		none    = money.Zero("BTC")
		fee     = amount("USD", "0.57")
		bankFee = amount("USD", "0.15")

		transferred = payment.Transfer{Amount: amount("USDC", "10.00"), Quoted: ten, Fee: amount("USDC", "0.10")}
		same        = payment.Transfer{Amount: ten, Fee: amount("USD", "0.10")}
		closedFee   = []payment.ClosedHold{{Hold: "h1", Amount: amount("USDC", "10.00").Optional(), Fee: amount("USDC", "0.10").Optional()}}

		held      = []review.Line{{Account: "assets:coinbase", Amount: ten}, {Account: first, Amount: ten.Neg()}}
		suspended = []review.Line{{Account: "assets:coinbase", Amount: ten}, {Account: mispaying, Amount: ten.Neg()}}
		credited  = []review.Line{{Account: "assets:coinbase", Amount: ten}, {Account: user, Amount: ten.Neg()}}

		closed = []payment.ClosedHold{{Hold: "h1", Amount: &ten}, {Hold: "h2"}}
		facts  = payout.Facts{Subtotal: amount("USD", "56.74"), Total: amount("USD", "56.02"), FeeOwn: &fee, FeeBank: &bankFee}
		sold   = payout.Facts{Subtotal: amount("USD", "56.74"), Total: amount("USD", "56.02"), FeeOwn: &fee, FeeBank: &bankFee, Bitcoin: &bitcoin}
	)
	odd, zeroed := facts, facts
	odd.Total, zeroed.Bitcoin = amount("USD", "50.00"), &none
	tests := []struct {
		name  string
		event codec.Event
		want  map[string]string // what an account gains, debit positive
	}{
		{"a verified payment", order.PaymentVerified{Payment: own, User: "u1", Amount: ten}, map[string]string{"assets:coinbase": "10.00 USD", user: "-10.00 USD"}},
		{"a verified payment that closes a hold takes it out of suspense", order.PaymentVerified{Payment: own, User: "u1", Amount: ten, Closes: closed}, map[string]string{first: "10.00 USD", user: "-10.00 USD"}},
		{"a user's name is percent-encoded", order.PaymentVerified{Payment: own, User: "a:b/c", Amount: ten}, map[string]string{"assets:coinbase": "10.00 USD", "liabilities:users:a%3Ab%2Fc": "-10.00 USD"}},
		{"a held payment that has arrived", order.PaymentHeld{Hold: "h1", Payment: own, Amount: &ten, Arrived: true}, map[string]string{"assets:coinbase": "10.00 USD", first: "-10.00 USD"}},
		{"a held payment that has not arrived", order.PaymentHeld{Hold: "h1", Payment: own, Amount: &ten}, nil},
		{"a held payment whose amount cannot be read", order.PaymentHeld{Hold: "h1", Payment: own}, nil},
		{"a contradiction", order.PaymentHeld{Hold: "h1", Payment: own, Amount: &ten, Contradiction: true}, nil},
		{"a released hold", order.PaymentReleased{Decision: taking(own, held), User: "u1", Amount: ten}, map[string]string{first: "10.00 USD", user: "-10.00 USD"}},
		{"a released hold that had put nothing into suspense", order.PaymentReleased{Decision: taking(own, nil), User: "u1", Amount: ten}, map[string]string{"assets:coinbase": "10.00 USD", user: "-10.00 USD"}},
		{"a released contradiction of the user", order.PaymentReleased{Decision: taking(own, credited), User: "u2", Amount: ten, Contradiction: true}, map[string]string{user: "10.00 USD", "liabilities:users:u2": "-10.00 USD"}},
		{"a released contradiction of the amount", order.PaymentReleased{Decision: taking(own, credited), User: "u1", Amount: six, Contradiction: true}, map[string]string{"assets:coinbase": "-4.00 USD", user: "4.00 USD"}},
		{"a released transfer in another currency, of which a part had been sent back", order.PaymentReleased{
			Decision: taking(checkout, nil), User: "u1", Amount: ten, Transfer: &transferred, Refunded: &review.Refunded{Amount: amount("USDC", "5.00"), Share: amount("USD", "5.00")},
		}, map[string]string{
			"assets:checkout": "4.900000 USDC", "expenses:fees:checkout": "0.100000 USDC", "equity:exchange:checkout%2Fc1": "5.00 USD, -5.000000 USDC", user: "-5.00 USD",
		}},
		{"a completed sale", order.OrderCompleted{Decision: taking(own, held), User: "u1", Amount: ten, Sold: ten}, map[string]string{first: "10.00 USD", "income:sales": "-10.00 USD"}},
		{"a completed sale of less", order.OrderCompleted{Decision: taking(own, held), User: "u1", Amount: ten, Sold: amount("USD", "12.00"), Short: amount("USD", "2.00").Optional()}, map[string]string{
			first: "10.00 USD", "expenses:shortfall": "2.00 USD", "income:sales": "-12.00 USD",
		}},
		{"a completed sale of more, of which the rest and a part had been sent back", order.OrderCompleted{
			Decision: taking(own, held), User: "u1", Amount: ten, Sold: six, Refunded: &review.Refunded{Amount: six, Share: six},
		}, map[string]string{first: "10.00 USD", "assets:coinbase": "-6.00 USD", "income:sales": "-4.00 USD"}},
		{"a dismissed hold", order.PaymentDismissed{Decision: taking(own, held), Arrived: &ten}, map[string]string{first: "10.00 USD", "income:unclaimed": "-10.00 USD"}},
		{"a dismissed hold of which less came", order.PaymentDismissed{Decision: taking(own, held), Arrived: &six}, map[string]string{first: "10.00 USD", "assets:coinbase": "-4.00 USD", "income:unclaimed": "-6.00 USD"}},
		{"a dismissed hold that never came", order.PaymentDismissed{Decision: taking(own, held)}, map[string]string{first: "10.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a dismissed contradiction", order.PaymentDismissed{Decision: taking(own, nil)}, nil},
		{"a reversed decision", order.DecisionReversed{Reversal: review.Reversal{Payment: own, Lines: credited}}, map[string]string{"assets:coinbase": "10.00 USD", user: "-10.00 USD"}},
		{"a decided refund", order.RefundDecided{Payment: own, Amount: ten}, nil},
		{"a withdrawn refund", order.RefundWithdrawn{Payment: own, Amount: ten}, nil},
		{"a refund above its payment", order.RefundHeld{Hold: "h1", Payment: own, Amount: &ten, Posted: true}, map[string]string{first: "10.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a refund that waits unposted", order.RefundHeld{Hold: "h1", Payment: own, Amount: &ten}, nil},
		{"a charged refund", order.RefundCharged{Decision: taking(own, review.Opposite(held)), User: "u1", Amount: ten, Charged: &ten}, map[string]string{first: "-10.00 USD", user: "10.00 USD"}},
		{"a charged refund that is one of its own", order.RefundCharged{
			Decision: taking(own, nil), User: "u1", Amount: ten, From: []review.Line{{Account: "income:sales", Amount: six}}, Within: &six, Charged: amount("USD", "4.00").Optional(),
		}, map[string]string{"income:sales": "6.00 USD", user: "4.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a dismissed refund", order.RefundDismissed{Decision: taking(own, review.Opposite(held)), Amount: &ten}, map[string]string{first: "-10.00 USD", "expenses:unexplained": "10.00 USD"}},
		{"a dismissed refund that is known", order.RefundDismissed{Decision: taking(own, nil)}, nil},
		{"a mispayment", order.PaymentMispaid{Mispayment: "m1", Payment: mispaid, User: "u1", Amount: ten}, map[string]string{"assets:coinbase": "10.00 USD", mispaying: "-10.00 USD"}},
		{"a credited mispayment", order.MispaymentCredited{Decision: taking(mispaid, suspended), User: "u1", Amount: ten}, map[string]string{mispaying: "10.00 USD", user: "-10.00 USD"}},
		{"a dismissed mispayment", order.MispaymentDismissed{Decision: taking(mispaid, suspended), Arrived: &ten}, map[string]string{mispaying: "10.00 USD", "income:unclaimed": "-10.00 USD"}},
		{"a refunded mispayment", order.PaymentRefunded{Payment: mispaid, Amount: ten, From: []review.Line{{Account: mispaying, Amount: ten}}}, map[string]string{mispaying: "10.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a refunded payment", order.PaymentRefunded{Payment: own, Amount: ten, From: []review.Line{{Account: user, Amount: ten}}}, map[string]string{user: "10.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a refunded payment that was credited in another currency", order.PaymentRefunded{Payment: checkout, Amount: amount("USDC", "5.81"), From: []review.Line{{Account: user, Amount: amount("EUR", "5.00")}}}, map[string]string{
			user: "5.00 EUR", "assets:checkout": "-5.810000 USDC", "equity:exchange:checkout%2Fc1": "5.810000 USDC, -5.00 EUR",
		}},
		{"a refund of a payment that had posted nothing", order.PaymentRefunded{Payment: own, Amount: ten}, nil},
		{"a sale is announced", order.PaymentReceived{Payment: own, User: "u1", Amount: ten, Sale: true}, nil},
		{"a sale", order.PaymentVerified{Payment: own, User: "u1", Amount: ten, Sold: &ten}, map[string]string{"assets:coinbase": "10.00 USD", "income:sales": "-10.00 USD"}},
		{"a sale with a rest", order.PaymentVerified{Payment: own, User: "u1", Amount: ten, Sold: amount("USD", "7.50").Optional()}, map[string]string{"assets:coinbase": "10.00 USD", "income:sales": "-7.50 USD", user: "-2.50 USD"}},
		{"a transfer is announced", order.PaymentReceived{Payment: checkout, User: "u1", Amount: ten, Transfer: &transferred}, nil},
		{"a transfer with a fee", order.PaymentVerified{Payment: checkout, User: "u1", Amount: ten, Transfer: &same}, map[string]string{
			"assets:checkout": "9.90 USD", "expenses:fees:checkout": "0.10 USD", user: "-10.00 USD",
		}},
		{"a transfer in another currency than it is credited in", order.PaymentVerified{Payment: checkout, User: "u1", Amount: ten, Sold: amount("USD", "7.50").Optional(), Transfer: &transferred}, map[string]string{
			"assets:checkout": "9.900000 USDC", "expenses:fees:checkout": "0.100000 USDC", "equity:exchange:checkout%2Fc1": "10.00 USD, -10.000000 USDC",
			"income:sales": "-7.50 USD", user: "-2.50 USD",
		}},
		{"a transfer is held as it was received", order.PaymentHeld{Hold: "h1", Payment: checkout, Amount: &transferred.Amount, Arrived: true, Transfer: &transferred}, map[string]string{
			"assets:checkout": "9.900000 USDC", "expenses:fees:checkout": "0.100000 USDC", first: "-10.000000 USDC",
		}},
		{"a transfer out of suspense", order.PaymentVerified{Payment: checkout, User: "u1", Amount: ten, Transfer: &transferred, Closes: closedFee}, map[string]string{
			first: "10.000000 USDC", "equity:exchange:checkout%2Fc1": "10.00 USD, -10.000000 USDC", user: "-10.00 USD",
		}},
		{"a mispaid transfer", order.PaymentMispaid{Mispayment: "m1", Payment: checkout, Amount: transferred.Amount, Transfer: &transferred}, map[string]string{
			"assets:checkout": "9.900000 USDC", "expenses:fees:checkout": "0.100000 USDC", mispaying: "-10.000000 USDC",
		}},
		{"a refuted transfer", order.PaymentRefuted{Payment: checkout, User: "u1", Amount: ten, Transfer: &transferred}, nil},
		{"a fee that is learned later", order.FeeReported{Payment: checkout, Fee: amount("USDC", "0.10")}, map[string]string{
			"assets:checkout": "-0.100000 USDC", "expenses:fees:checkout": "0.100000 USDC",
		}},
		{"a linked order", order.OrderLinked{Site: "site.1"}, nil},
		{"a settled order", order.OrderSettled{Payment: checkout}, nil},
		{"a search", order.PaymentsSought{}, nil},
		{"a reported refund", order.RefundReported{Payment: checkout, Amount: &ten}, nil},
		{"a registered order", order.OrderRegistered{Terms: order.Terms{User: "u1", Amount: ten, For: order.ForSale}}, nil},
		{"a reported status", order.OrderStatusReported{Status: "expired"}, nil},
		{"an expired order", order.OrderExpired{}, nil},
		{"a received payment", order.PaymentReceived{Payment: own, User: "u1", Amount: ten}, nil},
		{"a refuted payment", order.PaymentRefuted{Payment: own, User: "u1", Amount: ten}, nil},

		{"a verified deposit", deposit.DepositVerified{Payment: hash, User: "u1", Amount: bitcoin}, map[string]string{"assets:coinbase": "0.10000000 BTC", user: "-0.10000000 BTC"}},
		{"a verified deposit that closes a hold", deposit.DepositVerified{Payment: hash, User: "u1", Amount: ten, Closes: closed}, map[string]string{first: "10.00 USD", user: "-10.00 USD"}},
		{"a held deposit that has arrived", deposit.DepositHeld{Hold: "h1", Amount: &bitcoin, Arrived: true}, map[string]string{"assets:coinbase": "0.10000000 BTC", first: "-0.10000000 BTC"}},
		{"a held deposit that has not arrived", deposit.DepositHeld{Hold: "h1"}, nil},
		{"a released deposit", deposit.DepositReleased{Decision: taking("", held), User: "u1", Amount: ten}, map[string]string{first: "10.00 USD", user: "-10.00 USD"}},
		{"a released deposit that came twice", deposit.DepositReleased{Decision: taking("", held), User: "u1", Amount: amount("USD", "20.00")}, map[string]string{first: "10.00 USD", "assets:coinbase": "10.00 USD", user: "-20.00 USD"}},
		{"a released deposit that never came", deposit.DepositReleased{Decision: taking("", held), User: "u1", Amount: amount("USD", "0.00")}, map[string]string{first: "10.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a dismissed deposit", deposit.DepositDismissed{Decision: taking("", held), Arrived: &ten}, map[string]string{first: "10.00 USD", "income:unclaimed": "-10.00 USD"}},
		{"a dismissed deposit that had put nothing into suspense", deposit.DepositDismissed{Decision: taking("", nil)}, nil},
		{"a reversed decision about a deposit", deposit.DecisionReversed{Reversal: review.Reversal{Lines: held}}, map[string]string{"assets:coinbase": "10.00 USD", first: "-10.00 USD"}},
		{"a decided refund of a deposit", deposit.RefundDecided{Amount: ten}, nil},
		{"a withdrawn refund of a deposit", deposit.RefundWithdrawn{Amount: ten}, nil},
		{"a refunded deposit", deposit.DepositRefunded{Amount: ten, From: []review.Line{{Account: first, Amount: ten}}}, map[string]string{first: "10.00 USD", "assets:coinbase": "-10.00 USD"}},
		{"a registered address", deposit.AddressRegistered{User: "u1"}, nil},
		{"a received deposit", deposit.DepositReceived{Payment: hash, User: "u1", Amount: bitcoin}, nil},
		{"a deposit that is seen again", deposit.DepositSeenAgain{Hold: "h1"}, nil},

		{"a completed payout of orders that were sold as they came", payout.PayoutCompleted{Payment: paidOut, Facts: facts}, map[string]string{
			"assets:bank": "56.02 USD", "expenses:fees:coinbase": "0.57 USD", "expenses:fees:bank": "0.15 USD", "assets:coinbase": "-56.74 USD",
		}},
		{"a completed payout with no bitcoin is one of orders", payout.PayoutCompleted{Payment: paidOut, Facts: zeroed}, map[string]string{
			"assets:bank": "56.02 USD", "expenses:fees:coinbase": "0.57 USD", "expenses:fees:bank": "0.15 USD", "assets:coinbase": "-56.74 USD",
		}},
		{"what does not add up is a difference of exchange", payout.PayoutCompleted{Payment: paidOut, Facts: odd}, map[string]string{
			"assets:bank": "50.00 USD", "expenses:fees:coinbase": "0.57 USD", "expenses:fees:bank": "0.15 USD", "assets:coinbase": "-56.74 USD", exchanged: "6.02 USD",
		}},
		{"a completed sale of bitcoin gives up the bitcoin", payout.PayoutCompleted{Payment: paidOut, Facts: sold}, map[string]string{
			"assets:bank": "56.02 USD", "expenses:fees:coinbase": "0.57 USD", "expenses:fees:bank": "0.15 USD", "assets:coinbase": "-0.10000000 BTC",
			exchanged: "0.10000000 BTC, -56.74 USD",
		}},
		{"an announced payout", payout.PayoutPending{Payment: paidOut, Facts: facts}, nil},
		{"a held payout", payout.PayoutHeld{Hold: "h1", Payment: paidOut, Facts: &facts}, nil},

		{"a released payout takes the earlier one back", payout.PayoutReleased{Decision: taking(paidOut, []review.Line{
			{Account: "assets:bank", Amount: amount("USD", "9.00")}, {Account: "assets:coinbase", Amount: amount("USD", "-9.00")},
		}), Facts: facts}, map[string]string{
			"assets:bank": "47.02 USD", "expenses:fees:coinbase": "0.57 USD", "expenses:fees:bank": "0.15 USD", "assets:coinbase": "-47.74 USD",
		}},
		{"a dismissed payout", payout.PayoutDismissed{Decision: taking(paidOut, nil)}, nil},
		{"a reversed decision about a payout", payout.DecisionReversed{Reversal: review.Reversal{Payment: paidOut, Lines: held}}, map[string]string{"assets:coinbase": "10.00 USD", first: "-10.00 USD"}},

		{"a claimed payment", claim.PaymentClaimed{Payment: mispaid, Owner: "order-coinbase.A"}, nil},
		{"a kept callback", quarantine.CallbackQuarantined{Digest: "ba78"}, nil},
		{"a callback that was handled again", quarantine.CallbackRedriven{Outcome: "recorded"}, nil},
		{"a log", eventstore.LogCreated{LogID: "01JD0000000000000000000000"}, nil},
		{"a loss", eventstore.LossFound{First: 401, Last: 405, Cause: "torn"}, nil},
		{"a loss that was accepted", eventstore.LossAccepted{Reason: "seen"}, nil},
	}
	var listed []string
	for _, c := range codecs {
		listed = append(listed, c.Types()...)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			entry, err := Post(test.event)
			if err != nil {
				t.Fatal(err)
			}
			sums, err := entry.Sums()
			if err != nil {
				t.Fatal(err)
			}
			for _, sum := range sums {
				if sum.Sign() != 0 {
					t.Errorf("the lines add up to %v", sum)
				}
			}
			if got := gains(t, entry); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
		listed = slices.DeleteFunc(listed, func(name string) bool { return name == test.event.EventType() })
	}
	if len(listed) > 0 {
		t.Errorf("not in the table: %v", listed)
	}
}

// gains adds the lines of each account up, one sum for each currency.
func gains(t *testing.T, e Entry) map[string]string {
	accounts := make(map[string]Entry)
	for _, line := range e.Lines {
		of := accounts[string(line.Account)]
		of.Lines = append(of.Lines, line)
		accounts[string(line.Account)] = of
	}
	got := make(map[string]string)
	for account, entry := range accounts {
		sums, err := entry.Sums()
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(sums, func(a, b money.Amount) int { return -a.Sign() + b.Sign() })
		for _, sum := range sums {
			if sum.Sign() == 0 {
				continue
			}
			if got[account] != "" {
				got[account] += ", "
			}
			got[account] += sum.String()
		}
	}
	return got
}

func TestLogCodec(t *testing.T) {
	codectest.Run(t, logCodec, []codec.Event{
		eventstore.LogCreated{LogID: "01JD0000000000000000000000", Sandbox: true},
		eventstore.LossFound{First: 401, Last: 405, Cause: "the last frame of the journal is not whole"},
		eventstore.LossAccepted{Reason: "the disk was replaced"},
	})
}

type stray struct{}

func (stray) EventType() string { return "Stray" }

func TestAnEventWithoutPostingIsAnError(t *testing.T) {
	if entry, err := Post(stray{}); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("got %v, %v, want ErrUnknown", entry, err)
	}
}

func TestUser(t *testing.T) {
	for _, user := range []string{"u1", "a:b/c", "liabilities:users:u1", "ü", "%2F"} {
		if got, ok := UserAccount(user).User(); !ok || got != user {
			t.Errorf("the account of %q is that of %q, %v", user, got, ok)
		}
	}
	for _, account := range []Account{AssetAccount("coinbase/order/A"), Bank, Unclaimed, suspenseAccount("h1"), "liabilities:users:%"} {
		if user, ok := account.User(); ok {
			t.Errorf("%s is the account of %q", account, user)
		}
	}
}

func TestAssetAccount(t *testing.T) {
	for payment, want := range map[ident.Payment]Account{
		"coinbase/order/A": "assets:coinbase", "commerce/charge/T": "assets:commerce", "checkout/1": "assets:checkout",
		"eth/8453/0xab/0": "assets:chain:8453", "eth/base/0xab/value": "assets:chain:base", "": "assets:coinbase",
	} {
		if got := AssetAccount(payment); got != want {
			t.Errorf("%q is money of %s, want %s", payment, got, want)
		}
	}
}

func TestChanges(t *testing.T) {
	ten, minus := amount("USD", "10.00"), amount("USD", "-10.00")
	for _, test := range []struct {
		name  string
		event codec.Event
		want  []Change
	}{
		{"a received payment is pending", order.PaymentReceived{Payment: "coinbase/order/A", User: "u1", Amount: ten}, []Change{{User: "u1", Pending: ten}}},
		{"a verified one is pending no longer", order.PaymentVerified{Payment: "coinbase/order/A", User: "u1", Amount: ten}, []Change{{User: "u1", Available: ten, Pending: minus}}},
		{"a refuted one is nothing", order.PaymentRefuted{Payment: "coinbase/order/A", User: "u1", Amount: ten}, []Change{{User: "u1", Pending: minus}}},
		{"a held one is nobody's yet", order.PaymentHeld{Hold: "h1", Payment: "coinbase/order/A", User: "u1", Amount: &ten, Arrived: true}, nil},
		{"a credited mispayment was not pending", order.MispaymentCredited{Decision: taking("coinbase/mispayment/M", nil), User: "u2", Amount: ten}, []Change{{User: "u2", Available: ten}}},
		{"a refunded one is gone", order.PaymentRefunded{Payment: "coinbase/order/A", Amount: ten, From: []review.Line{{Account: "liabilities:users:u1", Amount: ten}}}, []Change{{User: "u1", Available: minus}}},
		{"a status is nothing", order.OrderStatusReported{Status: "expired"}, nil},
	} {
		entry, err := Post(test.event)
		if err != nil {
			t.Fatal(err)
		}
		if got := entry.Changes(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestDecode(t *testing.T) {
	recorded := func(stream eventstore.StreamName, eventType string, schema int, data string) eventstore.Recorded {
		return eventstore.Recorded{Stream: stream, Event: eventstore.Event{Type: eventType, Schema: schema, Data: []byte(data)}}
	}
	for _, test := range []struct {
		name  string
		given eventstore.Recorded
		want  codec.Event // nil if it is unknown
	}{
		{"an event of an order", recorded("order-coinbase.1", "OrderStatusReported", 1, `{"status":"new"}`), order.OrderStatusReported{Status: "new"}},
		{"an event of an address", recorded("address-1", "AddressRegistered", 1, `{"user":"u1"}`), deposit.AddressRegistered{User: "u1"}},
		{"an event of quarantine", recorded("quarantine-1", "CallbackRedriven", 1, `{"outcome":"held"}`), quarantine.CallbackRedriven{Outcome: "held"}},
		{"the event that names the log", recorded("daybook-log", "LogCreated", 1, `{"logId":"01JD"}`), eventstore.LogCreated{LogID: "01JD"}},
		{"an event in a strange place", recorded("payout-1", "OrderStatusReported", 1, `{"status":"new"}`), nil},
		{"a strange category", recorded("account-u1", "OrderStatusReported", 1, `{"status":"new"}`), nil},
		{"a newer schema", recorded("order-coinbase.1", "OrderStatusReported", 2, `{"status":"new"}`), nil},
		{"a newer type", recorded("order-coinbase.1", "OrderTeleported", 1, `{}`), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Decode(test.given)
			if test.want == nil {
				if !errors.Is(err, codec.ErrUnknown) {
					t.Errorf("got %v, %v, want ErrUnknown", got, err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}
