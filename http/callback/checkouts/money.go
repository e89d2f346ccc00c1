package checkouts

import (
	"strings"

	"daybook/domain/money"
	"daybook/domain/payment"
	"daybook/http/callback/strictjson"
)

// amount reads decimal text of a currency, exactly. Two decimals are documented;
// whatever the currency's scale can hold is accepted. JSON numbers, exponents and
// negative amounts are not documented, and cannot be read.
func amount(decimal, currency strictjson.Scalar) (money.Amount, bool) {
	if decimal.Kind != '"' || currency.Kind != '"' || strings.ContainsAny(decimal.Text, "eE-") {
		return money.Amount{}, false
	}
	a, err := money.Parse(money.Currency(currency.Text), decimal.Text)
	return a, err == nil
}

// readMoney reads the amounts of the payment. One that is optional may be missing, and
// raises a doubt if it is there and cannot be read.
func (d *Document) readMoney(b *document) {
	var ok bool
	if d.Amount, ok = amount(b.Amount, b.Currency); !ok {
		d.doubt(payment.UnreadableAmount, "amount")
	}
	// What a registration in a national currency is compared with must not be
	// skipped because it is strange.
	if d.Fiat, ok = amount(b.FiatAmount, b.FiatCode); !ok && !(b.FiatAmount.Missing() && b.FiatCode.Missing()) {
		d.doubt(payment.UnreadableAmount, "fiatAmount")
	}
	if b.Settlement.Present || b.Settlement.Strange {
		d.readSettlement(&b.Settlement, b.Currency)
	}
}

// readSettlement reads what is settled. Payment links may leave out its currency, which
// then is the checkout's.
func (d *Document) readSettlement(s *settlement, currency strictjson.Scalar) {
	if !s.Currency.Missing() {
		currency = s.Currency
	}
	total, isTotal := amount(s.Total, currency)
	fee, isFee := amount(s.Fee, currency)
	net, isNet := amount(s.Net, currency)
	if !isTotal || !isFee || !isNet {
		d.doubt(payment.UnreadableSettlement, "settlement")
		return
	}
	d.Settlement = &Settlement{Total: total, Fee: fee, Net: net}
	sum, err := fee.Add(net)
	if err != nil || sum != total || !d.Amount.IsZero() && total != d.Amount {
		d.doubt(payment.SettlementDisagrees, "settlement")
	}
}
