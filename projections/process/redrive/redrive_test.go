package redrive_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/projections/process"
	"daybook/projections/process/processtest"
	"daybook/projections/process/redrive"
	"daybook/projections/verify"
)

const (
	format  = "f"
	address = "1AmB4bxGcYpUv1YU3pqEHGmEQJnHpBSaqW"
)

// texts is a format whose second reader understands "order <id> <user> <amount>" and
// "deposit <hash> <amount>", with - for what is left out. Its first understands none.
type texts struct {
	service *recorder.Recorder
	reader  int
}

func (f texts) Reader(name string) int {
	if name != format {
		return 0
	}
	return f.reader
}

func (f texts) Record(ctx context.Context, d recorder.Delivery) (recorder.Result, error) {
	words := strings.Fields(string(d.Body))
	if len(words) == 0 || words[0] != "order" && words[0] != "deposit" {
		return recorder.Result{}, redrive.Refusal{Reason: quarantine.UnknownDocument}
	}
	amount, err := money.Parse(map[string]money.Currency{"order": "USD", "deposit": "BTC"}[words[0]], words[len(words)-1])
	if err != nil {
		return recorder.Result{}, err
	}
	seen := payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"}
	if words[0] == "order" {
		claim := &order.Claim{Custom: words[2], Amount: amount, Evidence: seen}
		if words[2] == "-" {
			claim.Custom, claim.CustomFault = "", payment.NoUser
		}
		return f.service.ReportOrder(ctx, order.NewID("coinbase", words[1]), order.Report{Payment: ident.NewPayment("coinbase", "order", words[1]), Paid: claim}, d)
	}
	report := deposit.Report{Digest: d.Digest(), Amount: amount, Evidence: seen, ReceivedAt: d.Received}
	if words[1] != "-" {
		report.Payment = ident.NewPayment("coinbase", "address", address, words[1])
	}
	return f.service.ReportDeposit(ctx, deposit.NewID(address), report, d)
}

// Read implements verify.Reader, as the newest reader reads.
func (f texts) Read(body []byte) verify.Reading {
	words := strings.Fields(string(body))
	if len(words) == 0 || words[0] != "order" && words[0] != "deposit" {
		return verify.Reading{Refused: string(quarantine.UnknownDocument), Reader: 2, Methods: []string{"secret"}}
	}
	c := verify.Claim{NoUser: string(payment.NoUser), AtOnce: true, Method: recorder.CoinbaseCallback, Said: "completed"}
	if words[0] == "order" {
		c.Payment, c.Amount = string(ident.NewPayment("coinbase", "order", words[1])), words[3]+" USD"
		if words[2] != "-" {
			c.User, c.NoUser = words[2], ""
		}
		return verify.Reading{Stream: order.NewID("coinbase", words[1]).Stream(), Claims: []verify.Claim{c}, Reader: 2, Methods: []string{"secret"}}
	}
	c.Kind, c.Amount, c.Digest = verify.Deposited, words[2]+" BTC", recorder.Delivery{Body: body}.Digest()
	if words[1] == "-" {
		c.Problem = string(payment.NoHash)
	} else {
		c.Payment = string(ident.NewPayment("coinbase", "address", address, words[1]))
	}
	return verify.Reading{Stream: deposit.NewID(address).Stream(), Claims: []verify.Claim{c}, Reader: 2, Methods: []string{"secret"}}
}

func delivery(body string) recorder.Delivery {
	return recorder.Delivery{
		ID: eventstore.NewULID(time.Now()), Actor: "callback:coinbase", Format: format, Received: time.Now().UTC(), Source: "54.175.255.207",
		Body: []byte(body), Length: int64(len(body)), Method: "secret", Reader: 1,
	}
}

type step = func(testing.TB, eventstore.Store)

// keeps is a callback that the first reader does not understand.
func keeps(body string, change func(*recorder.Delivery)) step {
	return func(t testing.TB, log eventstore.Store) {
		d := delivery(body)
		if change != nil {
			change(&d)
		}
		if _, err := recorder.New(log, recorder.Policy{}).Quarantine(context.Background(), quarantine.Incomplete, d); err != nil {
			t.Fatal(err)
		}
	}
}

// comes is a callback that the second reader understands.
func comes(body string) step {
	return func(t testing.TB, log eventstore.Store) {
		d := delivery(body)
		d.Reader = 2
		if _, err := (texts{recorder.New(log, recorder.Policy{}), 2}).Record(context.Background(), d); err != nil {
			t.Fatal(err)
		}
	}
}

