package find_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/eventstore/sqlitestore/sqlitetest"
	"daybook/projections/find"
	"daybook/projections/local"
	"daybook/projections/projectiontest"
)

var moment = time.Date(2026, 11, 29, 10, 12, 0, 0, time.UTC)

const (
	address = "1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My"
	hash    = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
)

type shop struct {
	t       *testing.T
	log     *sqlitestore.Store
	service *recorder.Recorder
	request string // of the last delivery
}

func open(t *testing.T) *shop {
	t.Helper()
	log := sqlitetest.Open(t, sqlitestore.Options{Directory: t.TempDir(), Now: func() time.Time { return moment }})
	return &shop{t: t, log: log, service: recorder.New(log, recorder.Policy{})}
}

func (s *shop) delivery() recorder.Delivery {
	s.request = eventstore.NewULID(moment)
	return recorder.Delivery{ID: s.request, Actor: "callback:coinbase", Format: "coinbase-v1", Body: []byte(s.request), Length: 26, Received: moment}
}

func (s *shop) amount(currency money.Currency, text string) money.Amount {
	amount, err := money.Parse(currency, text)
	if err != nil {
		s.t.Fatal(err)
	}
	return amount
}

func (s *shop) check(_ recorder.Result, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) pay(id, user, decimal string, mispayments ...order.Mispayment) {
	s.check(s.service.ReportOrder(s.t.Context(), order.NewID("coinbase", id), order.Report{
		Payment: ident.NewPayment("coinbase", "order", id), Mispayments: mispayments,
		Paid: &order.Claim{
			Custom: user, Amount: s.amount("USD", decimal), Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"},
			Details: order.Details{TransactionHash: strings.ToUpper(hash)},
		},
	}, s.delivery()))
}

func (s *shop) deposit(hash, decimal string) {
	s.check(s.service.ReportDeposit(s.t.Context(), deposit.NewID(address), deposit.Report{
		Payment: ident.NewPayment("coinbase", "address", address, hash), Amount: s.amount("BTC", decimal), Evidence: payment.Evidence{Method: recorder.CoinbaseCallback},
	}, s.delivery()))
}

// finder folds the log.
func (s *shop) finder() find.Finder {
	s.t.Helper()
	m := local.New(s.t.TempDir(), s.log, slog.New(slog.DiscardHandler))
	s.t.Cleanup(func() {
		if err := m.Close(); err != nil {
			s.t.Error(err)
		}
	})
	projectiontest.Apply(s.t, m, projectiontest.Events(s.t, s.log))
	return find.Finder{Log: s.log, Lookup: m}
}

// withoutIDs replaces ids of events.
func withoutIDs(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		if bare := strings.TrimSuffix(word, "."); len(bare) == 36 && strings.Count(bare, "-") == 4 {
			words[i] = "ID."
		}
	}
	return strings.Join(words, " ")
}

