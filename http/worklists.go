package httpapi

import (
	"context"
	"errors"
	"net/http"

	"daybook/domain/ident"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"

	"github.com/go-json-experiment/json/jsontext"
)

// Worklists is the read model of what waits for a person or a process.
type Worklists interface {
	Items(ctx context.Context, q local.Query) (local.Page, error)
}

type worklistAnswer struct {
	Items    []itemAnswer        `json:"items"`
	Next     string              `json:"next,omitzero"` // cursor of the following, younger page
	Reasons  []reasonAnswer      `json:"reasons"`       // of the whole list
	Position eventstore.Position `json:"position"`
}

type itemAnswer struct {
	ID       string              `json:"id"`
	Stream   string              `json:"stream"`
	Position eventstore.Position `json:"position"`
	OpenedAt string              `json:"opened_at"`
	Due      string              `json:"due,omitzero"`
	Reason   string              `json:"reason"`
	User     string              `json:"user,omitzero"`
	Payment  ident.Payment       `json:"payment,omitzero"`
	Details  jsontext.Value      `json:"details"`
	Again    int                 `json:"again,omitzero"`
	AgainAt  string              `json:"again_at,omitzero"`
}

type reasonAnswer struct {
	Reason string `json:"reason"`
	Open   int    `json:"open"`
	Oldest string `json:"oldest"` // when it was opened
}

// itemBytes is more than nearly all items have in an answer.
const itemBytes = 1 << 10

// worklistRoutes answer from one worklist.
type worklistRoutes struct {
	list       string
	model      Worklists
	projection *follow.Projection
}

// worklistTable has a route for each worklist, which has its name.
func worklistTable(g *guard, c Config) []route {
	var table []route
	for _, list := range local.Worklists {
		if list.Name == local.Review.Name {
			continue // reviewTable has it
		}
		answer := worklistRoutes{list.Name, c.Waiting, c.WaitingProjection}
		table = append(table, route{"/" + list.Name, methods{http.MethodGet: g.require(query(answer.get, "reason", "limit", "cursor", "min_position"), Auditor)}})
	}
	return table
}

// get answers with a page of what waits, oldest first.
func (l worklistRoutes) get(w *call, r *http.Request) error {
	page, err := l.read(w, r, itemBytes)
	if err != nil {
		return err
	}
	return answerClaimed(w, newWorklistAnswer(page))
}

// read returns the page that is asked for. It reserves memory for an answer in which items
// have so many bytes.
func (l worklistRoutes) read(w *call, r *http.Request, bytes int) (local.Page, error) {
	limit, err := w.limit()
	if err != nil {
		return local.Page{}, err
	}
	minimum, err := await(w, r, l.projection)
	if err != nil {
		return local.Page{}, err
	}
	if err := w.reserve(r.Context(), limit*bytes); err != nil {
		return local.Page{}, err
	}
	page, err := l.model.Items(r.Context(), local.Query{
		List: l.list, Reason: w.query.Get("reason"), Cursor: w.query.Get("cursor"), Limit: limit,
	})
	if errors.Is(err, local.ErrCursor) {
		return page, badRequest.problem("cursor is the member next of an earlier answer.", nil)
	} else if err != nil {
		return page, err
	}
	return page, reached(minimum, page.Position)
}

func newWorklistAnswer(page local.Page) worklistAnswer {
	answer := worklistAnswer{Items: []itemAnswer{}, Next: page.Next, Reasons: []reasonAnswer{}, Position: page.Position}
	for _, count := range page.Counts {
		answer.Reasons = append(answer.Reasons, reasonAnswer{count.Reason, count.Open, eventstore.FormatTime(count.Oldest)})
	}
	for _, i := range page.Items {
		item := itemAnswer{
			ID: i.Key, Stream: string(i.Stream), Position: i.Position, OpenedAt: eventstore.FormatTime(i.OpenedAt),
			Reason: i.Reason, User: i.User, Payment: i.Payment, Details: i.Details, Again: i.Again,
		}
		if !i.Due.IsZero() {
			item.Due = eventstore.FormatTime(i.Due)
		}
		if i.Again > 0 {
			item.AgainAt = eventstore.FormatTime(i.AgainAt)
		}
		answer.Items = append(answer.Items, item)
	}
	return answer
}
