package recorder_test

import (
	"context"

	"github.com/go-json-experiment/json"

	"daybook/domain/ident"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/projections/verify"
)

// said is the body of a callback to a desk: of a payment of version 1, of a paid checkout,
// or of a refund.
type said struct {
	V1        string `json:"v1,omitzero"`
	Checkout  string `json:"checkout,omitzero"`
	Refund    string `json:"refund,omitzero"`
	User      string `json:"user,omitzero"`
	Reference string `json:"reference,omitzero"`
	Amount    string `json:"amount"`
	Quoted    string `json:"quoted,omitzero"`
	Fee       string `json:"fee,omitzero"`
	Hash      string `json:"hash,omitzero"`
	Status    string `json:"status,omitzero"`
}

// report tells the recorder, as the receiver of callbacks does.
func (s said) report(ctx context.Context, r *recorder.Recorder) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	format, method := "checkouts", "signature"
	if s.V1 != "" {
		format, method = "v1", "secret"
	}
	_, err = r.ReportOrder(ctx, s.order(), s.parse(), arrival(format, method, string(body)))
	return err
}

func (s said) order() order.ID {
	if s.V1 != "" {
		return order.NewID(order.Coinbase, s.V1)
	}
	return order.NewID(order.Checkout, s.Checkout)
}

func (s said) parse() order.Report {
	report := order.Report{Payment: ident.NewPayment("checkout", s.Checkout), OccurredAt: moment}
	switch {
	case s.V1 != "":
		claim := order.Claim{Custom: s.User, Amount: moneyOf(s.Amount), Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "completed"}}
		if s.User == "" {
			claim.CustomFault = payment.NoUser
		}
		report.Payment, report.Paid = ident.NewPayment("coinbase", "order", s.V1), &claim
	case s.Refund != "":
		report.Refunds = []order.Refund{{
			Payment: report.Payment.Of("refund").Of(s.Refund), Amount: moneyOf(s.Amount), Status: s.Status, Hash: s.Hash, OccurredAt: moment,
		}}
	default:
		t := payment.Transfer{Amount: moneyOf(s.Amount), Quoted: optional(s.Quoted), Fee: optional(s.Fee), Network: "base", Hash: s.Hash}
		report.Paid = &order.Claim{
			Amount: t.Amount, Transfer: &t, Details: order.Details{Reference: s.Reference}, Evidence: payment.Evidence{Method: payment.Signature, Status: "COMPLETED"},
		}
	}
	return report
}

// saidBodies reads the bodies again, for verify.
type saidBodies struct{}

// Read implements verify.Reader.
func (saidBodies) Read(body []byte) verify.Reading {
	var s said
	if err := json.Unmarshal(body, &s); err != nil {
		return verify.Reading{Refused: "not-strict-json"}
	}
	reading := verify.Reading{Stream: s.order().Stream(), Methods: []string{"signature", "secret"}, Reader: 1}
	report := s.parse()
	claim := verify.Claim{Payment: string(report.Payment), OccurredAt: report.OccurredAt}
	switch {
	case s.V1 != "":
		claim.User, claim.Amount, claim.AtOnce = s.User, report.Paid.Amount.String(), true
		claim.Method, claim.Said = recorder.CoinbaseCallback, "completed"
		claim.NoUser = string(report.Paid.CustomFault)
	case s.Refund != "":
		r := report.Refunds[0]
		claim.Kind, claim.Refund, claim.Amount, claim.Said, claim.Hash = verify.Refunded, string(r.Payment), r.Amount.String(), r.Status, r.Hash
	default:
		t := report.Paid.Transfer
		claim.Amount, claim.Method, claim.Said = t.Amount.String(), payment.Signature, "COMPLETED"
		claim.Transfer = &verify.Transfer{Amount: t.Amount.String(), Network: t.Network, Hash: t.Hash}
		if !t.Quoted.IsZero() {
			claim.Transfer.Quoted = t.Quoted.String()
		}
		if !t.Fee.IsZero() {
			claim.Transfer.Fee = t.Fee.String()
		}
		claim.Details.Reference = s.Reference
	}
	reading.Claims = []verify.Claim{claim}
	return reading
}

// proved expects that verify finds nothing in the log.
func (d desk) proved() {
	d.t.Helper()
	report, err := verify.Log(d.t.Context(), verify.LogOptions{
		Log: d.log, Gapless: true, Readers: map[string]verify.Reader{"checkouts": saidBodies{}, "v1": saidBodies{}},
	})
	if err != nil || report.Count+report.Evidence.Count > 0 {
		d.t.Errorf("verify finds %v %v, error %v", report.Differences, report.Evidence.Differences, err)
	}
}
