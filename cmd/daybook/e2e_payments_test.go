package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"

	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase/coinbasetest"
)

// provider is a Coinbase of the suite, and the settings by which a server asks it.
type provider struct {
	*coinbasetest.Server
	t        *testing.T
	settings []string
}

func newProvider(t *testing.T) provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	const name = "organizations/o/apiKeys/k"
	server, err := coinbasetest.New(coinbasetest.Options{KeyName: name, Key: &key.PublicKey, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	text := strings.ReplaceAll(string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), "\n", `\n`)
	return provider{server, t, []string{
		checkoutSetting, tokensSetting, "DAYBOOK_COINBASE_URL=" + listener.URL, "DAYBOOK_COINBASE_KEY_NAME=" + name, "DAYBOOK_COINBASE_KEY=" + text,
	}}
}

// create makes a checkout of a price in dollars.
func (p provider) create(kind coinbasetest.Kind, dollars, reference string) coinbasetest.Resource {
	p.t.Helper()
	r := coinbasetest.Resource{Amount: dollars, FiatAmount: dollars, FiatCurrency: "USD"}
	if reference != "" {
		r.Metadata = map[string]string{"reference": reference}
	}
	made, err := p.Create(kind, r)
	if err != nil {
		p.t.Fatal(err)
	}
	return made
}

func (p provider) pay(kind coinbasetest.Kind, id string) coinbasetest.Resource {
	p.t.Helper()
	r, err := p.Pay(kind, id)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// webhookOf is the body that Coinbase posts about a resource.
func webhookOf(t *testing.T, event string, r coinbasetest.Resource, changes ...map[string]any) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	members["eventType"] = event
	for _, change := range changes {
		maps.Copy(members, change)
	}
	if text, err = json.Marshal(members); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const success = "checkout.payment.success"

// register registers an order, and returns the answer.
func (c client) register(id, user, dollars, purpose string) answer {
	c.test.Helper()
	return c.request("PUT", "/orders/"+id, websiteSecret, fmt.Sprintf(`{"user":"%s","amount":"%s","currency":"USD","for":"%s"}`, user, dollars, purpose))
}

func (c client) mustRegister(id, user, dollars, purpose string) {
	c.test.Helper()
	if a := c.register(id, user, dollars, purpose); a.status != 200 {
		c.test.Fatalf("PUT /orders/%s is answered %d %s", id, a.status, a.body)
	}
}

// available returns what a user has and what is pending, by currency.
func (c client) available(user string) string {
	c.test.Helper()
	a := c.request("GET", "/balances/"+url.PathEscape(user), websiteSecret, "")
	var said struct {
		Balances []struct{ Currency, Available, Pending string }
	}
	if err := json.Unmarshal([]byte(a.body), &said); err != nil {
		c.test.Fatalf("%d %s", a.status, a.body)
	}
	var texts []string
	for _, b := range said.Balances {
		texts = append(texts, b.Currency+" "+b.Available+" pending "+b.Pending)
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// awaitAvailable waits until a user has what is expected.
func (c client) awaitAvailable(user, want string) {
	c.test.Helper()
	c.awaitText("the balance of "+user, want, func() string { return c.available(user) })
}

// awaitText waits until something is what is expected.
func (c client) awaitText(what, want string, of func() string) {
	c.test.Helper()
	got := ""
	for deadline := time.Now().Add(4 * patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = of(); got == want {
			return
		}
	}
	c.test.Fatalf("%s is %q, want %q", what, got, want)
}

// waiting lists what a worklist has, by reason.
func (c client) waiting(list string) string {
	c.test.Helper()
	a := c.request("GET", "/"+list, auditorSecret, "")
	var said struct {
		Items []struct{ Reason, Payment string }
	}
	if err := json.Unmarshal([]byte(a.body), &said); err != nil {
		return a.body
	}
	var reasons []string
	for _, i := range said.Items {
		reasons = append(reasons, i.Reason)
	}
	slices.Sort(reasons)
	return strings.Join(reasons, " ")
}

// TestACheckoutIsPaidVerifiedAndCredited walks from the registration to the balance, with
// nothing of version 1 set.
func TestACheckoutIsPaidVerifiedAndCredited(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	s := start(t, options{from: "54.243.226.26", settings: p.settings})
	paid := p.create(coinbasetest.Checkouts, "12.53", "")
	s.mustRegister("checkout."+paid.ID, "ann", "12.53", "balance")
	paid = p.pay(coinbasetest.Checkouts, paid.ID)
	for range 3 {
		if a := s.webhook(checkoutSecret, "", webhookOf(t, success, paid)); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	s.awaitAvailable("ann", "USD 12.53 pending 0.00")

	sold := p.create(coinbasetest.PaymentLinks, "20.00", "")
	s.mustRegister("checkout."+sold.ID, "bob", "15.00", "sale")
	s.webhook(checkoutSecret, "", webhookOf(t, "payment_link.payment.success", p.pay(coinbasetest.PaymentLinks, sold.ID)))
	s.awaitAvailable("bob", "USD 5.00 pending 0.00")

	later := p.create(coinbasetest.Checkouts, "3.00", "")
	s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, later.ID)))
	s.awaitText("the review", "unregistered", func() string { return s.waiting("review") })
	s.mustRegister("checkout."+later.ID, "eve", "3.00", "balance")
	s.awaitAvailable("eve", "USD 3.00 pending 0.00")

	site := p.create(coinbasetest.Checkouts, "7.00", "cart-7")
	s.mustRegister("site.cart-7", "dan", "7.00", "balance")
	s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, site.ID)))
	s.awaitAvailable("dan", "USD 7.00 pending 0.00")
	before := p.create(coinbasetest.Checkouts, "8.00", "cart-8")
	s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, before.ID)))
	s.mustRegister("site.cart-8", "fay", "8.00", "balance")
	s.awaitAvailable("fay", "USD 8.00 pending 0.00")
	s.awaitText("the review", "", func() string { return s.waiting("review") })
	s.awaitText("what is verified", "", func() string { return s.waiting("verification") })
	s.terminate()
	if report := succeed(t, "verify", "--data", s.data); !strings.Contains(report, "expenses:fees") {
		t.Errorf("the fees are not in the trial balance:\n%s", report)
	}
}

