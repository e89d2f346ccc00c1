package verify

import (
	"strings"
	"testing"
)

// TestADecisionFollowsFromWhatStandsBeforeIt has decisions about one held deposit, and
// edits of them.
func TestADecisionFollowsFromWhatStandsBeforeIt(t *testing.T) {
	takes := `"takes":[` + statedOf("assets:coinbase", one) + "," + statedOf("liabilities:suspense:ITEM", "-"+one) + `]`
	release := `DepositReleased:{"id":"ID","item":"ITEM","payment":"p","by":"operator:x","asked":{"decision":"credit","user":"u1","note":"n"},` + takes + `,"user":"u1",` + btc(one) + `,"contradiction":false}`
	dismiss := `DepositDismissed:{"id":"ID","item":"ITEM","payment":"p","by":"operator:x","asked":{"decision":"dismiss","note":"n"},` + takes + `,"arrived":{"currency":"BTC","amount":"` + one + `"}}`
	refund := `RefundDecided:{"refund":"ID","item":"ITEM","asked":{"decision":"refund","note":"n"},"payment":"p",` + btc(one) + `,"by":"operator:x","note":"n"}`
	from := `"from":[` + statedOf("liabilities:suspense:ITEM", one) + `]`
	sent := `DepositRefunded:{"payment":"p","refund":"LAST","item":"ITEM",` + btc(one) + `,` + from + `,"reference":"r","by":"operator:x","occurredAt":"2026-01-01T00:00:00Z"}`
	withdrawn := `RefundWithdrawn:{"refund":"LAST","item":"ITEM","payment":"p",` + btc(one) + `,"by":"operator:x"}`
	reverse := `DecisionReversed:{"item":"ITEM","reverses":"LAST","payment":"p","by":"operator:x","note":"n","lines":[` +
		statedOf("liabilities:suspense:ITEM", "-"+one) + `,` + statedOf("liabilities:users:u1", one) + `]}`
	again := replace(release, `"by":"operator:x"`, `"round":1,"by":"operator:x"`)
	for name, c := range map[string]struct {
		events []string
		says   string // empty if nothing
	}{
		"a credit":                        {[]string{release}, ""},
		"to another":                      {[]string{replace(release, `"user":"u1",`+btc(one), `"user":"u2",`+btc(one))}, "user is not the one"},
		"of more":                         {[]string{replace(release, `"user":"u1",`+btc(one), `"user":"u1",`+btc(two))}, "amount is"},
		"that takes nothing back":         {[]string{replace(release, takes+",", "")}, "takes are not the lines"},
		"that takes more back":            {[]string{strings.ReplaceAll(release, `coinbase","amount":{"currency":"BTC","amount":"`+one, `coinbase","amount":{"currency":"BTC","amount":"`+two)}, "takes are not the lines"},
		"of another item":                 {[]string{replace(release, `"item":"ITEM"`, `"item":"x"`)}, "no such item before it"},
		"in another round":                {[]string{again}, "round is 1"},
		"by another":                      {[]string{replace(release, "operator:x", "operator:y")}, "by is not the one"},
		"that was not asked for":          {[]string{replace(release, `"decision":"credit"`, `"decision":"dismiss"`)}, "asked for was"},
		"that closes another":             {[]string{replace(release, takes, takes+`,"closes":["x"]`)}, "closes are not"},
		"of which a part was sent back":   {[]string{replace(release, takes, takes+`,"refunded":{"amount":{"currency":"BTC","amount":"0.10000000"},"share":{"currency":"BTC","amount":"0.10000000"}}`)}, "nothing was sent back"},
		"twice":                           {[]string{release, release}, "decided before"},
		"a dismissal":                     {[]string{dismiss}, ""},
		"of less than has arrived":        {[]string{replace(dismiss, `"arrived":{"currency":"BTC","amount":"1`, `"arrived":{"currency":"BTC","amount":"0`)}, "arrived is"},
		"as a person says":                {[]string{replace(replace(dismiss, `"arrived":{"currency":"BTC","amount":"1`, `"arrived":{"currency":"BTC","amount":"3`), `"note":"n"`, `"arrived":{"currency":"BTC","amount":"3.00000000"},"note":"n"`)}, ""},
		"a refund":                        {[]string{refund, sent}, ""},
		"a refund of more":                {[]string{replace(refund, one, two)}, "amount is"},
		"with another note":               {[]string{replace(refund, `"by":"operator:x","note":"n"`, `"by":"operator:x","note":"m"`)}, "note is not"},
		"sent twice":                      {[]string{refund, sent, sent}, "no refund of the item is open"},
		"sent by nobody":                  {[]string{sent}, "no refund of the item is open"},
		"from another":                    {[]string{refund, replace(sent, "liabilities:suspense:ITEM", "liabilities:users:u1")}, "from are not"},
		"a credit of what is sent back":   {[]string{refund, release}, "a refund of the money is open"},
		"a refund that is withdrawn":      {[]string{refund, withdrawn, again}, ""},
		"withdrawn and sent":              {[]string{refund, withdrawn, sent}, "no refund of the item is open"},
		"a reversal":                      {[]string{release, reverse, again}, ""},
		"reversed twice":                  {[]string{release, reverse, reverse}, "no decision that stands"},
		"a reversal of nothing":           {[]string{reverse}, "no decision that stands"},
		"reversed by less":                {[]string{release, replace(reverse, `-`+one, `-0.50000000`)}, "lines are not the opposite"},
		"reversed, and decided as before": {[]string{release, reverse, release}, "round is 0"},
		"a reversal that opens another":   {[]string{release, replace(reverse, `"lines"`, `"opens":["x"],"lines"`)}, "opens are not"},
		"a member of another event":       {[]string{replace(release, `"user":"u1",`+btc(one), `"user":"u1","sold":{"currency":"BTC","amount":"1.00000000"},`+btc(one))}, `says "sold"`},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			l.hold(one)
			item, last := l.sliceLog[1].ID.String(), ""
			for _, event := range c.events {
				eventType, data := cutType(event)
				l.add("address-A", eventType, strings.NewReplacer("ITEM", item, "LAST", last).Replace(data), "operator:x", nil)
				if eventType != "RefundWithdrawn" && eventType != "DepositRefunded" {
					last = l.sliceLog[len(l.sliceLog)-1].ID.String()
				}
			}
			report := l.prove(t)
			text := ""
			for _, d := range report.Evidence.Differences {
				text += d.Text + "\n"
			}
			if c.says == "" && text != "" || !strings.Contains(text, c.says) {
				t.Errorf("it says %q, want %q", text, c.says)
			}
			if c.says == "" && report.Count > 0 {
				t.Errorf("of the log: %v", report.Differences)
			}
		})
	}
}

