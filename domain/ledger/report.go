package ledger

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
func (s *Service) Record(ctx context.Context, r Report, d Delivery) (Result, error) {
	switch {
	case r.Order != nil:
		return s.ReportOrder(ctx, r.Order.ID, r.Order.Report, d)
	case r.Payout != nil:
		return s.ReportPayout(ctx, r.Payout.ID, r.Payout.Report, d)
	case r.Deposit != nil:
		report := r.Deposit.Report
		report.ReceivedAt = d.Received
		return s.ReportDeposit(ctx, r.Deposit.ID, report, d)
	}
	return Result{}, errors.New("a report that says nothing")
}