// TestNoWebhookCreditsMoreThanCoinbaseShows posts what Coinbase's secret has signed, and
// what it says is not so.
func TestNoWebhookCreditsMoreThanCoinbaseShows(t *testing.T) {
	anyLog(t)
	t.Parallel()
	p := newProvider(t)
	s := start(t, options{settings: p.settings})
	paid := func(dollars string) coinbasetest.Resource {
		r := p.create(coinbasetest.Checkouts, dollars, "expensive")
		return p.pay(coinbasetest.Checkouts, r.ID)
	}
	s.mustRegister("site.expensive", "mallory", "900.00", "balance")
	stranger := p.create(coinbasetest.Checkouts, "5.00", "")
	for name, c := range map[string]struct {
		r      coinbasetest.Resource
		event  string
		change map[string]any
		want   string
	}{
		"a cheap checkout names an expensive order": {paid("1.00"), success, nil, "mispayment"},
		"the webhook says more":                     {paid("1.00"), success, map[string]any{"amount": "900.00", "fiatAmount": "900.00", "settlement": nil}, "provider-disagrees"},
		"the webhook has another currency":          {paid("1.00"), success, map[string]any{"fiatAmount": "900.00", "fiatCurrency": "EUR"}, "provider-disagrees"},
		"another account is paid":                   {paid("1.00"), success, map[string]any{"address": "0x000000000000000000000000000000000000dEaD"}, "provider-disagrees"},
		"it is not paid":                            {stranger, success, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if a := s.webhook(checkoutSecret, "", webhookOf(t, c.event, c.r, c.change)); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			id := "checkout." + c.r.ID
			if c.want != "" {
				s.awaitText("the review", "true", func() string {
					a := s.request("GET", "/review", auditorSecret, "")
					return fmt.Sprint(strings.Contains(a.body, c.r.ID) && strings.Contains(a.body, c.want))
				})
			}
			if a := s.request("GET", "/orders/"+id, websiteSecret, ""); strings.Contains(a.body, `"verified"`) {
				t.Errorf("credited: %s", a.body)
			}
		})
	}
	if got := s.available("mallory"); got != "" && strings.Contains(strings.ReplaceAll(got, "0.00", ""), "USD 9") {
		t.Errorf("mallory has %s", got)
	}
	foreign := newProvider(t) // of another account: this key does not see it
	other := foreign.pay(coinbasetest.Checkouts, foreign.create(coinbasetest.Checkouts, "6.00", "").ID)
	s.mustRegister("checkout."+other.ID+"x", "mallory", "6.00", "balance")
	s.webhook(checkoutSecret, "", webhookOf(t, success, other, map[string]any{"id": other.ID + "x"}))
	time.Sleep(3 * time.Second)
	if got := s.available("mallory"); got != "USD 0.00 pending 6.00" {
		t.Errorf("mallory has %q of another account", got)
	}
	s.terminate()
	succeed(t, "verify", "--data", s.data)
}

// TestEveryPaymentIsVerifiedWhateverCoinbaseAnswers has half of the answers fail in every
// way, and kills the server again and again.
func TestEveryPaymentIsVerifiedWhateverCoinbaseAnswers(t *testing.T) {
	embedded(t)
	t.Parallel()
	p := newProvider(t)
	o := options{settings: p.settings}
	s := start(t, o)
	o.data = s.data
	p.FailShare(0.5, coinbasetest.RateLimited(time.Second), coinbasetest.ServerError, coinbasetest.Hang,
		coinbasetest.Cut, coinbasetest.Stale, coinbasetest.Slow(time.Second))
	const payments, kills = 20, 20
	for i := range payments {
		r := p.create(coinbasetest.Checkouts, fmt.Sprintf("%d.00", i+1), "")
		paid := p.pay(coinbasetest.Checkouts, r.ID)
		if i%2 == 0 {
			s.mustRegister("checkout."+r.ID, fmt.Sprint("u", i), fmt.Sprintf("%d.00", i+1), "balance")
		}
		if a := s.webhook(checkoutSecret, "", webhookOf(t, success, paid)); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if i%2 == 1 {
			s.mustRegister("checkout."+r.ID, fmt.Sprint("u", i), fmt.Sprintf("%d.00", i+1), "balance")
		}
	}
	for range kills {
		time.Sleep(300 * time.Millisecond)
		s.kill()
		s = start(t, o)
	}
	for i := range payments {
		s.awaitAvailable(fmt.Sprint("u", i), fmt.Sprintf("USD %d.00 pending 0.00", i+1))
	}
	s.terminate()
	succeed(t, "verify", "--data", s.data)
	if verified := count(replay(t, s.data), "PaymentVerified"); len(verified) != payments {
		t.Errorf("%d payments are verified", len(verified))
	}
}
