package verify

import (
	"strings"
	"testing"
)

// TestAPaymentIsHeldAgainstTheTermsOfItsOrder has events that a body has caused
// in the stream of an order that asks for one bitcoin.
func TestAPaymentIsHeldAgainstTheTermsOfItsOrder(t *testing.T) {
	const (
		half     = `"amount":{"currency":"BTC","amount":"0.50000000"}`
		sold     = `"sold":{"currency":"BTC","amount":"1.00000000"}`
		evidence = `"evidence":[{"method":"m","status":"s"}]`
	)
	paid := Claim{Kind: Paid, Payment: "p", User: "u1", Amount: one + " BTC", Method: "m", Said: "s", AtOnce: true}
	short := paid
	short.Amount = "0.50000000 BTC"
	announced := Claim{Kind: Mispaid, Payment: "p", User: "u1", Amount: "0.50000000 BTC", Unproven: true}
	for name, c := range map[string]struct {
		purpose, eventType, data string
		claim                    Claim
		says                     string // empty if nothing of terms
	}{
		"enough":                  {"balance", "PaymentVerified", `{"payment":"p","user":"u1",` + bitcoin + `,` + evidence + `}`, paid, ""},
		"a balance that was sold": {"balance", "PaymentVerified", `{"payment":"p","user":"u1",` + bitcoin + `,` + sold + `,` + evidence + `}`, paid, "sold"},
		"a sale":                  {"sale", "PaymentVerified", `{"payment":"p","user":"u1",` + bitcoin + `,` + sold + `,` + evidence + `}`, paid, ""},
		"a sale to the user":      {"sale", "PaymentVerified", `{"payment":"p","user":"u1",` + bitcoin + `,` + evidence + `}`, paid, "sold"},
		"a sale that is pending":  {"sale", "PaymentReceived", `{"payment":"p","user":"u1",` + bitcoin + `}`, paid, "sale is false"},
		"too little is credited":  {"balance", "PaymentVerified", `{"payment":"p","user":"u1",` + half + `,` + evidence + `}`, short, "does not meet the terms"},
		"too little":              {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + half + `,"reason":"underpaid"}`, short, ""},
		"for another reason":      {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + half + `,"reason":"second"}`, short, "reason"},
		"for none":                {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + half + `}`, short, "reason"},
		"enough is mispaid":       {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + bitcoin + `,"reason":"underpaid"}`, paid, "meets the terms"},
		"pending that was not":    {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + half + `,"reason":"underpaid","received":{"currency":"BTC","amount":"0.50000000"}}`, short, "received"},
		"the provider's word":     {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + half + `}`, announced, ""},
		"with a reason of ours":   {"sale", "PaymentMispaid", `{"mispayment":"ID","payment":"p","user":"u1",` + half + `,"reason":"underpaid"}`, announced, "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			l.add("order-A", "OrderRegistered", `{"user":"u1",`+bitcoin+`,"for":"`+c.purpose+`"}`, "website:shop", nil)
			l.add("order-A", c.eventType, c.data, "callback:coinbase", kept("later"))
			l.sliceLog[0].Metadata = []byte(`{}`)
			reading := Reading{Stream: "order-A", Claims: []Claim{c.claim}}
			report, err := Log(t.Context(), LogOptions{Log: l, Gapless: true, Readers: map[string]Reader{"f": said{reading}}})
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, d := range report.Evidence.Differences {
				if d.Text = strings.TrimSpace(d.Text); !strings.Contains(d.Text, "credited by no event") {
					text += d.Text
				}
			}
			if c.says == "" && text != "" || !strings.Contains(text, c.says) {
				t.Errorf("it says %q, want %q", text, c.says)
			}
		})
	}
}
