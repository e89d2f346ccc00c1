package simulate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"daybook/cmd/internal/simulate"
)

// newCheckouts makes a plan and the Coinbase that it pays at.
func newCheckouts(t *testing.T, s simulate.Settings) *simulate.Checkouts {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := newPlan(t, s)
	coinbase, err := simulate.OpenCoinbase("127.0.0.1:0", "organizations/o/apiKeys/k", &key.PublicKey, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(coinbase.Close)
	checkouts, err := simulate.NewCheckouts(plan, coinbase)
	if err != nil {
		t.Fatal(err)
	}
	return checkouts
}

// told is what the server is told about an order.
type told struct {
	User, Amount, Currency, For, ID string // registered
	paid                            string
	contradicted                    bool
	sequence                        string // R for a registration, W for a webhook
}

// read collects what is sent, by order.
func read(t *testing.T, c *simulate.Checkouts) map[int]*told {
	t.Helper()
	orders := map[int]*told{}
	for d := range deliveries(c) {
		o := orders[d.Order]
		if o == nil {
			o = &told{}
			orders[d.Order] = o
		}
		if d.Registers != "" {
			o.sequence, o.ID = o.sequence+"R", d.Registers
			if err := json.Unmarshal(d.Body, o); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var said struct {
			Amount     string
			Settlement *struct{}
		}
		if err := json.Unmarshal(d.Body, &said); err != nil || d.Webhook == "" {
			t.Fatal(err, d)
		}
		o.sequence, o.paid, o.contradicted = o.sequence+"W", said.Amount, said.Settlement == nil
	}
	return orders
}

// TestCheckoutsExpectWhatTheServerIsTold adds up what is sent, independently of the plan.
func TestCheckoutsExpectWhatTheServerIsTold(t *testing.T) {
	s := simulate.Settings{Seed: 5, Orders: 3000, Users: 7, Duplicates: 0.2, Reordered: 0.2, Mispaid: 0.1, Contradicted: 0.1, Lost: 0.1}
	c := newCheckouts(t, s)
	want := map[string]int64{}
	seen := map[string]int{}
	for _, o := range read(t, c) {
		if strings.Count(o.sequence, "R") != 1 || !strings.Contains(o.sequence, "W") {
			t.Fatalf("an order is sent as %s", o.sequence)
		}
		seen[o.For]++
		seen[o.Currency]++
		seen[o.sequence[:2]]++
		seen[strings.SplitN(o.ID, ".", 2)[0]]++
		registered, paid := cents(t, o.Amount), cents(t, o.paid)
		switch {
		case o.contradicted:
			seen["contradicted"]++
		case paid < registered:
			seen["mispaid"]++
		case o.For == "sale":
			want[o.User+" "+o.Currency] += paid - registered
		default:
			want[o.User+" "+o.Currency] += paid
		}
	}
	for _, kind := range []string{"balance", "sale", "USD", "USDC", "RW", "WR", "checkout", "site", "contradicted", "mispaid"} {
		if seen[kind] < s.Orders/20 {
			t.Errorf("%s occurs %d times", kind, seen[kind])
		}
	}
	for _, account := range c.Expected(simulate.Complete) {
		for currency, r := range account.Has {
			if r.Least != r.Most || r.Least != want[account.User+" "+currency] {
				t.Errorf("%s must have %s %s, not %d cents", account.User, r, currency, want[account.User+" "+currency])
			}
			delete(want, account.User+" "+currency)
		}
	}
	if len(want) > 0 {
		t.Errorf("the plan forgets %v", want)
	}
}

// TestTheFirstCheckoutIsOrdinary whatever the shares are.
func TestTheFirstCheckoutIsOrdinary(t *testing.T) {
	c := newCheckouts(t, simulate.Settings{Seed: 1, Orders: 1, Users: 1, User: "bob", Duplicates: 1, Reordered: 1, Mispaid: 1, Contradicted: 1})
	if o := read(t, c)[0]; o.sequence != "RW" || o.paid != o.Amount || o.contradicted || o.User != "bob" || o.For != "balance" {
		t.Errorf("%+v", o)
	}
}

func cents(t *testing.T, amount string) (n int64) {
	t.Helper()
	if err := json.Unmarshal([]byte(strings.TrimLeft(strings.Replace(amount, ".", "", 1), "0")), &n); err != nil {
		t.Fatalf("%s: %v", amount, err)
	}
	return n
}
