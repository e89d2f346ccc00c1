package order

import (
	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/payment"
)

// scanReceived reads the data of a PaymentReceived.
func scanReceived(data []byte) (e PaymentReceived, ok bool) {
	s := codec.Scan(data)
	e.Payment, e.User, e.Amount = ident.Payment(s.Text("payment")), s.Text("user"), scanAmount(&s)
	e.OccurredAt = s.OptionalTime("occurredAt")
	if s.Has("details") {
		e.Details = scanDetails(&s)
	}
	return e, s.End()
}

func scanDetails(s *codec.Scanner) *Details {
	s.Open()
	d := &Details{Reference: s.OptionalText("reference"), UUID: s.OptionalText("uuid")}
	if s.Has("bitcoin") {
		d.Bitcoin = amountOf(s).Optional()
	}
	d.TransactionHash, d.ReceiveAddress = s.OptionalText("transactionHash"), s.OptionalText("receiveAddress")
	s.Close()
	return d
}

// scanVerified reads the data of a PaymentVerified. One that closes holds
// is left to the decoder: few do.
func scanVerified(data []byte) (e PaymentVerified, ok bool) {
	s := codec.Scan(data)
	e.Payment, e.User, e.Amount = ident.Payment(s.Text("payment")), s.Text("user"), scanAmount(&s)
	e.OccurredAt = s.OptionalTime("occurredAt")
	if s.Has("evidence") {
		s.OpenList()
		for more := true; more; more = s.Next() {
			s.Open()
			e.Evidence = append(e.Evidence, payment.Evidence{Method: s.Text("method"), Status: s.Text("status")})
			s.Close()
		}
	}
	return e, s.End()
}

func scanAmount(s *codec.Scanner) money.Amount {
	if !s.Has("amount") {
		s.Fail()
	}
	return amountOf(s)
}

// amountOf reads the value of a member that is an amount.
func amountOf(s *codec.Scanner) money.Amount {
	s.Open()
	a, ok := money.FromEvent(s.Text("currency"), s.Text("amount"))
	if !ok {
		s.Fail()
	}
	s.Close()
	return a
}
