package httpapi

import (
	"net/http"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

type addressRequest struct {
	User string `json:"user"`
}

type addressAnswer struct {
	Address  string              `json:"address"`
	User     string              `json:"user"`
	Deposits int                 `json:"deposits"` // that had waited for the registration and are credited
	Credited money.Amount        `json:"credited"` // their sum
	Position eventstore.Position `json:"position"` // of the last event of the address
}

// addressRoutes register addresses.
type addressRoutes struct{ ledger *recorder.Recorder }

// put registers whose deposits arrive at an address, and credits those that
// came before. Repeating it changes nothing, unless it ended before all of them
// were credited.
func (a addressRoutes) put(w *call, r *http.Request) error {
	address, err := addressSegment(r)
	if err != nil {
		return err
	}
	var request addressRequest
	if err := readRequest(r, &request, `{"user":"u1"}`); err != nil {
		return err
	}
	if err := ident.Check(request.User); err != nil {
		return badRequest.problem("The user has 1 to 128 bytes of UTF-8 without control characters.", err)
	}
	command := recorder.Command{ID: w.id, Actor: w.who.Actor()}
	ctx, cancel := recording(r)
	defer cancel()
	result, err := a.ledger.RegisterAddress(ctx, deposit.NewID(address), request.User, command)
	if err != nil {
		return err
	}
	setPosition(w, result.Position)
	return writeJSON(w, http.StatusOK, addressAnswer{
		Address: address, User: request.User, Deposits: result.Deposits, Credited: result.Credited, Position: result.Position,
	})
}

// addressSegment returns the address in the path. One with something around it is
// refused and not guessed at: what is registered here is what callbacks are
// compared with.
func addressSegment(r *http.Request) (string, error) {
	text, err := plainSegment(r, "address")
	if err != nil {
		return "", err
	}
	address, err := deposit.ParseAddress(text)
	if err != nil {
		return "", badRequest.problem(`Send the address alone, as Coinbase shows it: it begins with 1, 3 or bc1, without "bitcoin:", spaces or parameters. This is `+err.Error()+".", nil)
	}
	return address, nil
}
