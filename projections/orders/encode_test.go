package orders

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/domain/money"
)

// What is written by hand is what the JSON encoder writes, but for the
// position.
func TestOrdersAreEncodedAsTheAPIDoes(t *testing.T) {
	at := time.Date(2012, 12, 10, 5, 23, 41, 123456789, time.FixedZone("", -8*3600))
	amount, err := money.Parse("USD", "12.53")
	if err != nil {
		t.Fatal(err)
	}
	paid := Payment{Payment: "coinbase/order/A", User: "u1", Amount: amount, Status: PaymentVerified, OccurredAt: at, RecordedAt: at.UTC()}
	odd := Payment{Payment: "p\"\\\u2028<&>\u00e9\x01", User: "Zoë \"\t", Amount: amount, Status: PaymentPending, RecordedAt: at}
	adjusted := paid
	adjusted.Adjustments = []Adjustment{{Type: AdjustmentRefunded, ID: "r", User: "u1", Amount: amount.Neg(), RecordedAt: at}}
	for name, o := range map[string]Order{
		"nothing":       {},
		"registered":    {ID: "site.r", Status: Registered, Registered: true, User: "u1", RecordedAt: at},
		"paid":          {ID: "coinbase.A%2FB", Status: Paid, User: "u1", Amount: &amount, Payments: []Payment{paid}, Revision: 1, Changed: 1<<63 - 1, OccurredAt: at, RecordedAt: at},
		"odd texts":     {ID: `o"dd`, Status: Pending, User: "\x7f", Payments: []Payment{odd}, ReportedStatuses: []string{`"`, "é"}, RecordedAt: at},
		"several":       {Payments: []Payment{paid, odd}, RecordedAt: at},
		"adjusted":      {Payments: []Payment{adjusted}, Expired: true, RecordedAt: at},
		"other lists":   {Mispayments: []Mispayment{{Payment: "m", Amount: amount, Status: MispaymentOpen, RecordedAt: at}}, Holds: []Hold{{Hold: "h", Amount: &amount, Reason: "r", RecordedAt: at}}},
		"without times": {Payments: []Payment{{Amount: amount}}},
	} {
		want, err := json.Marshal(o.filled())
		if err != nil {
			t.Fatal(err)
		}
		got, err := appendOrder(nil, &o)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Replace(string(want), `,"position":"0"}`, "}", 1); string(got) != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}
