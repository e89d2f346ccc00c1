package coinbasev1

import (
	"strings"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/domain/quarantine"
	"daybook/domain/recorder"
	"daybook/http/callback"
	"daybook/http/callback/strictjson"
)

func parseDeposit(doc *document, body []byte) (recorder.Report, error) {
	address, err := deposit.ParseAddress(doc.Address.Text)
	if err != nil {
		return recorder.Report{}, &callback.Refusal{Reason: quarantine.NotBitcoin, Err: err}
	}
	if namesAnother(body) {
		return recorder.Report{}, callback.Refuse(quarantine.NotBitcoin, "the document names another currency or network")
	}
	report := deposit.Report{
		Digest:   strictjson.Digest(body),
		Amount:   natural(money.Parse(money.BTC, doc.Amount.Text)),
		Evidence: payment.Evidence{Method: recorder.CoinbaseCallback, Status: "received"},
	}
	if hash := transactionHash(doc.Transaction.Hash); hash != "" {
		report.Payment = ident.NewPayment(provider, "address", address, hash)
	}
	return recorder.Report{Deposit: &recorder.DepositReport{ID: deposit.NewID(address), Report: report}}, nil
}

// transactionHash returns the hash that identifies a payment, or nothing where
// there is none to rely on: payments within Coinbase have null. One transaction
// has one hash here, however it is written: with space around it, with 0x
// before it, in either case of its hexadecimal digits.
func transactionHash(s strictjson.Scalar) string {
	if s.Kind != '"' {
		return ""
	}
	hash := strings.TrimSpace(s.Text)
	if lower := strings.TrimPrefix(strings.ToLower(hash), "0x"); strings.Trim(lower, "0123456789abcdef") == "" {
		hash = lower
	}
	if ident.Check(hash) != nil {
		return ""
	}
	return hash
}
