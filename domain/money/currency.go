package money

import "fmt"

// Currency is an upper-case code: ISO 4217 for national currencies, the usual
// ticker for others.
type Currency string

// unit is what is known of a currency.
type unit struct {
	scale    int  // decimals
	national bool // in ISO 4217
}

// Scale returns how many decimals the currency has, for ever the same. A
// currency that is not in the table is unreadable: guessing its scale would be
// guessing the amount.
func (c Currency) Scale() (int, error) {
	unit, known := units[c]
	if !known {
		return 0, fmt.Errorf("%w: unknown currency %.12q", ErrUnreadable, string(c))
	}
	return unit.scale, nil
}

// IsNational reports whether the currency is one of ISO 4217.
func (c Currency) IsNational() bool { return units[c].national }

// units lists the national currencies of ISO 4217 with their minor units (list
// one, and those that were retired since the callbacks began in 2012), and the
// currencies of Coinbase and Ethereum with the decimals of their smallest unit.
var units = map[Currency]unit{
	"BTC":  {8, false},  // satoshi
	"BCH":  {8, false},  // satoshi
	"LTC":  {8, false},  // litoshi
	"DOGE": {8, false},  // koinu
	"ETH":  {18, false}, // wei
	"DAI":  {18, false}, // ERC-20 contract
	"USDC": {6, false},  // ERC-20 contract
	"USDT": {6, false},  // ERC-20 contract

	"AED": {2, true}, "AFN": {2, true}, "ALL": {2, true}, "AMD": {2, true}, "ANG": {2, true}, "AOA": {2, true}, "ARS": {2, true}, "AUD": {2, true},
	"AWG": {2, true}, "AZN": {2, true}, "BAM": {2, true}, "BBD": {2, true}, "BDT": {2, true}, "BGN": {2, true}, "BMD": {2, true}, "BND": {2, true},
	"BOB": {2, true}, "BRL": {2, true}, "BSD": {2, true}, "BTN": {2, true}, "BWP": {2, true}, "BYN": {2, true}, "BZD": {2, true}, "CAD": {2, true},
	"CDF": {2, true}, "CHF": {2, true}, "CNY": {2, true}, "COP": {2, true}, "CRC": {2, true}, "CUC": {2, true}, "CUP": {2, true}, "CVE": {2, true},
	"CZK": {2, true}, "DKK": {2, true}, "DOP": {2, true}, "DZD": {2, true}, "EGP": {2, true}, "ERN": {2, true}, "ETB": {2, true}, "EUR": {2, true},
	"FJD": {2, true}, "FKP": {2, true}, "GBP": {2, true}, "GEL": {2, true}, "GHS": {2, true}, "GIP": {2, true}, "GMD": {2, true}, "GTQ": {2, true},
	"GYD": {2, true}, "HKD": {2, true}, "HNL": {2, true}, "HRK": {2, true}, "HTG": {2, true}, "HUF": {2, true}, "IDR": {2, true}, "ILS": {2, true},
	"INR": {2, true}, "IRR": {2, true}, "JMD": {2, true}, "KES": {2, true}, "KGS": {2, true}, "KHR": {2, true}, "KPW": {2, true}, "KYD": {2, true},
	"KZT": {2, true}, "LAK": {2, true}, "LBP": {2, true}, "LKR": {2, true}, "LRD": {2, true}, "LSL": {2, true}, "LTL": {2, true}, "LVL": {2, true},
	"MAD": {2, true}, "MDL": {2, true}, "MGA": {2, true}, "MKD": {2, true}, "MMK": {2, true}, "MNT": {2, true}, "MOP": {2, true}, "MRO": {2, true},
	"MRU": {2, true}, "MUR": {2, true}, "MVR": {2, true}, "MWK": {2, true}, "MXN": {2, true}, "MYR": {2, true}, "MZN": {2, true}, "NAD": {2, true},
	"NGN": {2, true}, "NIO": {2, true}, "NOK": {2, true}, "NPR": {2, true}, "NZD": {2, true}, "PAB": {2, true}, "PEN": {2, true}, "PGK": {2, true},
	"PHP": {2, true}, "PKR": {2, true}, "PLN": {2, true}, "QAR": {2, true}, "RON": {2, true}, "RSD": {2, true}, "RUB": {2, true}, "SAR": {2, true},
	"SBD": {2, true}, "SCR": {2, true}, "SDG": {2, true}, "SEK": {2, true}, "SGD": {2, true}, "SHP": {2, true}, "SLE": {2, true}, "SLL": {2, true},
	"SOS": {2, true}, "SRD": {2, true}, "SSP": {2, true}, "STD": {2, true}, "STN": {2, true}, "SVC": {2, true}, "SYP": {2, true}, "SZL": {2, true},
	"THB": {2, true}, "TJS": {2, true}, "TMT": {2, true}, "TOP": {2, true}, "TRY": {2, true}, "TTD": {2, true}, "TWD": {2, true}, "TZS": {2, true},
	"UAH": {2, true}, "USD": {2, true}, "UYU": {2, true}, "UZS": {2, true}, "VED": {2, true}, "VEF": {2, true}, "VES": {2, true}, "WST": {2, true},
	"XCD": {2, true}, "XCG": {2, true}, "YER": {2, true}, "ZAR": {2, true}, "ZMK": {2, true}, "ZMW": {2, true}, "ZWG": {2, true}, "ZWL": {2, true},

	"BIF": {0, true}, "BYR": {0, true}, "CLP": {0, true}, "DJF": {0, true}, "GNF": {0, true}, "ISK": {0, true}, "JPY": {0, true}, "KMF": {0, true},
	"KRW": {0, true}, "PYG": {0, true}, "RWF": {0, true}, "UGX": {0, true}, "VND": {0, true}, "VUV": {0, true}, "XAF": {0, true}, "XOF": {0, true},
	"XPF": {0, true},

	"BHD": {3, true}, "IQD": {3, true}, "JOD": {3, true}, "KWD": {3, true}, "LYD": {3, true}, "OMR": {3, true}, "TND": {3, true},

	"CLF": {4, true}, "UYW": {4, true},
}

// BTC is what payments to an address are made in.
const BTC Currency = "BTC"
