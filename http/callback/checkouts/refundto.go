package checkouts

import (
	"daybook/http/callback"
	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// refundTo returns the payer's address. The documented webhook of a checkout has none:
// its address is the one that is paid to, and Coinbase sends refunds back itself.
func refundTo(body []byte) callback.RefundAddresses {
	var doc payer
	if strictjson.Unmarshal(body, &doc) != nil {
		return callback.RefundAddresses{}
	}
	for _, member := range []strictjson.Scalar{doc.RefundAddress, doc.PayerAddress, doc.FromAddress} {
		if to := callback.RefundAddress(member.Text); to != "" {
			return callback.RefundAddresses{Any: to}
		}
	}
	return callback.RefundAddresses{}
}

type payer struct {
	strictjson.Object
	RefundAddress, PayerAddress, FromAddress strictjson.Scalar
}

func (p *payer) Read(dec *jsontext.Decoder) error {
	return p.ReadMembers(dec, func(name []byte) strictjson.Value {
		switch string(name) {
		case "refundAddress":
			return &p.RefundAddress
		case "payerAddress":
			return &p.PayerAddress
		case "fromAddress":
			return &p.FromAddress
		}
		return nil
	})
}
