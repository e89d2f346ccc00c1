package coinbasev1

import (
	"errors"
	"strings"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/ledger"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/quarantine"
)

func parseDeposit(doc *document, body []byte) (Message, error) {
	address, err := deposit.ParseAddress(doc.Address.text)
	if err != nil {
		return Message{}, &Error{Reason: quarantine.NotBitcoin, err: err}
	}
	if namesAnother(body) {
		return Message{}, &Error{Reason: quarantine.NotBitcoin, err: errors.New("the document names another currency or network")}
	}
	report := deposit.Report{
		Digest:   digest(body),
		Amount:   natural(money.Parse(money.BTC, doc.Amount.text)),
		Evidence: payment.Evidence{Method: ledger.CoinbaseCallback, Status: "received"},
	}
	if hash := transactionHash(doc.Transaction.Hash); hash != "" {
		report.Payment = ident.NewPayment(provider, "address", address, hash)
	}
	return Message{Deposit: &Deposit{ID: deposit.NewID(address), Report: report}}, nil
}

// transactionHash returns the hash that identifies a payment, or nothing where
// there is none to rely on: payments within Coinbase have null. One transaction
// has one hash here, however it is written: with space around it, with 0x
// before it, in either case of its hexadecimal digits.
func transactionHash(s scalar) string {
	if s.kind != '"' {
		return ""
	}
	hash := strings.TrimSpace(s.text)
	if lower := strings.TrimPrefix(strings.ToLower(hash), "0x"); strings.Trim(lower, "0123456789abcdef") == "" {
		hash = lower
	}
	if ident.Check(hash) != nil {
		return ""
	}
	return hash
}
