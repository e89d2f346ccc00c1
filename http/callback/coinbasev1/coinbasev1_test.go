package coinbasev1_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
)

// describe puts what a message says into one line.
func describe(m recorder.Report) string {
	switch {
	case m.Test:
		return "test"
	case m.Order != nil:
		r := m.Order.Report
		parts := []string{"order " + string(m.Order.ID)}
		if r.Paid != nil {
			parts = append(parts, strings.TrimSpace(fmt.Sprintf("paid %s by %q %s%s", r.Paid.Amount, r.Paid.Custom, r.Paid.CustomFault, r.Paid.Doubt)))
		}
		for _, p := range r.Mispayments {
			missing := ""
			if p.Missing {
				missing = " missing"
			}
			parts = append(parts, fmt.Sprintf("mispaid %q %s%s", p.Payment, p.Amount, missing))
		}
		if r.Status != "" {
			parts = append(parts, "status "+r.Status)
		}
		return strings.Join(parts, "; ")
	case m.Payout != nil:
		r := m.Payout.Report
		if r.Facts == nil {
			return fmt.Sprintf("payout %s %d unreadable", m.Payout.ID, r.Progress)
		}
		return fmt.Sprintf("payout %s %d %s of %s, fees %v %v, bitcoin %v, %v %v", m.Payout.ID, r.Progress,
			r.Facts.Total, r.Facts.Subtotal, r.Facts.FeeOwn, r.Facts.FeeBank, r.Facts.Bitcoin, r.Facts.Orders, r.Facts.Mispaid)
	case m.Deposit != nil:
		return fmt.Sprintf("deposit %s %q %s", m.Deposit.ID, m.Deposit.Report.Payment, m.Deposit.Report.Amount)
	}
	return "nothing"
}

const usd = `"total_native":{"cents":1253,"currency_iso":"USD"}`

