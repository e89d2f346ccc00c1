package coinbasev1

import (
	"daybook/http/callback"
	"daybook/http/callback/strictjson"

	"github.com/go-json-experiment/json/jsontext"
)

// refundTo returns the refund_address of an order and of its mispayments, which the payer
// gave. The receive_address is the merchant's.
func refundTo(body []byte) callback.RefundAddresses {
	var doc refundDocument
	if strictjson.Unmarshal(body, &doc) != nil {
		return callback.RefundAddresses{}
	}
	to := callback.RefundAddresses{Any: callback.RefundAddress(doc.Order.Address.Text)}
	for _, m := range doc.Order.Mispayments.Elements {
		if id, err := m.Value.ID.Identifier(); err == nil {
			to.Put(mispaymentIdentity(id), m.Value.Address.Text)
		}
	}
	return to
}

type refundDocument struct {
	strictjson.Object
	Order refundOrder
}

func (d *refundDocument) Read(dec *jsontext.Decoder) error {
	return d.ReadMembers(dec, func(name []byte) strictjson.Value {
		if string(name) == "order" {
			return &d.Order
		}
		return nil
	})
}

type refundOrder struct {
	strictjson.Object
	Address     strictjson.Scalar
	Mispayments strictjson.List[refundMispayment, *refundMispayment]
}

func (o *refundOrder) Read(dec *jsontext.Decoder) error {
	return o.ReadMembers(dec, func(name []byte) strictjson.Value {
		switch string(name) {
		case "refund_address":
			return &o.Address
		case "mispayments":
			return &o.Mispayments
		}
		return nil
	})
}

type refundMispayment struct {
	strictjson.Object
	ID, Address strictjson.Scalar
}

func (m *refundMispayment) Read(dec *jsontext.Decoder) error {
	return m.ReadMembers(dec, func(name []byte) strictjson.Value {
		switch string(name) {
		case "id":
			return &m.ID
		case "refund_address":
			return &m.Address
		}
		return nil
	})
}
