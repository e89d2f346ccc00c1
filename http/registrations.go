package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/recorder"
	"daybook/eventstore"
)

// registrationRoutes register what the website expects of orders.
type registrationRoutes struct{ ledger *recorder.Recorder }

type orderRequest struct {
	User      string         `json:"user"`
	Amount    string         `json:"amount"`
	Currency  money.Currency `json:"currency"`
	For       order.Purpose  `json:"for"`
	ExpiresAt time.Time      `json:"expires_at"`
	Reference string         `json:"reference"`
}

const orderExample = `{"user":"u1","amount":"12.53","currency":"USD"}, and may have "for":"sale", "expires_at":"2026-01-02T15:04:05Z" and "reference"`

// termsAnswer are the terms of a registered order.
type termsAnswer struct {
	User      string        `json:"user"`
	Amount    money.Amount  `json:"amount"`
	For       order.Purpose `json:"for"`
	ExpiresAt time.Time     `json:"expires_at,omitzero"`
	Reference string        `json:"reference,omitzero"`
}

type registrationAnswer struct {
	ID order.ID `json:"id"`
	termsAnswer
	Paid     bool                `json:"paid"` // by a payment that had come before
	DryRun   bool                `json:"dry_run,omitzero"`
	Position eventstore.Position `json:"position,omitzero"` // of the last event of the order
}

// creditAnswer is a credit that terms disagree with.
type creditAnswer struct {
	Payment ident.Payment `json:"payment"`
	User    string        `json:"user"`
	Amount  money.Amount  `json:"amount"`
}

// put registers an order, and settles a payment that has waited for that. The
// order's id is the idempotency key.
func (o registrationRoutes) put(w *call, r *http.Request) error {
	id, err := namedOrder(r)
	if err != nil {
		return err
	}
	isDryRun, err := w.dryRun()
	if err != nil {
		return err
	}
	var request orderRequest
	if err := readRequest(r, &request, orderExample); err != nil {
		return err
	}
	terms, err := request.terms()
	if err != nil {
		return badRequest.problem("The body is "+orderExample+". A user and a reference have 1 to 128 bytes of UTF-8 without control characters; an amount is decimal text above 0, with the decimals of its currency.", err)
	}
	ctx, cancel := recording(r)
	defer cancel()
	result, err := o.ledger.RegisterOrder(ctx, id, terms, isDryRun, recorder.Command{ID: w.id, Actor: w.who.Actor()})
	switch {
	case errors.Is(err, order.ErrOtherTerms):
		first := termsAnswer(result.State.Terms)
		p := otherTerms.problem("What an order asks for is registered once. This one has the terms under registered.", err)
		p.Registered = &first
		return p
	case err != nil:
		return err
	case !result.State.Registered:
		return creditedOtherwise(result.State, terms)
	}
	answer := registrationAnswer{ID: id, termsAnswer: termsAnswer(result.State.Terms), Paid: result.State.Paid != "", DryRun: isDryRun}
	answer.Position = setResult(w, result.Result, isDryRun)
	return writeJSON(w, http.StatusOK, answer)
}

// creditedOtherwise says what was credited before the registration came.
func creditedOtherwise(state order.State, terms order.Terms) *Problem {
	credit := state.Payments.Of(string(state.Paid))
	p := orderCredited.problem("The order was paid before it was registered, and was credited otherwise. Nothing was registered. The item waits in /review for a person.", nil)
	p.Credited = &creditAnswer{Payment: state.Paid, User: credit.User, Amount: credit.Amount}
	p.Item = state.Disagreement(terms)
	return p
}

func (r orderRequest) terms() (order.Terms, error) {
	amount, err := money.Parse(r.Currency, r.Amount)
	if err != nil {
		return order.Terms{}, err
	}
	terms := order.Terms{User: r.User, Amount: amount, For: r.For, ExpiresAt: r.ExpiresAt.UTC(), Reference: r.Reference}
	if terms.For == "" {
		terms.For = order.ForBalance
	}
	return terms, terms.Check()
}

// namedOrder returns the order in the path, which a provider or the website has named.
func namedOrder(r *http.Request) (order.ID, error) {
	id, err := encodedSegment(r, "id")
	if err != nil {
		return "", err
	}
	namer, escaped, _ := strings.Cut(id, ".")
	name, err := ident.Unescape(escaped)
	if err == nil {
		err = ident.Check(name)
	}
	switch namer {
	case order.Coinbase, order.Checkout, order.Site:
	default:
		err = errors.Join(err, errors.New("unknown namer of orders"))
	}
	if err != nil {
		return "", badRequest.problem("An order is registered under the id that Coinbase has given it, as checkout.<id of the checkout or payment link> or coinbase.<id of the order>, or under your own reference, as site.<reference>.", err)
	}
	return order.NewID(namer, name), nil
}

// dryRun reads ?dry_run=.
func (c *call) dryRun() (bool, error) {
	switch c.query.Get("dry_run") {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, badRequest.problem("dry_run is true or false.", nil)
}
