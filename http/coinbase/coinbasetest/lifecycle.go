package coinbasetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"
)

// Create adds an active resource. What is left empty of currency, network, address
// and expiry gets its documented default; id, status and times are the server's. A
// checkout lives for an hour [get-checkout], a link for a year [create-payment-link].
func (s *Server) Create(kind Kind, r Resource) (Resource, error) {
	if _, err := cents(r.Amount); err != nil {
		return Resource{}, err
	}
	if len(r.Metadata) > 20 {
		return Resource{}, fmt.Errorf("coinbasetest: %d members of metadata, at most 20", len(r.Metadata))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now().UTC().Truncate(time.Second)
	r = r.copied()
	r.ID = s.number("resource")[:24]
	r.URL = "https://payments.coinbase.com/payment-links/pl_" + r.ID
	r.Status, r.CreatedAt, r.UpdatedAt = Active, now, now
	fill(&r.Currency, "USDC")
	fill(&r.Network, "base")
	fill(&r.Address, "0x"+s.number("address")[:40])
	fill(&r.TokenAddress, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")
	if r.ExpiresAt.IsZero() {
		r.ExpiresAt = now.Add(time.Hour)
		if kind == PaymentLinks {
			r.ExpiresAt = now.AddDate(1, 0, 0)
		}
	}
	shelf := s.resources[kind]
	shelf.order = append(shelf.order, r.ID)
	shelf.byID[r.ID] = &r
	return r.copied(), nil
}

func fill(text *string, value string) {
	if *text == "" {
		*text = value
	}
}

// number returns 64 hexadecimal digits that no other call returns.
func (s *Server) number(of string) string {
	s.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d", of, s.seed, s.made))
	return hex.EncodeToString(sum[:])
}

// Process says that a payment has been seen.
func (s *Server) Process(kind Kind, id string) (Resource, error) {
	return s.move(kind, id, Processing, nil, Active)
}

// Pay completes a resource with a transaction and its settlement.
func (s *Server) Pay(kind Kind, id string) (Resource, error) {
	return s.move(kind, id, Completed, func(r *Resource) {
		r.TransactionHash = "0x" + s.number("transaction")
		settled := settle(r.Amount, r.Currency)
		if kind == PaymentLinks {
			settled.Currency = ""
		}
		r.Settlement = &settled
	}, Active, Processing)
}

// Fail ends a resource without a payment.
func (s *Server) Fail(kind Kind, id string) (Resource, error) {
	return s.move(kind, id, Failed, nil, Active, Processing)
}

// Expire ends a resource that was not paid in time.
func (s *Server) Expire(kind Kind, id string) (Resource, error) {
	return s.move(kind, id, Expired, nil, Active)
}

// Deactivate ends a resource by hand.
func (s *Server) Deactivate(kind Kind, id string) (Resource, error) {
	return s.move(kind, id, Deactivated, nil, Active)
}

// Refund adds a completed refund to a paid checkout.
func (s *Server) Refund(id, amount, reason string) (Resource, error) {
	wanted, err := cents(amount)
	if err != nil {
		return Resource{}, err
	}
	var over error
	refunded, err := s.move(Checkouts, id, "", func(r *Resource) {
		paid, _ := cents(r.Amount)
		before, _ := cents(r.RefundedAmount) // 0 where there is none
		if before+wanted > paid {
			over = fmt.Errorf("coinbasetest: refund of %s: %s of %s are refunded", amount, decimal(before), r.Amount)
			return
		}
		r.Status = PartiallyRefunded
		if before+wanted == paid {
			r.Status = Refunded
		}
		now := s.now().UTC().Truncate(time.Second)
		r.RefundedAmount = decimal(before + wanted)
		r.Refunds = append(r.Refunds, Refund{
			ID: s.number("refund")[:24], CheckoutID: r.ID, Amount: decimal(wanted), Currency: r.Currency, Status: "COMPLETED",
			Reason: reason, TransactionHash: "0x" + s.number("transaction"), CreatedAt: now, CompletedAt: &now,
		})
	}, Completed, PartiallyRefunded)
	if err == nil {
		err = over
	}
	return refunded, err
}

// move changes a resource that is in one of the given statuses.
func (s *Server) move(kind Kind, id, status string, change func(*Resource), from ...string) (Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.resources[kind].byID[id]
	if !ok {
		return Resource{}, fmt.Errorf("coinbasetest: no %s %q", kind, id)
	}
	if !slices.Contains(from, r.Status) {
		return Resource{}, fmt.Errorf("coinbasetest: %s %s is %s", kind, id, r.Status)
	}
	if status != "" {
		r.Status = status
	}
	if change != nil {
		change(r)
	}
	r.UpdatedAt = s.now().UTC().Truncate(time.Second)
	return r.copied(), nil
}
