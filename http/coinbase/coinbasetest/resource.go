package coinbasetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is a list of resources: its part of the path.
type Kind string

// The kinds. [schema-mapping]
const (
	Checkouts    Kind = "checkouts"
	PaymentLinks Kind = "payment-links"
)

// Statuses. [get-checkout]; payment links have ACTIVE, DEACTIVATED, EXPIRED and
// COMPLETED alone [list-payment-links].
const (
	Active            = "ACTIVE"
	Processing        = "PROCESSING"
	Deactivated       = "DEACTIVATED"
	Expired           = "EXPIRED"
	Completed         = "COMPLETED"
	Failed            = "FAILED"
	Refunded          = "REFUNDED"
	PartiallyRefunded = "PARTIALLY_REFUNDED"
)

// Resource is a checkout or a payment link. Members are from [get-checkout] unless
// they say otherwise.
type Resource struct {
	ID              string            `json:"id"` // 24 hexadecimal digits
	URL             string            `json:"url"`
	Amount          string            `json:"amount"`                 // at most 2 decimals
	Currency        string            `json:"currency"`               // "USDC" alone [create-payment-link]
	Network         string            `json:"network"`                // "base" alone
	Address         string            `json:"address"`                // where funds are sent; per checkout or per merchant: pages differ
	TokenAddress    string            `json:"tokenAddress,omitempty"` // of USDC on Base
	Description     string            `json:"description,omitempty"`
	Status          string            `json:"status"`
	ExpiresAt       time.Time         `json:"expiresAt"`
	CreatedAt       time.Time         `json:"createdAt"`
	UpdatedAt       time.Time         `json:"updatedAt"` // moves with every change; that refunds move it is [unknown]
	Metadata        map[string]string `json:"metadata,omitempty"`
	TransactionHash string            `json:"transactionHash,omitempty"` // "only present when status is COMPLETED"; after a refund [unknown]
	Settlement      *Settlement       `json:"settlement,omitempty"`      // "for a completed payment"
	FiatAmount      string            `json:"fiatAmount,omitempty"`      // its relation to amount is [unknown]
	FiatCurrency    string            `json:"fiatCurrency,omitempty"`
	RefundedAmount  string            `json:"refundedAmount,omitempty"` // whether pending refunds count is [unknown]; here they do not
	Refunds         []Refund          `json:"refunds,omitempty"`
}

// Settlement is a fee breakdown. [get-checkout]; payment links show it without
// currency [list-payment-links]. The rate of the fee is [unknown]; here it is 1 %.
type Settlement struct {
	TotalAmount string `json:"totalAmount"`
	FeeAmount   string `json:"feeAmount"`
	NetAmount   string `json:"netAmount"`
	Currency    string `json:"currency,omitempty"`
}

// Refund is a refund of a checkout. [get-checkout]
type Refund struct {
	ID              string     `json:"id"` // its form is [unknown]
	CheckoutID      string     `json:"checkoutId"`
	Amount          string     `json:"amount"`
	Currency        string     `json:"currency"`
	Status          string     `json:"status"` // PENDING, COMPLETED or FAILED
	Reason          string     `json:"reason,omitempty"`
	TransactionHash string     `json:"transactionHash,omitempty"`
	CreatedAt       time.Time  `json:"createdAt"`
	CompletedAt     *time.Time `json:"completedAt,omitempty"`
}

// copied returns a copy that shares nothing.
func (r Resource) copied() Resource {
	r.Metadata = maps.Clone(r.Metadata)
	r.Refunds = slices.Clone(r.Refunds)
	if r.Settlement != nil {
		settled := *r.Settlement
		r.Settlement = &settled
	}
	return r
}

// settle returns the breakdown of a payment; the fee is rounded down.
func settle(amount, currency string) Settlement {
	total, err := cents(amount)
	if err != nil {
		return Settlement{TotalAmount: amount, FeeAmount: "0.00", NetAmount: amount, Currency: currency}
	}
	fee := total / 100
	return Settlement{TotalAmount: decimal(total), FeeAmount: decimal(fee), NetAmount: decimal(total - fee), Currency: currency}
}

// cents reads an amount with at most 2 decimals, from 0.01 to 100,000,000.
// [create-payment-link]
func cents(amount string) (int64, error) {
	whole, fraction, _ := strings.Cut(amount, ".")
	n, err := strconv.ParseUint(whole+(fraction + "00")[:max(2, len(fraction))], 10, 64)
	if err != nil || len(fraction) > 2 || n == 0 || n > 100_000_000_00 {
		return 0, fmt.Errorf("coinbasetest: amount %q is not 0.01 to 100000000 with at most 2 decimals", amount)
	}
	return int64(n), nil
}

func decimal(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