// TestADecisionIsAPersons has a decision of a callback, and of a website.
func TestADecisionIsAPersons(t *testing.T) {
	l := newEvidentLog()
	l.hold(one)
	item := l.sliceLog[1].ID.String()
	data := `{"id":"ID","item":"` + item + `","payment":"p","by":"website:shop","asked":{"decision":"dismiss","note":""}}`
	l.add("address-A", "DepositDismissed", data, "website:shop", nil)
	if report := l.prove(t); !report.says("only a person decides") {
		t.Error(report.Evidence.Differences)
	}
}

// TestAPaymentHasOneCreditThatStands credits a deposit by a person and again.
func TestAPaymentHasOneCreditThatStands(t *testing.T) {
	suspended := `"takes":[` + statedOf("assets:coinbase", one) + "," + statedOf("liabilities:suspense:ITEM", "-"+one) + `]`
	credited := replace(suspended, "suspense:ITEM", "users:u1")
	release := `DepositReleased:{"id":"ID","item":"ITEM","payment":"p","by":"operator:x","asked":{"decision":"credit","note":"n"},` + suspended + `,"user":"u1",` + btc(one) + `,"contradiction":false}`
	instead := replace(replace(release, suspended, credited), `"user":"u1"`, `"user":"u2"`)
	verified := `DepositVerified:{"payment":"p","user":"u1",` + btc(one) + `}`
	reverse := func(which string) string {
		return `DecisionReversed:{"item":"ITEM","reverses":"` + which + `","payment":"p","by":"operator:x","note":"n"}`
	}
	for name, c := range map[string]struct {
		events []string
		twice  bool
	}{
		"by two decisions":                         {[]string{release, release}, true},
		"by a decision and a rule":                 {[]string{release, verified}, true},
		"by a decision instead of a rule":          {[]string{verified, instead}, false},
		"by a decision instead of another":         {[]string{release, instead}, false},
		"after a reversal":                         {[]string{release, reverse("0"), verified}, false},
		"after a reversal that restores a credit":  {[]string{verified, instead, reverse("1"), verified}, true},
		"after both were reversed":                 {[]string{release, instead, reverse("1"), reverse("0"), release}, false},
		"after the reversal of something else":     {[]string{release, reverse("x"), release}, true},
		"by a dismissal that takes it, and a rule": {[]string{verified, replace(instead, "DepositReleased", "DepositDismissed"), verified}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newEvidentLog()
			l.hold(one)
			item := l.sliceLog[1].ID.String()
			var ids []string
			for _, event := range c.events {
				eventType, data := cutType(event)
				pairs := []string{"ITEM", item}
				for i, id := range ids {
					pairs = append(pairs, `"reverses":"`+string(rune('0'+i))+`"`, `"reverses":"`+id+`"`)
				}
				l.add("address-A", eventType, strings.NewReplacer(pairs...).Replace(data), "operator:x", nil)
				ids = append(ids, l.sliceLog[len(l.sliceLog)-1].ID.String())
			}
			report := l.prove(t)
			isTwice := false
			for _, d := range report.Differences {
				isTwice = isTwice || d.Subject == "payment p" && strings.Contains(d.Text, "credited again")
			}
			if isTwice != c.twice {
				t.Errorf("credited twice: %v; %v", isTwice, report.Differences)
			}
		})
	}
}

