package httpapi

import (
	"net/http"
	"strings"

	"daybook/eventstore"
	"daybook/projections/find"
	"daybook/projections/follow"
)

type findAnswer struct {
	Answer   string              `json:"answer"`
	Matches  []matchAnswer       `json:"matches"`
	More     int                 `json:"more,omitzero"` // older streams, at least
	Position eventstore.Position `json:"position"`
}

type matchAnswer struct {
	Stream   string              `json:"stream"`
	Position eventstore.Position `json:"position"`
	Says     []string            `json:"says"`
}

// findBytes is more than nearly all answers have.
const findBytes = 32 << 10

// findRoutes answer where a payment is. The website may ask, because its support
// does: an answer says no more than orders and balances do. E-mail and postal
// addresses are in evidence alone, which it does not read.
type findRoutes struct {
	finder     find.Finder
	projection *follow.Projection
}

func (f findRoutes) get(w *call, r *http.Request) error {
	text := w.query.Get("q")
	if strings.TrimSpace(text) == "" || len(text) > find.MaxText {
		return badRequest.problem("q is an order id, a user, a transaction hash, an address, a mispayment id, or the id of a request, of at most 256 bytes.", nil)
	}
	minimum, err := await(w, r, f.projection)
	if err != nil {
		return err
	}
	if err := w.reserve(r.Context(), findBytes); err != nil {
		return err
	}
	found, err := f.finder.Find(r.Context(), text)
	if err != nil {
		return err
	}
	position := f.projection.Status().Position()
	if err := reached(minimum, position); err != nil {
		return err
	}
	answer := findAnswer{Answer: found.Text, Matches: []matchAnswer{}, More: found.More, Position: position}
	for _, m := range found.Matches {
		answer.Matches = append(answer.Matches, matchAnswer{string(m.Stream), m.Position, m.Says})
	}
	return answerClaimed(w, answer)
}
