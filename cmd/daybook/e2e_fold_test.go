package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// replayed is one line of `daybook replay --format jsonl`.
type replayed struct {
	Stream   string
	Revision uint64
	Position string
	Type     string
	Data     struct {
		Payment string
		User    string
		Hold    string
		Amount  *amount
		Arrived bool
		Closes  []struct {
			Hold   string
			Amount *amount
		}
		Facts *struct {
			Subtotal, Total               amount
			FeeCoinbase, FeeBank, Bitcoin *amount
		}
	}
	Metadata struct {
		Evidence *struct {
			SHA256 string
			Body   []byte
		}
	}
}

// amount is exact decimal text at the currency's scale.
type amount struct {
	Currency string
	Amount   string
}

func (a amount) units() *big.Int {
	units, ok := new(big.Int).SetString(strings.Replace(a.Amount, ".", "", 1), 10)
	if !ok {
		panic("not an amount: " + a.Amount)
	}
	return units
}

// replay reads a whole log with the program's command and checks what holds
// for any log: no revision is missing, positions rise, evidence is what its
// digest says.
func replay(t *testing.T, data string) []replayed {
	t.Helper()
	var events []replayed
	next := map[string]uint64{}
	previous := new(big.Int)
	for line := range strings.Lines(succeed(t, "replay", "--format", "jsonl", "--data", data)) {
		var e replayed
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("replay prints %q: %v", line, err)
		}
		position, ok := new(big.Int).SetString(e.Position, 10)
		if !ok || position.Cmp(previous) <= 0 {
			t.Fatalf("position %s follows %s", e.Position, previous)
		}
		if e.Revision != next[e.Stream] {
			t.Fatalf("%s has revision %d where %d follows", e.Stream, e.Revision, next[e.Stream])
		}
		next[e.Stream]++
		previous = position
		if evidence := e.Metadata.Evidence; evidence != nil && evidence.Body != nil && evidence.SHA256 != digest(string(evidence.Body)) {
			t.Fatalf("the evidence at position %s is not what its digest says", e.Position)
		}
		events = append(events, e)
	}
	return events
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// books are the accounts of a log: account and currency, to smallest units. A
// debit is positive.
type books map[[2]string]*big.Int

// fold posts events by the table in the documentation. It shares nothing with
// the program.
func fold(t *testing.T, events []replayed) books {
	t.Helper()
	b := books{}
	for _, e := range events {
		if !b.post(e) {
			t.Fatalf("the fold does not know %s at position %s", e.Type, e.Position)
		}
	}
	sums := map[string]*big.Int{}
	for key, units := range b {
		if sums[key[1]] == nil {
			sums[key[1]] = new(big.Int)
		}
		sums[key[1]].Add(sums[key[1]], units)
	}
	for currency, sum := range sums {
		if sum.Sign() != 0 {
			t.Fatalf("the accounts add up to %s smallest units of %s", sum, currency)
		}
	}
	return b
}

func (b books) add(account string, a amount, sign int64) {
	key := [2]string{account, a.Currency}
	if b[key] == nil {
		b[key] = new(big.Int)
	}
	b[key].Add(b[key], new(big.Int).Mul(a.units(), big.NewInt(sign)))
}

func (b books) move(debit, credit string, a amount) {
	b.add(debit, a, 1)
	b.add(credit, a, -1)
}

const (
	coinbaseAccount = "coinbase"
	userAccount     = "user "
	suspenseAccount = "suspense "
)

// post reports whether it knows the event.
func (b books) post(e replayed) bool {
	d := e.Data
	switch e.Type {
	case "PaymentVerified", "DepositVerified":
		for _, closed := range d.Closes {
			if closed.Amount != nil {
				b.move(suspenseAccount+closed.Hold, coinbaseAccount, *closed.Amount)
			}
		}
		b.move(coinbaseAccount, userAccount+d.User, *d.Amount)
	case "PaymentHeld", "DepositHeld":
		if d.Arrived {
			b.move(coinbaseAccount, suspenseAccount+d.Hold, *d.Amount)
		}
	case "PaymentMispaid":
		b.move(coinbaseAccount, suspenseAccount+d.Payment, *d.Amount)
	case "PayoutCompleted":
		b.postPayout(e)
	case "PaymentReceived", "DepositReceived", "OrderStatusReported", "PayoutPending", "PayoutHeld",
		"AddressRegistered", "DepositSeenAgain", "PaymentClaimed", "CallbackQuarantined", "LogCreated":
	default:
		return false
	}
	return true
}

func (b books) postPayout(e replayed) {
	f := e.Data.Facts
	given := f.Subtotal
	if f.Bitcoin != nil {
		given = *f.Bitcoin
	}
	b.add(coinbaseAccount, given, -1)
	b.add("exchange "+e.Data.Payment, given, 1)
	for account, a := range map[string]*amount{"bank": &f.Total, "fees of coinbase": f.FeeCoinbase, "fees of the bank": f.FeeBank} {
		if a != nil {
			b.move(account, "exchange "+e.Data.Payment, *a)
		}
	}
}

// balances returns what a user has, by currency, as the program writes it.
func (b books) balances(user string) map[string]string {
	balances := map[string]string{}
	for key, units := range b {
		if key[0] == userAccount+user {
			balances[key[1]] = decimal(key[1], new(big.Int).Neg(units))
		}
	}
	return balances
}

// decimal writes smallest units of the suite's currencies.
func decimal(currency string, units *big.Int) string {
	scale := map[string]int{"USD": 2, "EUR": 2, "BTC": 8}[currency]
	return new(big.Rat).SetFrac(units, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
}

// String lists the accounts, so that two books can be compared.
func (b books) String() string {
	var lines []string
	for key, units := range b {
		if units.Sign() != 0 {
			lines = append(lines, fmt.Sprintf("%s: %s %s", key[0], decimal(key[1], units), key[1]))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// count returns how many events of a type each stream has.
func count(events []replayed, eventType string) map[string]int {
	counts := map[string]int{}
	for _, e := range events {
		if e.Type == eventType {
			counts[e.Stream]++
		}
	}
	return counts
}

// checkBalances compares what all users of a log have: over HTTP, and in the
// independent fold.
func (s *server) checkBalances(b books, position uint64) {
	s.t.Helper()
	for key := range b {
		user, ok := strings.CutPrefix(key[0], userAccount)
		if !ok {
			continue
		}
		if want, got := b.balances(user), s.balances(user, position); !maps.Equal(want, got) {
			s.t.Errorf("GET /balances/%s has %v, the fold of the log %v", user, got, want)
		}
	}
}

// checkCommand compares what `daybook balance` says of a user with the
// independent fold.
func (s *server) checkCommand(b books, user string, arguments ...string) {
	s.t.Helper()
	line := append([]string{"balance", user, "--format", "json", "--data", s.data}, arguments...)
	if want, got := b.balances(user), parseBalances(s.t, succeed(s.t, line...)); !maps.Equal(want, got) {
		s.t.Errorf("daybook %q has %v, the fold of the log %v", line, got, want)
	}
}

// checkCommandAsOf compares the same for an earlier moment of a log, which is
// not in the middle of a callback: the fold knows of nothing that is pending.
func (s *server) checkCommandAsOf(events []replayed, user string) {
	s.t.Helper()
	end := len(events) - 1
	if events[end].Type == "PaymentReceived" {
		end--
	}
	s.checkCommand(fold(s.t, events[:end+1]), user, "--as-of-position", events[end].Position)
}
