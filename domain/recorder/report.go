package recorder

import (
	"context"
	"errors"

	"daybook/domain/deposit"
	"daybook/domain/order"
	"daybook/domain/payout"
)

// Report is what a callback says: exactly one of its members is set.
type Report struct {
	Order   *OrderReport
	Payout  *PayoutReport
	Deposit *DepositReport
	Test    bool // a sender tries whether callbacks arrive: nothing happened
}

// OrderReport is a report about an order.
type OrderReport struct {
	ID     order.ID
	Report order.Report
}

// PayoutReport is a report about a payout.
type PayoutReport struct {
	ID     payout.ID
	Report payout.Report
}

// DepositReport is a report about a payment to an address.
type DepositReport struct {
	ID     deposit.ID
	Report deposit.Report
}

// Record records what a delivery says. A Test is nothing to record.
func (r *Recorder) Record(ctx context.Context, report Report, d Delivery) (Result, error) {
	switch {
	case report.Order != nil:
		return r.ReportOrder(ctx, report.Order.ID, report.Order.Report, d)
	case report.Payout != nil:
		return r.ReportPayout(ctx, report.Payout.ID, report.Payout.Report, d)
	case report.Deposit != nil:
		deposited := report.Deposit.Report
		deposited.ReceivedAt = d.Received
		return r.ReportDeposit(ctx, report.Deposit.ID, deposited, d)
	}
	return Result{}, errors.New("a report that says nothing")
}
