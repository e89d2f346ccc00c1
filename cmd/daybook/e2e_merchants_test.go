package main_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"daybook/http/coinbase/coinbasetest"
)

// TestTheMerchantsPageLeadsToABalance types the page from its first line to its last.
func TestTheMerchantsPageLeadsToABalance(t *testing.T) {
	embedded(t)
	inTree(t)
	t.Parallel()
	tool(t, "openssl", "openssl")
	tool(t, "curl", "curl")
	p, key := newMerchantsProvider(t, false)
	m := newMerchant(t, p.settings...)
	m.write("checkout-secrets", checkoutSecret+"\n")
	m.write("coinbase-key.pem", key)
	subscribe(t, p.Server, checkoutSecret, nil)

	m.exports()
	m.types(m.program("check-config"), "********")
	m.types(m.program("callback-url"), "https://your.site/callbacks/coinbase/checkouts")
	s := m.starts(m.program("serve"), "daybook-data")
	m.environment = append(m.environment, "DAYBOOK_SERVER=http://"+s.address)
	m.checks(m.program("check coinbase"))

	paid := p.create(coinbasetest.Checkouts, "12.53", "")
	m.replace("127.0.0.1:8080", s.address, exampleCheckout, paid.ID, "$(pidof daybook)", strconv.Itoa(s.command.Process.Pid))
	m.types("curl -sS -X PUT", `"user":"alice"`)
	m.types("curl -sS -X PUT", `"for":"sale"`)
	s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, paid.ID)))
	sold := p.create(coinbasetest.PaymentLinks, "20.00", "cart-7")
	s.webhook(checkoutSecret, "", webhookOf(t, "payment_link.payment.success", p.pay(coinbasetest.PaymentLinks, sold.ID)))
	s.awaitReplayed("PaymentVerified", 2)
	s.awaitMetric(`daybook_worklist_oldest_age_seconds{list="verification"}`, 0)
	s.awaitMetric(`daybook_projection_lag_events{projection="balances"}`, 0)
	m.types("curl -sS", `"status":"paid"`)
	m.types("curl -sS", `"id":"checkout.`+paid.ID)
	_, balance, _ := strings.Cut(merchantsPage(t), "first verified balance:\n")
	balance, _, _ = strings.Cut(block(t, balance, "json"), `,"position"`)
	m.types("curl -sS", balance)
	m.types(`DAYBOOK_TOKEN="$BOOKS" `+m.program("find"), "12.53 USD was credited")
	m.types(m.program("replay"), `"method":"api"`)
	m.types(m.program("balance"), "12.53")
	m.types(m.program("verify"), "expenses:fees")
	m.waits()
	m.rotates(s)
	m.sandbox()
	if len(m.lines) > 0 {
		t.Errorf("nothing types %q", m.lines)
	}
}

// TestTheMerchantsPageHasEveryReason holds its table against the reasons of the domain.
func TestTheMerchantsPageHasEveryReason(t *testing.T) {
	anyLog(t)
	inTree(t)
	t.Parallel()
	page := merchantsPage(t)
	source, err := os.ReadFile("../../domain/payment/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`Reason = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(reasons) < 20 {
		t.Fatalf("%d reasons are found", len(reasons))
	}
	for _, match := range append(reasons, []string{"", "mispayment"}) {
		if !strings.Contains(page, "`"+match[1]+"`") {
			t.Errorf("the page does not say what to do about %s", match[1])
		}
	}
}

// TestTheMerchantsPageSaysFirstThatUSDCIsNotUSD does what its first paragraph says.
func TestTheMerchantsPageSaysFirstThatUSDCIsNotUSD(t *testing.T) {
	anyLog(t)
	inTree(t)
	t.Parallel()
	_, text, _ := strings.Cut(merchantsPage(t), "\n")
	if !strings.HasPrefix(strings.TrimSpace(text), "**USDC is not USD.**") {
		t.Errorf("it begins with %.80s", text)
	}
	p := newProvider(t)
	s := start(t, options{settings: p.settings})
	for user, c := range map[string]struct{ currency, want, review string }{
		"ann": {"USD", "", "mispayment"},
		"bob": {"USDC", "USDC 5.000000 pending 0.000000", "mispayment"},
	} {
		made, err := p.Create(coinbasetest.Checkouts, coinbasetest.Resource{Amount: "5.00"})
		if err != nil {
			t.Fatal(err)
		}
		a := s.request("PUT", "/orders/checkout."+made.ID, websiteSecret, `{"user":"`+user+`","amount":"5.00","currency":"`+c.currency+`"}`)
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		s.webhook(checkoutSecret, "", webhookOf(t, success, p.pay(coinbasetest.Checkouts, made.ID)))
		if c.want != "" {
			s.awaitAvailable(user, c.want)
			continue
		}
		s.awaitText("the order", "true", func() string {
			body := s.request("GET", "/orders/checkout."+made.ID, websiteSecret, "").body
			return strconv.FormatBool(strings.Contains(body, `"other-currency"`))
		})
		s.awaitText("the review", c.review, func() string { return s.waiting("review") })
		if got := s.available(user); strings.Contains(got, "5.00") {
			t.Errorf("%s has %s", user, got)
		}
	}
}
