package httpapi

import (
	"context"
	"errors"
	"net/http"

	"daybook/domain/recorder"
	"daybook/domain/review"
	"daybook/eventstore"
	"daybook/projections/follow"
	"daybook/projections/local"
)

// Reviewed is the read model of what waits for a person. It finds the stream of each item,
// open or decided.
type Reviewed interface {
	Worklists
	ItemStream(ctx context.Context, id string) (eventstore.StreamName, bool, error)
}

// reviewItemBytes is more than nearly all items have in an answer, with what each decision
// would post.
const reviewItemBytes = 4 << 10

// reviewRoutes show what waits for a person, and what each decision would post.
type reviewRoutes struct {
	list       worklistRoutes
	model      Reviewed
	projection *follow.Projection
	ledger     *recorder.Recorder
	stories    storyReader
}

type reviewAnswer struct {
	Items    []reviewItem        `json:"items"`
	Next     string              `json:"next,omitzero"`
	Reasons  []reasonAnswer      `json:"reasons"`
	Position eventstore.Position `json:"position"`
}

// reviewItem is an item with what a person needs to decide about it.
type reviewItem struct {
	itemAnswer
	Round     int              `json:"round"`
	Readings  *readings        `json:"readings,omitzero"`
	RefundTo  string           `json:"refund_to,omitzero"`
	Decisions []decisionOption `json:"decisions"`
}

// page answers with a page of what waits, oldest first.
func (v reviewRoutes) page(w *call, r *http.Request) error {
	page, err := v.list.read(w, r, reviewItemBytes)
	if err != nil {
		return err
	}
	list := newWorklistAnswer(page)
	answer := reviewAnswer{Items: make([]reviewItem, len(page.Items)), Next: list.Next, Reasons: list.Reasons, Position: list.Position}
	ids := make(map[eventstore.StreamName][]string)
	for i, item := range page.Items {
		answer.Items[i] = reviewItem{itemAnswer: list.Items[i], Decisions: []decisionOption{}}
		ids[item.Stream] = append(ids[item.Stream], item.Key)
	}
	told := make(map[eventstore.StreamName]toldStream, len(ids))
	for stream, items := range ids {
		told[stream], err = v.tell(r.Context(), stream, items)
		switch {
		case errors.Is(err, eventstore.ErrDamaged):
			told[stream] = toldStream{} // the page still shows the others
		case err != nil:
			return err
		}
	}
	for i, item := range page.Items {
		told[item.Stream].complete(&answer.Items[i])
	}
	return answerClaimed(w, answer)
}

// toldStream has the story and the previews of one stream.
type toldStream struct {
	story    story
	previews map[string]recorder.Preview
}

// tell reads what is known of items of one stream.
func (v reviewRoutes) tell(ctx context.Context, stream eventstore.StreamName, items []string) (t toldStream, err error) {
	if t.story, err = v.stories.read(ctx, stream); err == nil {
		t.previews, err = v.ledger.PreviewItems(ctx, stream, items)
	}
	return t, err
}

func (t toldStream) complete(answer *reviewItem) {
	if item := t.story.items[answer.ID]; item != nil {
		answer.Readings, answer.RefundTo = t.story.readings(item), item.refundTo
	}
	preview := t.previews[answer.ID]
	answer.Round = preview.Item.Round
	for _, o := range preview.Options {
		answer.Decisions = append(answer.Decisions, newDecisionOption(o))
	}
}

// one answers with one item, open or decided. It is read from the log.
func (v reviewRoutes) one(w *call, r *http.Request) error {
	id, stream, err := v.find(w, r)
	if err != nil {
		return err
	}
	if err := w.reserve(r.Context(), 4*reviewItemBytes); err != nil {
		return err
	}
	t, err := v.tell(r.Context(), stream, []string{id})
	if err != nil {
		return err
	}
	item := t.story.items[id]
	if item == nil {
		return review.ErrNoItem
	}
	page := newWorklistAnswer(local.Page{Items: []local.Item{item.Item}})
	answer := oneItem{reviewItem: reviewItem{itemAnswer: page.Items[0], Decisions: []decisionOption{}}}
	t.complete(&answer.reviewItem)
	answer.tell(t.story, id)
	refund, err := v.ledger.ReadRefund(r.Context(), stream, id)
	switch {
	case err == nil:
		answer.Refund = new(newRefundAnswer("", refund))
	case !errors.Is(err, review.ErrNoItem):
		return err
	}
	return answerClaimed(w, answer)
}

// find returns the item in the path and its stream. The model may have to catch up first,
// where another server of the same log has shown the item.
func (v reviewRoutes) find(w *call, r *http.Request) (id string, stream eventstore.StreamName, err error) {
	if id, err = plainSegment(r, "item"); err != nil {
		return "", "", err
	}
	if _, err := await(w, r, v.projection); err != nil {
		return "", "", err
	}
	stream, isKnown, err := v.model.ItemStream(r.Context(), id)
	if err != nil || isKnown {
		return id, stream, err
	}
	if err := v.catchUp(w, r); err != nil {
		return "", "", err
	}
	stream, isKnown, err = v.model.ItemStream(r.Context(), id)
	if err == nil && !isKnown {
		err = review.ErrNoItem
	}
	return id, stream, err
}

// catchUp waits until the model has what the log has now.
func (v reviewRoutes) catchUp(w *call, r *http.Request) error {
	end := v.projection.Status().Position()
	for recorded, err := range v.stories.log.ReadAll(r.Context(), end) {
		if err != nil {
			return err
		}
		end = recorded.Position
	}
	_, err := awaitPosition(r.Context(), v.projection, end, w.wait)
	return err
}
