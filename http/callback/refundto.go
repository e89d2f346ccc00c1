package callback

import (
	"strings"

	"daybook/domain/ident"
)

// RefundAddresses says where refunds could go, as a body names the payer's addresses.
type RefundAddresses struct {
	Any string                   // of whatever else the body reports
	Of  map[ident.Payment]string // of single payments
}

// Merge puts what a later body says over the receiver.
func (a *RefundAddresses) Merge(later RefundAddresses) {
	if later.Any != "" {
		a.Any = later.Any
	}
	for payment, address := range later.Of {
		a.Put(payment, address)
	}
}

// Put notes the address of one payment, if it is one.
func (a *RefundAddresses) Put(payment ident.Payment, address string) {
	if address = RefundAddress(address); address == "" || payment == "" {
		return
	}
	if a.Of == nil {
		a.Of = make(map[ident.Payment]string)
	}
	a.Of[payment] = address
}

// For returns where a refund of a payment could go; empty if no body says so.
func (a RefundAddresses) For(payment ident.Payment) string {
	if address := a.Of[payment]; address != "" {
		return address
	}
	return a.Any
}

// RefundAddress returns a text that can be an address of any network, else nothing: its
// letters and digits alone, so that a person copies what the body has.
func RefundAddress(text string) string {
	text = strings.TrimSpace(text)
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if len(text) > ident.MaxBytes || strings.Trim(text, letters) != "" {
		return ""
	}
	return text
}
