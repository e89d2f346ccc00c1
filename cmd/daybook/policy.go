package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
)

// evidenceFlag says which evidence credits a payment, for each provider.
type evidenceFlag struct {
	Unregistered      string   `help:"What becomes of payments of version 1 whose orders were not registered: credit the custom parameter, or hold." enum:"credit,hold" default:"credit"`
	CheckoutNeeds     []string `help:"Evidence without which a payment of a checkout is not credited: signature, registered and, with an API key, api. The default is all of them that there is a key for." placeholder:"KIND"`
	CoinbaseReference string   `help:"Where a callback of version 1 names an order of the website: custom, none, or auto, which is custom with --unregistered hold and else none, because custom is the user then (${default})." enum:"auto,custom,none" default:"auto"`
	CheckoutReference string   `help:"Where a checkout names an order of the website: metadata.reference or none (${default})." enum:"metadata.reference,none" default:"metadata.reference"`
}

// policy returns what the flags say, for a server that can ask Coinbase or not.
func (f evidenceFlag) policy(hasKey bool) (recorder.Policy, error) {
	p := recorder.Policy{HoldUnregistered: f.Unregistered == "hold", Checkout: f.CheckoutNeeds}
	if f.CoinbaseReference == "custom" || f.CoinbaseReference == "auto" && p.HoldUnregistered {
		p.References = append(p.References, order.Coinbase)
	}
	if f.CheckoutReference != "none" {
		p.References = append(p.References, order.Checkout)
	}
	if len(f.CheckoutNeeds) == 0 {
		p.Checkout = recorder.CheckoutNeeds
		if !hasKey {
			p.Checkout = payment.Needs{payment.Signature, payment.Registered}
		}
	}
	return p, checkNeeds(p.Checkout, hasKey)
}

// checkNeeds refuses a policy under which a stranger could be credited, and one that no
// payment could ever meet.
func checkNeeds(needs payment.Needs, hasKey bool) error {
	for i, kind := range needs {
		switch kind {
		case payment.Signature, payment.Registered, payment.API:
		default:
			return fmt.Errorf("--checkout-needs: %q is not one of %s, %s and %s", kind, payment.Signature, payment.Registered, payment.API)
		}
		if slices.Contains(needs[:i], kind) {
			return fmt.Errorf("--checkout-needs has %s twice", kind)
		}
	}
	for _, kind := range []string{payment.Signature, payment.Registered} {
		if !needs.Has(kind) {
			return fmt.Errorf("--checkout-needs must have %s: without it the creator of a checkout says who is credited", kind)
		}
	}
	if needs.Has(payment.API) && !hasKey {
		return errors.New("--checkout-needs has api, and there is no API key: set DAYBOOK_COINBASE_KEY_NAME and DAYBOOK_COINBASE_KEY, or leave api out")
	}
	return nil
}

// logPolicy says at the start what credits a payment of a checkout.
func logPolicy(logger *slog.Logger, needs payment.Needs) {
	if needs.Has(payment.API) {
		logger.Info("payments of checkouts are credited when Coinbase's API shows them", "needs", needs)
		return
	}
	logger.Warn("payments of checkouts are credited without asking Coinbase's API: set DAYBOOK_COINBASE_KEY_NAME and DAYBOOK_COINBASE_KEY", "needs", needs)
}