func TestBodiesAreReadAsTheyAreMeant(t *testing.T) {
	for body, expected := range map[string]string{
		// Status and event.
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":"u"}}`:                                "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","event":null,` + usd + `,"custom":"u"}}`:                   "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","event":{},` + usd + `,"custom":"u"}}`:                     "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","event":{"type":null},` + usd + `,"custom":"u"}}`:          "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","event":{"type":"completed"},` + usd + `,"custom":"u"}}`:   "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","event":{"type":"expired"},` + usd + `,"custom":"u"}}`:     "order coinbase.A; paid 12.53 USD by \"u\" unknown-event",
		`{"order":{"id":"A","status":"completed","event":{"type":true},` + usd + `,"custom":"u"}}`:          "order coinbase.A; paid 12.53 USD by \"u\" unknown-event",
		`{"order":{"id":"A","status":"completed","event":{"type":["completed"]},` + usd + `,"custom":"u"}}`: "order coinbase.A; paid 12.53 USD by \"u\" unknown-event",
		`{"order":{"id":"A","status":"completed","event":["mispayment"],` + usd + `,"custom":"u"}}`:         "order coinbase.A; paid 12.53 USD by \"u\" unknown-event",
		`{"order":{"id":"A","status":"expired","event":{"type":"completed"},` + usd + `,"custom":"u"}}`:     "order coinbase.A; paid 12.53 USD by \"u\" status-and-event-disagree",
		`{"order":{"id":"A","status":"mispaid","event":{"type":"completed"},` + usd + `,"custom":"u"}}`:     "order coinbase.A; paid 12.53 USD by \"u\" status-and-event-disagree",
		`{"order":{"id":"A","event":{"type":"completed"},` + usd + `,"custom":"u"}}`:                        "order coinbase.A; paid 12.53 USD by \"u\" status-and-event-disagree",
		`{"order":{"id":"A","status":"new","event":null,` + usd + `,"custom":"u"}}`:                         "order coinbase.A; status new",
		`{"order":{"id":"A","status":"expired",` + usd + `}}`:                                               "order coinbase.A; status expired",
		`{"order":{"id":"A","status":"Completed",` + usd + `}}`:                                             "order coinbase.A; status Completed",
		`{"order":{"id":"A","status":5}}`:                                                                   "order coinbase.A; status 5",
		`{"order":{"id":"A","status":"mispaid","STATUS":"completed","Status":"completed",` + usd + `}}`:     "order coinbase.A; mispaid \"\"   missing",
		`{"order":{"id":"A"}}`:                                             "incomplete",
		`{"order":{"id":"A","status":""}}`:                                 "incomplete",
		`{"order":{"id":"A","status":["completed"]}}`:                      "incomplete",
		`{"order":{"id":"A","status":"` + strings.Repeat("x", 129) + `"}}`: "incomplete",

		// Ids.
		`{"order":{"status":"new"}}`:                                         "incomplete",
		`{"order":{"id":null,"status":"new"}}`:                               "incomplete",
		`{"order":{"id":"","status":"new"}}`:                                 "incomplete",
		`{"order":{"id":true,"status":"new"}}`:                               "incomplete",
		`{"order":{"id":["A"],"status":"new"}}`:                              "incomplete",
		`{"order":{"id":"..","status":"new"}}`:                               "incomplete",
		`{"order":{"id":"a\u0000","status":"new"}}`:                          "incomplete",
		`{"order":{"id":12,"status":"new"}}`:                                 "order coinbase.12; status new",
		`{"order":{"id":"a/b%","status":"new"}}`:                             "order coinbase.a%2Fb%25; status new",
		`{"order":{"id":"` + strings.Repeat("ä", 64) + `","status":"new"}}`:  "order coinbase." + strings.Repeat("%C3%A4", 64) + "; status new",
		`{"order":{"id":"` + strings.Repeat("ä", 64) + `a","status":"new"}}`: "incomplete",

		// Payers.
		`{"order":{"id":"A","status":"completed",` + usd + `}}`:                  "order coinbase.A; paid 12.53 USD by \"\" no-user",
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":null}}`:    "order coinbase.A; paid 12.53 USD by \"\" no-user",
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":""}}`:      "order coinbase.A; paid 12.53 USD by \"\" no-user",
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":{"u":1}}}`: "order coinbase.A; paid 12.53 USD by \"\" unusable-user",
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":"a\nb"}}`:  "order coinbase.A; paid 12.53 USD by \"\" unusable-user",
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":7}}`:       "order coinbase.A; paid 12.53 USD by \"7\"",

		// Amounts.
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253.0,"currency_iso":"USD"},"custom":"u"}}`:      "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":"1253","currency_iso":"USD"},"custom":"u"}}`:      "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1.253e3,"currency_iso":"USD"},"custom":"u"}}`:     "order coinbase.A; paid 12.53 USD by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253,"currency_iso":"BTC"},"custom":"u"}}`:        "order coinbase.A; paid 0.00001253 BTC by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253.5,"currency_iso":"USD"},"custom":"u"}}`:      "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":-1253,"currency_iso":"USD"},"custom":"u"}}`:       "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253,"currency_iso":"usd"},"custom":"u"}}`:        "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253,"currency_iso":"JPY"},"custom":"u"}}`:        "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253,"currency_iso":"KWD"},"custom":"u"}}`:        "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253,"currency_iso":"ETH"},"custom":"u"}}`:        "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1253},"custom":"u"}}`:                             "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":{"cents":1e999999999,"currency_iso":"USD"},"custom":"u"}}`: "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_native":"12.53 USD","custom":"u"}}`:                                "order coinbase.A; paid   by \"u\"",
		`{"order":{"id":"A","status":"completed","total_original":{"cents":1253,"currency_iso":"USD"},"custom":"u"}}`:      "order coinbase.A; paid   by \"u\"",

		// Mispayments.
		`{"order":{"id":"A","status":"completed","event":{"type":"mispayment","mispayment_id":"M"},"mispayments":[{"id":"M",` + usd + `}]}}`: `order coinbase.A; mispaid "coinbase/mispayment/M" 12.53 USD`,
		`{"order":{"id":"A","status":"completed","event":{"type":"mispayment","mispayment_id":"N"},"mispayments":[{"id":"M",` + usd + `}]}}`: `order coinbase.A; mispaid "coinbase/mispayment/M" 12.53 USD; mispaid "coinbase/mispayment/N"   missing`,
		`{"order":{"id":"A","status":"completed","event":{"type":"mispayment"},"mispayments":[{"id":"M",` + usd + `}]}}`:                     `order coinbase.A; mispaid "coinbase/mispayment/M" 12.53 USD`,
		`{"order":{"id":"A","status":"completed","event":{"type":"mispayment"},` + usd + `}}`:                                                `order coinbase.A; mispaid ""   missing`,
		`{"order":{"id":"A","status":"mispaid",` + usd + `,"mispaid_native":{"cents":1007,"currency_iso":"USD"}}}`:                           `order coinbase.A; mispaid "" 10.07 USD`,
		`{"order":{"id":"A","status":"completed",` + usd + `,"custom":"u","mispayments":[null,{"id":"M"},{` + usd + `}]}}`:                   `order coinbase.A; paid 12.53 USD by "u"; mispaid ""  ; mispaid "coinbase/mispayment/M"  ; mispaid "" 12.53 USD`,
		`{"order":{"id":"A","status":"expired","mispayments":[{"id":"M",` + usd + `}]}}`:                                                     `order coinbase.A; mispaid "coinbase/mispayment/M" 12.53 USD; status expired`,
		`{"order":{"id":"A","status":"expired","mispayments":{"id":"M",` + usd + `}}}`:                                                       `order coinbase.A; mispaid "coinbase/mispayment/M" 12.53 USD; status expired`,
		`{"order":{"id":"A","status":"expired","mispayments":"none"}}`:                                                                       `order coinbase.A; mispaid ""  ; status expired`,
		`{"order":{"id":"A","status":"expired","mispayments":null}}`:                                                                         `order coinbase.A; status expired`,
		`{"order":{"id":"A","mispayments":[{"id":"M",` + usd + `}]}}`:                                                                        `order coinbase.A; mispaid "coinbase/mispayment/M" 12.53 USD`,

		// Payouts.
		`{"payout":{"id":"P","status":"Pending","subtotal":{"amount":"1.00","currency":"USD"},"total":{"amount":"0.90","currency":"USD"}}}`:                                                                                                          "payout P 1 0.90 USD of 1.00 USD, fees <nil> <nil>, bitcoin <nil>, [] []",
		`{"payout":{"id":"P","status":"complete","subtotal":{"amount":1,"currency":"USD"},"total":{"amount":0.9,"currency":"USD"},"btc":{"amount":"0.5","currency":"BTC"},"fees":{"bank":{"cents":10,"currency_iso":"USD"}},"order_codes":["A",7]}}`: "payout P 2 0.90 USD of 1.00 USD, fees <nil> 0.10 USD, bitcoin 0.50000000 BTC, [A 7] []",
		`{"payout":{"id":"P","status":"Lost","subtotal":{"amount":"1.00","currency":"USD"},"total":{"amount":"0.90","currency":"USD"},"btc":{"amount":"0.00","currency":"BTC"}}}`:                                                                    "payout P 0 0.90 USD of 1.00 USD, fees <nil> <nil>, bitcoin <nil>, [] []",
		`{"payout":{"id":"P","status":"Complete","subtotal":{"amount":"1.001","currency":"USD"},"total":{"amount":"0.90","currency":"USD"}}}`:                                                                                                        "payout P 2 unreadable",
		`{"payout":{"id":"P","status":"Complete","subtotal":{"amount":"1.00","currency":"USD"},"total":{"amount":"-0.90","currency":"USD"}}}`:                                                                                                        "payout P 2 unreadable",
		`{"payout":{"id":"P","status":"Complete","subtotal":{"amount":"1","currency":"USD"},"total":{"amount":"1","currency":"USD"},"btc":"0.00"}}`:                                                                                                  "payout P 2 unreadable",
		`{"payout":{"id":"P","status":"Complete","subtotal":{"amount":"1","currency":"USD"},"total":{"amount":"1","currency":"USD"},"btc":{"amount":"1","currency":"USD"}}}`:                                                                         "payout P 2 unreadable",
		`{"payout":{"id":"P","status":"Complete","subtotal":{"amount":"1","currency":"USD"},"total":{"amount":"1","currency":"USD"},"order_codes":[""]}}`:                                                                                            "payout P 2 unreadable",
		`{"payout":{"id":"P","status":"Complete","subtotal":{"amount":"1","currency":"USD"},"total":{"amount":"1","currency":"USD"},"fees":[]}}`:                                                                                                     "payout P 2 unreadable",
		`{"payout":{"id":"P"}}`:           "incomplete",
		`{"payout":{"status":"Pending"}}`: "incomplete",

		// Deposits.
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.23456,"transaction":{"hash":"ab"}}`:     `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/ab" 1.23456000 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1e-8,"transaction":{"hash":"AB"}}`:        `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/ab" 0.00000001 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":"1.5e1","transaction":{"hash":"XY"}}`:     `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/XY" 15.00000000 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1e-9,"transaction":{"hash":"ab"}}`:        `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/ab"  `,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":-1,"transaction":{"hash":"ab"}}`:          `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/ab"  `,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1e999999999,"transaction":{"hash":"ab"}}`: `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/ab"  `,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1,"transaction":{"hash":null}}`:           `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "" 1.00000000 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1,"transaction":{"hash":7}}`:              `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "" 1.00000000 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1,"transaction":"ab"}`:                    `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "" 1.00000000 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1}`:                                       `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "" 1.00000000 BTC`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":null}`:                                    `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 ""  `,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","transaction":{"hash":"c/d"}}`:                     `deposit 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5 "coinbase/address/1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5/c%2Fd"  `,
		`{"address":""}`:                       "not-bitcoin",
		`{"address":"a/b","transaction":null}`: "not-bitcoin",

		// None of the three, or more than one.
		`{}`:                           "unknown-document",
		`[]`:                           "unknown-document",
		`null`:                         "unknown-document",
		`"order"`:                      "unknown-document",
		`{"order":null}`:               "unknown-document",
		`{"order":[]}`:                 "unknown-document",
		`{"order":{},"payout":{}}`:     "unknown-document",
		`{"order":{},"address":"1A"}`:  "unknown-document",
		`{"payout":{},"address":"1A"}`: "unknown-document",
		`{"address":1}`:                "unknown-document",
		`{"Order":{"id":"A"}}`:         "unknown-document",
		`[{"order":{"id":"A"}}]`:       "unknown-document",
	} {
		message, err := coinbasev1.Parse([]byte(body))
		got := describe(message)
		var refusal *callback.Refusal
		if errors.As(err, &refusal) {
			got = string(refusal.Reason)
		}
		if got != expected {
			t.Errorf("%s\n is  %s\nnot %s", body, got, expected)
		}
	}
}

func TestWhatIsNotStrictJSONIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                                "",
		"white space":                            " \n",
		"half a document":                        `{"order":`,
		"two documents":                          `{"order":{}}{"order":{}}`,
		"a document and more":                    `{"order":{}} x`,
		"a name twice":                           `{"order":{},"order":{}}`,
		"a name twice, once escaped":             `{"order":{},"\u006frder":{}}`,
		"a name twice where nobody reads it":     `{"order":{"id":"A","status":"new","x":[{"y":{"z":1,"z":1}}]}}`,
		"a name twice in a mispayment":           `{"order":{"id":"A","status":"new","mispayments":[{"id":"M","id":"N"}]}}`,
		"a name twice where a text should be":    `{"order":{"id":{"a":1,"a":2},"status":"new"}}`,
		"a name twice where an object is no use": `{"address":{"a":1,"a":2}}`,
		"bytes that are not UTF-8":               "{\"order\":{\"id\":\"A\",\"status\":\"new\",\"x\":\"\xff\"}}",
		"half a surrogate pair":                  `{"order":{"id":"A","status":"new","x":"\ud800"}}`,
		"a byte order mark":                      "\ufeff{}",
		"a comment":                              `{} // {}`,
		"a comma too many":                       `{"order":{},}`,
		"a number with a zero in front":          `{"order":{"id":"A","x":01}}`,
		"a number that is none":                  `{"order":{"id":"A","x":NaN}}`,
		"a text in single quotes":                `{'order':{}}`,
		"a control character":                    "{\"order\":{\"id\":\"a\nb\"}}",
	} {
		_, err := coinbasev1.Parse([]byte(body))
		var refusal *callback.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != quarantine.NotJSON {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheCompletionIsWhenItHappened(t *testing.T) {
	for members, expected := range map[string]string{
		`"created_at":"2012-12-09T21:23:41-08:00"`:                                       "2012-12-10T05:23:41Z",
		`"created_at":"2012-12-09T21:23:41-08:00","completed_at":"2012-12-10T06:00:00Z"`: "2012-12-10T06:00:00Z",
		`"created_at":"2012-12-09T21:23:41-08:00","completed_at":null`:                   "2012-12-10T05:23:41Z",
		`"created_at":"2012-12-09T21:23:41-08:00","completed_at":"yesterday"`:            "2012-12-10T05:23:41Z",
		`"created_at":"2015-10-26 08:03:17 -0700"`:                                       "0001-01-01T00:00:00Z",
		`"created_at":1355116000`:                                                        "0001-01-01T00:00:00Z",
		`"created_at":"9999-12-31T23:59:59-08:00"`:                                       "0001-01-01T00:00:00Z",
		`"created_at":"0000-01-01T00:00:00+08:00"`:                                       "0001-01-01T00:00:00Z",
		`"created_at":null`: "0001-01-01T00:00:00Z",
	} {
		message, err := coinbasev1.Parse([]byte(`{"order":{"id":"A","status":"new",` + members + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := message.Order.Report.OccurredAt.Format(time.RFC3339); got != expected {
			t.Errorf("%s is %s, expected %s", members, got, expected)
		}
	}
}

func TestErrorsRepeatNothingOfTheBody(t *testing.T) {
	for _, body := range []string{
		`canary`, `{"canary":1}`, `{"order":{"id":"canary` + strings.Repeat("x", 128) + `"}}`, `{"order":{"id":"canary\u0000"}}`,
		`{"order":{"id":"A","status":"canary\n"}}`, `{"payout":{"id":"A","status":{"canary":1}}}`, `{"address":"canary\u0007"}`, `{"canary":1,"canary":2}`,
	} {
		if _, err := coinbasev1.Parse([]byte(body)); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
