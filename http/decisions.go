package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"unicode"
	"unicode/utf8"

	"daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
)

// decisionRequest is what a person decides about an item.
type decisionRequest struct {
	Decision review.Verb    `json:"decision"`
	User     string         `json:"user"`
	Amount   *string        `json:"amount"`
	Currency money.Currency `json:"currency"` // of amount and arrived
	Times    *int           `json:"times"`
	Arrived  *string        `json:"arrived"`
	Note     string         `json:"note"`
	Round    int            `json:"round"`
}

const decisionExample = `{"decision":"credit","user":"u1","note":"why"}, and may have "amount" and "currency", "times", "arrived" and "round"; the decision is one of credit, complete, refund, dismiss and charge`

type reversalRequest struct {
	Note  string `json:"note"`
	Round int    `json:"round"`
}

// decisionAnswer is what a decision or its reversal came to.
type decisionAnswer struct {
	Item     string              `json:"item"`
	Round    int                 `json:"round"` // that was decided; of a reversal the one that has begun
	Decision review.Verb         `json:"decision,omitzero"`
	Refund   string              `json:"refund,omitzero"` // id of the refund that was decided
	Postings []postingAnswer     `json:"postings"`
	DryRun   bool                `json:"dry_run,omitzero"`
	Position eventstore.Position `json:"position,omitzero"` // of the last event of the stream
}

// maxNoteBytes bounds a note, which stays in the log for ever.
const maxNoteBytes = 1000

// decide records what a person decides about an item. The round makes it repeatable: the
// same body for the same round is answered the same.
func (v reviewRoutes) decide(w *call, r *http.Request) error {
	isDryRun, err := w.dryRun()
	if err != nil {
		return err
	}
	var request decisionRequest
	if err := readRequest(r, &request, decisionExample); err != nil {
		return err
	}
	if err := request.check(); err != nil {
		return err
	}
	id, stream, err := v.find(w, r)
	if err != nil {
		return err
	}
	asked, err := v.asked(r.Context(), request, stream, id)
	if err != nil {
		return err
	}
	ctx, cancel := recording(r)
	defer cancel()
	made, err := v.ledger.DecideItem(ctx, stream, review.Decide{Item: id, Round: request.Round, Asked: asked}, isDryRun, w.command())
	if err != nil {
		return decisionProblem(err, made.Item)
	}
	answer := decisionAnswer{Item: id, Round: request.Round, Decision: asked.Decision, Postings: newPostings(made.Lines), DryRun: isDryRun}
	if asked.Decision == review.Refund && !isDryRun {
		answer.Refund = made.Item.Decided(request.Round).ID
	}
	return answer.write(w, made.Result)
}

func (a decisionAnswer) write(w *call, result recorder.Result) error {
	a.Position = setResult(w, result, a.DryRun)
	return writeJSON(w, http.StatusOK, a)
}

// reverse records that a person undoes the decision about an item.
func (v reviewRoutes) reverse(w *call, r *http.Request) error {
	isDryRun, err := w.dryRun()
	if err != nil {
		return err
	}
	var request reversalRequest
	if err := readRequest(r, &request, `{"note":"why"}, and may have "round"`); err != nil {
		return err
	}
	if err := errors.Join(checkNote(request.Note), checkRound(request.Round)); err != nil {
		return err
	}
	id, stream, err := v.find(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := recording(r)
	defer cancel()
	made, err := v.ledger.ReverseItem(ctx, stream, review.Reverse{Item: id, Round: request.Round, Note: request.Note}, isDryRun, w.command())
	if err != nil {
		return decisionProblem(err, made.Item)
	}
	answer := decisionAnswer{Item: id, Round: made.Item.Round, Postings: newPostings(made.Lines), DryRun: isDryRun}
	return answer.write(w, made.Result)
}

// command names the request and who sends it.
func (c *call) command() recorder.Command {
	return recorder.Command{ID: c.id, Actor: c.who.Actor()}
}

// check checks what no item is needed for.
func (d decisionRequest) check() error {
	switch {
	case !slices.Contains(review.Verbs, d.Decision):
		return badRequest.problem("The body is "+decisionExample+".", nil)
	case d.User != "" && ident.Check(d.User) != nil:
		return badRequest.problem("The user has 1 to 128 bytes of UTF-8 without control characters.", nil)
	case d.Times != nil && (*d.Times < 0 || *d.Times > deposit.MaxTimes):
		return badRequest.problem("times says how many deposits came: a whole number from 0 to 10000.", nil)
	case d.Amount != nil && d.Currency == "":
		return badRequest.problem("An amount goes with its currency.", nil)
	case d.Currency != "" && d.Amount == nil && d.Arrived == nil:
		return badRequest.problem("A currency goes with an amount, or with arrived.", nil)
	}
	return errors.Join(checkNote(d.Note), checkRound(d.Round))
}

// checkNote reports why a note is none.
func checkNote(note string) error {
	if note == "" || len(note) > maxNoteBytes || !utf8.ValidString(note) || containsControl(note) {
		return badRequest.problem("The note says why, in 1 to 1000 bytes of UTF-8 without control characters. It stays in the log for ever, so it has no personal data.", nil)
	}
	return nil
}

func containsControl(text string) bool {
	return slices.ContainsFunc([]rune(text), func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

func checkRound(round int) error {
	if round < 0 {
		return badRequest.problem("round is the number that GET /review shows of the item; 0, or left out, before its first reversal.", nil)
	}
	return nil
}

// asked returns the request as it is recorded. What arrived is in the currency of the item,
// if the body names no other.
func (v reviewRoutes) asked(ctx context.Context, d decisionRequest, stream eventstore.StreamName, id string) (review.Asked, error) {
	asked := review.Asked{Decision: d.Decision, User: d.User, Times: d.Times, Note: d.Note}
	var err error
	if d.Amount != nil {
		if asked.Amount, err = parseAmount("amount", d.Currency, *d.Amount); err != nil {
			return asked, err
		}
	}
	if d.Arrived == nil {
		return asked, nil
	}
	if d.Currency == "" {
		if d.Currency, err = v.currency(ctx, stream, id); err != nil {
			return asked, err
		}
	}
	asked.Arrived, err = parseAmount("arrived", d.Currency, *d.Arrived)
	return asked, err
}

func parseAmount(member string, currency money.Currency, text string) (*money.Amount, error) {
	amount, err := money.Parse(currency, text)
	if err != nil || amount.Sign() < 0 {
		return nil, badRequest.problem(member+" is decimal text of 0 or more, with at most the decimals of its currency, such as 12.53.", nil)
	}
	return &amount, nil
}

// currency returns that of the amount of an item.
func (v reviewRoutes) currency(ctx context.Context, stream eventstore.StreamName, id string) (money.Currency, error) {
	s, err := v.stories.read(ctx, stream)
	if err != nil {
		return "", err
	}
	if item := s.items[id]; item != nil {
		if amount := item.amount(); amount != nil {
			return amount.Currency(), nil
		}
	}
	return "", badRequest.problem("The item does not say how much came: send the currency of arrived too.", nil)
}
