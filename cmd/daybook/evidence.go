package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/payout"
	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/projections/verify"
)

// evidenceReaders read the kept bodies of every format that was ever taken.
func evidenceReaders() map[string]verify.Reader {
	readers := make(map[string]verify.Reader)
	for _, f := range formats(inbound{}) {
		readers[f.Name] = bodyReader{f}
	}
	return readers
}

// bodyReader says what a body of a format says, as verify compares it with events.
type bodyReader struct{ format *callback.Format }

// Read implements verify.Reader.
func (b bodyReader) Read(body []byte) verify.Reading {
	reading := b.read(body)
	reading.Reader, reading.Methods = b.format.Reader, b.format.Methods
	return reading
}

func (b bodyReader) read(body []byte) verify.Reading {
	report, err := b.format.Parse(body)
	var refusal *callback.Refusal
	switch {
	case errors.As(err, &refusal):
		return verify.Reading{Refused: string(refusal.Reason)}
	case report.Order != nil:
		return readOrder(report.Order)
	case report.Payout != nil:
		return readPayout(report.Payout)
	case report.Deposit != nil:
		return readDeposit(report.Deposit)
	}
	return verify.Reading{Refused: callback.Test}
}

func readOrder(o *recorder.OrderReport) verify.Reading {
	r := verify.Reading{Stream: o.ID.Stream(), Status: o.Report.Status, OccurredAt: o.Report.OccurredAt}
	if paid := o.Report.Paid; paid != nil {
		r.Claims = append(r.Claims, readPaid(&o.Report, paid))
	}
	for _, refund := range o.Report.Refunds {
		r.Claims = append(r.Claims, readRefund(&o.Report, refund))
	}
	for _, m := range o.Report.Mispayments {
		c := verify.Claim{
			Kind: verify.Mispaid, Payment: string(m.Payment), Digest: m.Digest,
			User: m.Custom, Amount: amountText(m.Amount), OccurredAt: m.OccurredAt, Unproven: true,
		}
		switch {
		case m.Missing:
			c.Problem = string(payment.MispaymentMissing)
		case m.Payment == "":
			c.Problem = string(payment.MispaymentNoID)
		case c.Amount == "":
			c.Problem = string(payment.MispaymentNoAmount)
		}
		r.Claims = append(r.Claims, c)
	}
	return r
}

func readRefund(report *order.Report, refund order.Refund) verify.Claim {
	c := verify.Claim{
		Kind: verify.Refunded, Payment: string(report.Payment), Digest: refund.Digest, Refund: string(refund.Payment),
		Said: refund.Status, Problem: string(refund.Doubt), Hash: refund.Hash, OccurredAt: refund.OccurredAt,
	}
	if refund.Amount != (money.Amount{}) {
		c.Amount = refund.Amount.String()
	}
	return c
}

func readPaid(report *order.Report, paid *order.Claim) verify.Claim {
	d := paid.Details
	c := verify.Claim{
		Kind: verify.Paid, Payment: string(report.Payment), User: paid.Custom, NoUser: string(paid.CustomFault),
		Amount: amountText(paid.Amount), OccurredAt: report.OccurredAt,
		Problem: string(paid.Doubt), Unproven: paid.Doubt != "", AtOnce: paid.Evidence.Method == recorder.CoinbaseCallback,
		Method: paid.Evidence.Method, Said: paid.Evidence.Status,
		Details: verify.Details{
			Reference: d.Reference, UUID: d.UUID, Bitcoin: optionalText(d.Bitcoin),
			TransactionHash: d.TransactionHash, ReceiveAddress: d.ReceiveAddress, Object: d.Object,
		},
	}
	if t := paid.Transfer; t != nil {
		c.Transfer = &verify.Transfer{
			Amount: amountText(t.Amount), Quoted: amountText(t.Quoted), Fee: amountText(t.Fee), Network: t.Network, Hash: t.Hash, Payee: t.Payee,
		}
	}
	if c.Problem == "" && c.Amount == "" {
		c.Problem = string(payment.UnreadableAmount)
	}
	return c
}

func readPayout(p *recorder.PayoutReport) verify.Reading {
	report := &p.Report
	c := verify.Claim{
		Kind: verify.Sold, Payment: string(report.Payment), Digest: report.Digest,
		OccurredAt: report.OccurredAt, Arrives: report.Arrives, Said: report.Status,
	}
	switch report.Progress {
	case payout.Pending:
		c.EventType = payout.PayoutPending{}.EventType()
	case payout.Complete:
		c.EventType = payout.PayoutCompleted{}.EventType()
	case payout.Unknown:
	}
	if f := report.Facts; f != nil {
		c.Sale = &verify.Sale{
			Subtotal: amountText(f.Subtotal), Total: amountText(f.Total),
			FeeOwn: optionalText(f.FeeOwn), FeeBank: optionalText(f.FeeBank), Bitcoin: optionalText(f.Bitcoin),
			Orders: f.Orders, Mispaid: f.Mispaid,
		}
	}
	return verify.Reading{Stream: p.ID.Stream(), Claims: []verify.Claim{c}}
}

func readDeposit(d *recorder.DepositReport) verify.Reading {
	report := &d.Report
	c := verify.Claim{
		Kind: verify.Deposited, Payment: string(report.Payment), Digest: report.Digest,
		Amount: amountText(report.Amount), NoUser: string(payment.NoUser),
		AtOnce: report.Evidence.Method == recorder.CoinbaseCallback, Method: report.Evidence.Method, Said: report.Evidence.Status,
	}
	switch {
	case report.Payment == "":
		c.Problem = string(payment.NoHash)
	case c.Amount == "":
		c.Problem = string(payment.UnreadableAmount)
	}
	return verify.Reading{Stream: d.ID.Stream(), Claims: []verify.Claim{c}}
}

// amountText writes an amount as verify compares it: one that cannot be that of a
// payment is none.
func amountText(a money.Amount) string {
	if !payment.Readable(a) {
		return ""
	}
	return a.String()
}

func optionalText(a *money.Amount) string {
	if a == nil {
		return ""
	}
	return amountText(*a)
}

// writeEvidence says what was proven by kept bodies, and what cannot be.
func writeEvidence(w io.Writer, e verify.Evidence) {
	fmt.Fprintf(w, "evidence: %s and the %s events made of them compared; no reader for %s\n",
		plural(e.Compared, "kept body", "kept bodies"), count(e.Events), unread(e.Unread))
	writeDifferences(w, e.Differences, e.Count)
	fmt.Fprintln(w, "not proven: that nobody rewrote body, digest and event together; a copy or a trial balance kept elsewhere shows that")
}

// errUnread says that bodies could not be read, and that the events made of them
// are not proved. Else a word in the metadata would switch the proof off.
func errUnread(e verify.Evidence) error {
	n := uint64(0)
	for _, bodies := range e.Unread {
		n += bodies
	}
	if n == 0 {
		return nil
	}
	return exitError{exitUnverified, fmt.Errorf("could not verify: %s a format or an encoding that this version does not read: the events made of that are not proved",
		plural(n, "kept body has", "kept bodies have"))}
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

func unread(formats map[string]uint64) string {
	if len(formats) == 0 {
		return "0"
	}
	text := ""
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s of format %.40q", count(formats[name]), name)
	}
	return text
}
