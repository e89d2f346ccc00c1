package verify

import (
	"slices"
	"strings"
	"testing"
)

// btc is a member of an event's data.
func btc(amount string) string { return `"amount":{"currency":"BTC","amount":"` + amount + `"}` }

// TestMoneyLeavesSuspenseOnce has credits that close a hold for which nothing is
// in suspense any more.
func TestMoneyLeavesSuspenseOnce(t *testing.T) {
	takes := `"takes":[` + statedOf("assets:coinbase", one) + "," + statedOf("liabilities:suspense:NAME", "-"+one) + "]"
	for name, c := range map[string]struct {
		closes  func(hold string) string // of the credit
		again   string                   // data of a further event, of the type before its colon
		differs []string
	}{
		"twice by one credit": {
			func(hold string) string { return hold + "," + hold }, "",
			[]string{"it closes a hold twice"},
		},
		"by the credit of another payment": {
			func(hold string) string { return hold },
			`DepositVerified:{"payment":"q","user":"u1",` + btc(one) + `,"closes":[HOLD]}`,
			[]string{"has brought", "belongs to another payment"},
		},
		"by a second credit": {
			func(hold string) string { return hold },
			`DepositVerified:{"payment":"p","user":"u1",` + btc(one) + `,"closes":[HOLD]}`,
			[]string{"it closes a hold that was closed before"},
		},
		"dismissed after it was credited": {
			func(hold string) string { return hold },
			`DepositDismissed:{"id":"ID","item":"NAME","payment":"p","by":"operator:x","asked":{"decision":"dismiss"},` + takes + `,"arrived":{"currency":"BTC","amount":"` + one + `"}}`,
			[]string{"was decided before"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			l.hold(one)
			id := l.sliceLog[1].ID.String()
			hold := `{"hold":"` + id + `",` + btc(one) + `}`
			l.add("address-A", "AddressRegistered", `{"user":"u1"}`, "website:shop", nil)
			l.add("address-A", "DepositVerified", `{"payment":"p","user":"u1",`+btc(one)+`,"closes":[`+c.closes(hold)+`]}`, "website:shop", nil)
			if eventType, data, more := strings.Cut(c.again, ":"); more {
				l.add("address-A", eventType, strings.NewReplacer("HOLD", hold, "NAME", id).Replace(data), "operator:x", nil)
			}
			report := l.prove(t)
			for _, text := range c.differs {
				if !report.says(text) {
					t.Errorf("%q is not in %v", text, report.Evidence.Differences)
				}
			}
			if !slices.ContainsFunc(report.Evidence.Differences, isDebit) {
				t.Errorf("of the trial balance: %v", report.Evidence.Differences)
			}
		})
	}
}

func TestAMispaymentIsDecidedOnce(t *testing.T) {
	l := newEvidentLog()
	l.add("order-A", "PaymentMispaid", `{"mispayment":"ID","payment":"m",`+btc(one)+`}`, "callback:coinbase", kept(one))
	item := l.sliceLog[1].ID.String()
	for range 2 {
		l.add("order-A", "MispaymentDismissed", `{"id":"ID","item":"`+item+`","payment":"m","by":"operator:x","asked":{"decision":"dismiss"}}`, "operator:x", nil)
	}
	if report := l.prove(t); !report.says("was decided before") {
		t.Error(report.Evidence.Differences)
	}
}

// statedOf is a line of an event, in bitcoin.
func statedOf(account, amount string) string {
	return `{"account":"` + account + `",` + btc(amount) + `}`
}

// isDebit reports whether a difference is that suspense is a debit.
func isDebit(d Difference) bool {
	return d.Subject == "trial balance" && strings.HasPrefix(d.Text, "liabilities:suspense is a debit")
}

// prove checks the log.
func (l *evidentLog) prove(t *testing.T) logReport {
	t.Helper()
	l.sliceLog[0].Metadata = []byte(`{}`)
	report, err := Log(t.Context(), LogOptions{Log: l, Gapless: true, Readers: map[string]Reader{"f": deposits{}}})
	if err != nil {
		t.Fatal(err)
	}
	return logReport{report}
}

type logReport struct{ LogReport }

// says reports whether a difference of the evidence has a text.
func (r logReport) says(text string) bool {
	for _, d := range r.Evidence.Differences {
		if strings.Contains(d.Text, text) {
			return true
		}
	}
	return false
}