func registers(t testing.TB, log eventstore.Store) {
	if _, err := recorder.New(log, recorder.Policy{}).RegisterAddress(context.Background(), deposit.NewID(address), "u9", recorder.Command{ID: eventstore.NewULID(time.Now()), Actor: "website:shop"}); err != nil {
		t.Fatal(err)
	}
}

func redriveOf(log eventstore.Store, reader int) process.Process {
	service := recorder.New(log, recorder.Policy{})
	return redrive.Redrive{Log: log, Formats: texts{service, reader}, Ledger: service, Now: time.Now}.Process()
}

// says lists the events of each stream, the streams in the order of their names.
func says(t testing.TB, log eventstore.Store) string {
	var lines []string
	for e, err := range log.ReadAll(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := ledger.Decode(e)
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %d %s", e.Stream, e.Revision, e.Type)
		switch said := event.(type) {
		case order.PaymentHeld:
			line += fmt.Sprintf(" %s %s", said.Reason, said.User)
		case deposit.DepositHeld:
			line += fmt.Sprintf(" %s %s", said.Reason, said.User)
		case quarantine.CallbackRedriven:
			line += fmt.Sprintf(" %d %s", said.Reader, said.Reason)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// holds fails if a callback that was read again credited something.
func holds(t testing.TB, log eventstore.Store) {
	redriven := make(map[string]int)
	for e, err := range log.ReadAll(context.Background(), 0, eventstore.WithMetadata) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(e.Metadata), redrive.Actor) && strings.HasSuffix(e.Type, "Verified") {
			t.Errorf("position %s: %s by %s", e.Position, e.Type, redrive.Actor)
		}
		if e.Type == "CallbackRedriven" {
			if redriven[string(e.Stream)]++; redriven[string(e.Stream)] > 1 {
				t.Errorf("%s was read again twice by one reader", e.Stream)
			}
		}
	}
}

func TestRedrive(t *testing.T) {
	t.Parallel()
	processtest.Run(t, processtest.Case{
		Steps: []step{
			keeps("order A u1 1.00", nil),
			keeps("order B - 2.00", nil),
			keeps("deposit h 0.10000000", nil),
			keeps("deposit - 0.20000000", nil),
			keeps("nonsense", nil),
			comes("order C u1 3.00"),
			keeps("order C u1 3.00 ", nil), // known already
			registers,
		},
		Process: func(log eventstore.Store) process.Process { return redriveOf(log, 2) },
		Says:    says, Holds: holds,
		Readers: map[string]verify.Reader{format: texts{}},
	})
}

// TestWhatWasReadAgainIsCreditedByItsSender takes the callback itself after it was
// read again.
func TestWhatWasReadAgainIsCreditedByItsSender(t *testing.T) {
	t.Parallel()
	processtest.Run(t, processtest.Case{
		Steps:   []step{keeps("order A u1 1.00", nil), comes("order A u1 1.00 "), keeps("deposit h 0.10000000", nil), registers, comes("deposit h 0.10000000 ")},
		Process: func(log eventstore.Store) process.Process { return redriveOf(log, 2) },
		Says:    says, Holds: holds,
		Readers: map[string]verify.Reader{format: texts{}},
	})
}

// TestOnlyWhatWasAuthenticatedIsReadAgain keeps what must stay as it is.
func TestOnlyWhatWasAuthenticatedIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*recorder.Delivery){
		"without a method":       func(d *recorder.Delivery) { d.Method = "" },
		"of another route":       func(d *recorder.Delivery) { d.Format = "g" },
		"by the reader of today": func(d *recorder.Delivery) { d.Reader = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			processtest.Idle(t, keeps("order A u1 1.00", change), func(log eventstore.Store) process.Process { return redriveOf(log, 2) })
		})
	}
	t.Run("too large", func(t *testing.T) {
		processtest.Idle(t, func(t testing.TB, log eventstore.Store) {
			if _, err := recorder.New(log, recorder.Policy{}).Quarantine(context.Background(), quarantine.TooLarge, delivery("order A u1 1.00")); err != nil {
				t.Fatal(err)
			}
		}, func(log eventstore.Store) process.Process { return redriveOf(log, 2) })
	})
}
