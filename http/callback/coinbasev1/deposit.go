package coinbasev1

import (
	"encoding/hex"
	"strings"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/payment"
)

func parseDeposit(doc document, digest string) (Message, error) {
	address, err := doc.Address.identifier()
	if err != nil {
		return Message{}, incomplete("address: %w", err)
	}
	report := deposit.Report{
		Digest:   digest,
		Amount:   natural(money.Parse(money.BTC, doc.Amount.text)),
		Evidence: payment.Evidence{Method: ledger.CoinbaseCallback, Status: "received"},
	}
	if hash := transactionHash(doc.Transaction.value.Hash); hash != "" {
		report.Payment = ident.NewPayment(provider, "address", address, hash)
	}
	return Message{Deposit: &Deposit{ID: deposit.NewID(address), Report: report}}, nil
}

// transactionHash returns the hash that identifies a payment, or nothing where
// there is none to rely on: payments within Coinbase have null. Hexadecimal
// digits are lower-cased, because either case names the same transaction.
func transactionHash(s scalar) string {
	if s.kind != '"' {
		return ""
	}
	hash, err := s.identifier()
	if err != nil {
		return ""
	}
	if _, err := hex.DecodeString(hash); err == nil {
		return strings.ToLower(hash)
	}
	return hash
}
