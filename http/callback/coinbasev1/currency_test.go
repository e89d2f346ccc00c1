package coinbasev1_test

import (
	"errors"
	"strings"
	"testing"

	"daybook/domain/quarantine"
	"daybook/http/callback"
	"daybook/http/callback/coinbasev1"
)

func TestADepositThatIsNotBitcoinIsNeverReadAsBitcoin(t *testing.T) {
	const ours = `"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.5,"transaction":{"hash":"ab"}`
	for _, body := range []string{
		`{` + ours + `,"currency":"ETH"}`,
		`{` + ours + `,"currency":"eth"}`,
		`{` + ours + `,"currency":"BCH"}`, // which has the same addresses
		`{` + ours + `,"currency":"mBTC"}`,
		`{` + ours + `,"currency":"BTC "}`,
		`{` + ours + `,"currency":7}`,
		`{` + ours + `,"currency":["ETH"]}`,
		`{` + ours + `,"currency":{"code":"ETH","name":"Ethereum"}}`,
		`{` + ours + `,"Currency":"ETH"}`,
		`{` + ours + `,"currency_iso":"USD"}`,
		`{` + ours + `,"amount_currency":"ETH"}`,
		`{` + ours + `,"purchaseCurrency":"ETH"}`,
		`{` + ours + `,"network":"ethereum"}`,
		`{` + ours + `,"network":{"status":"confirmed","name":"ethereum"}}`,
		`{` + ours + `,"network":"bitcoin-testnet"}`,
		`{` + ours + `,"asset":"ETH"}`,
		`{` + ours + `,"tokenAddress":"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"}`,
		`{` + ours + `,"account":{"id":"a","currency":"ETH"}}`,
		`{` + ours + `,"currency":{"iso":"BCH"}}`,
		`{` + ours + `,"currency":{"BCH":true}}`,
		`{` + ours + `,"currency":{"of":[{"it":"BCH"}]}}`,
		`{` + ours + `,"asset":{"symbol":"BCH"}}`,
		`{` + ours + `,"network":{"id":"bch"}}`,
		`{` + ours + `,"network":{"status":"bch"}}`,
		`{` + ours + `,"symbol":"BCH"}`,
		`{` + ours + `,"ticker":"BCH"}`,
		`{` + ours + `,"token":"BCH"}`,
		`{` + ours + `,"crypto":"BCH"}`,
		`{` + ours + `,"cryptoAsset":"BCH"}`,
		`{` + ours + `,"currency_id":"BCH"}`,
		`{` + ours + `,"currency_symbol":"BCH"}`,
		`{` + ours + `,"currencies":["BTC","BCH"]}`,
		`{` + ours + `,"asset_id":"BCH"}`,
		`{` + ours + `,"coin_type":"BCH"}`,
		`{` + ours + `,"network_id":"bch"}`,
		`{` + ours + `,"units":"mBTC"}`,
		`{` + ours + `,"currency-code":"BCH"}`,
		`{` + ours + `,"currency code":"BCH"}`,
		`{` + ours + `,"native_currency":"BCH"}`,
		`{` + ours + `,"alternative_currency":"BCH"}`,
		`{` + ours + `,"native_amount":{"amount":"1","currency":"ETH"},"fiat_asset":"BCH"}`,
		`{` + ours + `,"additional_data":{"amount":{"amount":"1.5","currency":"ETH"}}}`,
		`{` + ours + `,"payments":[{"value":{"crypto":{"amount":"1.5","currency":"ETH"}}}]}`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.5,"transaction":{"hash":"ab","amount":{"amount":"1.5","currency":"LTC"}}}`,
		`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":{"cents":150,"currency_iso":"ETH"},"transaction":{"hash":"ab"}}`,
		`{"address":"0x71C7656EC7ab88b098defB751B7401B5f6d8976F","amount":1.5,"transaction":{"hash":"ab"}}`,
		`{"address":"bitcoin:1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.5,"transaction":{"hash":"ab"}}`,
		`{"address":" 1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.5,"transaction":{"hash":"ab"}}`,
		`{"address":"` + strings.Repeat("1", 100_000) + `","amount":1.5,"transaction":{"hash":"ab"}}`,
		// A checkout, whose amount is in USDC.
		`{"eventType":"checkout.payment.success","id":"68f7a946db0529ea9b6d3a12","address":"0xac5f3","amount":"100.00","currency":"USDC","network":"base","status":"COMPLETED"}`,
	} {
		message, err := coinbasev1.Parse([]byte(body))
		var refusal *callback.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != quarantine.NotBitcoin {
			t.Errorf("%.200s is %s, %v", body, describe(message), err)
		}
	}
}

func TestADepositMayNameBitcoinAndWhatItIsWorth(t *testing.T) {
	for _, members := range []string{
		`"currency":"BTC"`, `"currency":"btc"`, `"currency":null`, `"currency":""`, `"network":"bitcoin"`,
		`"network":{"status":"off_blockchain","name":"bitcoin"}`, `"currency":{"code":"BTC","name":"Bitcoin","exponent":8}`,
		`"native_amount":{"amount":"900.00","currency":"USD"}`, `"total_native":{"cents":90000,"currency_iso":"EUR"}`, `"fiatCurrency":"USD"`,
		`"currency":{"iso":"BTC","id":null,"symbol":""}`, `"currencies":["BTC","bitcoin"]`, `"coinbase_id":"a", "network":{"status":null}`,
		`"fiat_amount":"900.00","fiat_currency":"USD"`, `"name":"ETH"`, `"code":"ETH"`, `"fees":[{"amount":"0.0001","currency":"BTC"}]`,
	} {
		message, err := coinbasev1.Parse([]byte(`{"address":"1AmB4bxKGvozGcZnSSVJoM6Q56EBhzMiQ5","amount":1.5,"transaction":{"hash":"ab"},` + members + `}`))
		if err != nil || message.Deposit == nil || message.Deposit.Report.Amount.String() != "1.50000000 BTC" {
			t.Errorf("%s: %s, %v", members, describe(message), err)
		}
	}
}