func TestWhereIsMyPayment(t *testing.T) {
	s := open(t)
	s.pay("5RTQNACF", "u1", "12.53") // positions 2 and 3
	credited := s.request
	s.pay("HELD", "", "7.00") // 4
	s.pay("WRONG", "u/2", "5.00", order.Mispayment{Payment: ident.NewPayment("coinbase", "mispayment", "M1"), Amount: s.amount("USD", "1.00")})
	s.deposit("aa", "0.10000000")
	if _, err := s.service.RegisterAddress(t.Context(), deposit.NewID(address), "u3", recorder.Command{ID: eventstore.NewULID(moment), Actor: "website:shop"}); err != nil {
		t.Fatal(err)
	}
	s.deposit("bb", "0.20000000")
	kept := s.delivery()
	s.check(s.service.Quarantine(t.Context(), quarantine.Incomplete, kept))
	total := s.amount("USD", "17.53")
	s.check(s.service.ReportPayout(t.Context(), payout.NewID("P1"), payout.Report{
		Payment: "coinbase/payout/P1", Progress: payout.Complete, Facts: &payout.Facts{Subtotal: total, Total: total},
	}, s.delivery()))
	s.check(s.service.ReportOrder(t.Context(), order.NewID("coinbase", "LATE"), order.Report{Payment: "coinbase/order/LATE", Status: "expired"}, s.delivery()))
	f := s.finder()

	const (
		own     = "Order coinbase.5RTQNACF of user u1: 12.53 USD was credited on 2026-11-29 10:12 UTC (position 3)."
		held    = "Order coinbase.HELD: a payment of 7.00 USD is held since 2026-11-29 10:12 UTC (position 4) because no payer is named (no-user): it waits in review as ID."
		wrong   = "Order coinbase.WRONG: a payment of 1.00 USD is held since 2026-11-29 10:12 UTC (position 8) because the amount or the time was wrong (mispayment): it waits in review as ID."
		second  = "Order coinbase.WRONG of user u/2: 5.00 USD was credited on 2026-11-29 10:12 UTC (position 7)."
		first   = "Address " + address + " of user u3: 0.10000000 BTC was credited on 2026-11-29 10:12 UTC (position 12)."
		another = "Address " + address + " of user u3: 0.20000000 BTC was credited on 2026-11-29 10:12 UTC (position 14)."
		waiting = "it is held since 2026-11-29 10:12 UTC (position 15) because it lacks what identifies it (incomplete): it waits in quarantine as ID."
	)
	for text, want := range map[string]string{
		"5RTQNACF":                own,
		"coinbase.5RTQNACF":       own,
		"order-coinbase.5RTQNACF": own,
		" u1 ":                    own,
		credited:                  own,
		"HELD":                    held,
		"M1":                      wrong + " " + second,
		"u/2":                     wrong + " " + second,
		hash:                      wrong + " " + second + " " + own, // a report that is held has no hash
		address:                   another + " " + first,
		"AA":                      first,
		"bb":                      another,
		"u3":                      another + " " + first,
		"P1":                      "Payout P1 of 17.53 USD has arrived at the bank, as reported on 2026-11-29 10:12 UTC (position 16).",
		"LATE":                    `Order coinbase.LATE was last reported as "expired" on 2026-11-29 10:12 UTC (position 17), and no payment of it was.`,
		kept.Digest():             "The callback in quarantine-" + kept.Digest() + ": " + waiting,
		kept.ID:                   "The callback in quarantine-" + kept.Digest() + ": " + waiting,
	} {
		answer, err := f.Find(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		if got := withoutIDs(answer.Text); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"UNKNOWN":                      "Nothing is known of UNKNOWN: no callback with it was received",
		"5rtqnacf":                     "Nothing is known",
		"a\x00b":                       "Nothing is known",
		eventstore.NewULID(time.Now()): "No event carries the request",
	} {
		if answer, err := f.Find(t.Context(), text); err != nil || !strings.HasPrefix(answer.Text, want) || len(answer.Matches) != 0 {
			t.Errorf("%q: %+v, %v", text, answer, err)
		}
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	s := open(t)
	for i := range 25 {
		s.pay(fmt.Sprint("N", i), "many", "1.00")
	}
	for i := range 8 {
		s.deposit(fmt.Sprint("h", i), "0.10000000")
	}
	f := s.finder()
	answer, err := f.Find(t.Context(), "many")
	if err != nil || len(answer.Matches) != 20 || answer.More != 5 || answer.Matches[0].Stream != "order-coinbase.N24" {
		t.Errorf("%d matches, %d more, %v", len(answer.Matches), answer.More, err)
	}
	answer, err = f.Find(t.Context(), address)
	if err != nil || len(answer.Matches) != 1 || len(answer.Matches[0].Says) != 6 || !strings.HasSuffix(answer.Text, "has 3 more.") {
		t.Errorf("%+v, %v", answer, err)
	}
}