// TestAnItemIsShownAgainAsItWasOpened decides, reverses, withdraws and sees again.
func TestAnItemIsShownAgainAsItWasOpened(t *testing.T) {
	l := newEvidentLog()
	l.hold(one)
	item := l.sliceLog[1]
	of := func(more string) string { return `{"item":"` + item.ID.String() + `"` + more + `}` }
	const refund = `,"refund":"r/1","payment":"p"`
	isOpen := true
	for _, step := range []struct {
		eventType, data string
		open            bool
	}{
		{"DepositReleased", of(`,"closes":[]`), false},
		{"DecisionReversed", of(``), true},
		{"RefundDecided", of(refund), false},
		{"RefundWithdrawn", of(refund), true},
		{"DepositReleased", `{"item":"x","closes":["` + item.ID.String() + `"]}`, false},
		{"DecisionReversed", `{"item":"x","opens":["` + item.ID.String() + `"]}`, true},
		{"DepositVerified", `{"closes":[{"hold":"` + item.ID.String() + `"}]}`, false},
		{"DepositSeenAgain", `{"hold":"` + item.ID.String() + `"}`, true},
		{"RefundDecided", of(refund), false},
		{"DepositRefunded", of(refund), false},
	} {
		l.add("address-A", step.eventType, step.data, "operator:x", nil)
		open, err := OpenItems(t.Context(), l, l.end())
		if err != nil {
			t.Fatal(err)
		}
		want := OpenItem{List: "review", Key: item.ID.String(), Event: item.ID.String(), Stream: "address-A", Position: item.Position, Reason: "no-user", Payment: "p"}
		last := l.sliceLog[len(l.sliceLog)-1]
		unsent := OpenItem{List: "refunds", Key: "address-A r%2F1", Event: last.ID.String(), Stream: "address-A", Position: last.Position, Reason: "unsent", Payment: "p"}
		if is, waits := open[unsent.id()]; waits != (step.eventType == "RefundDecided") || waits && is != unsent {
			t.Errorf("after %s: %+v", step.eventType, open)
		}
		delete(open, unsent.id())
		if is, waits := open[want.id()]; waits != step.open || waits && is != want || len(open) > 1 {
			t.Errorf("after %s: %+v, was open %v", step.eventType, open, isOpen)
		}
		isOpen = step.open
	}
	l.add("order-A", "RefundHeld", `{"hold":"ID","payment":"p","reason":"refund-as-sent"}`, "callback:coinbase", kept("x"))
	if open, err := OpenItems(t.Context(), l, l.end()); err != nil || len(open) != 1 {
		t.Errorf("%v, error %v", open, err)
	}
}
