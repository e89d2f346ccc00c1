package verify

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/redis/go-redis/v9"

	"daybook/eventstore"
)

// checkpoint is what a model says of itself: which log, and how far.
type checkpoint struct {
	Log      string                `json:"log"`
	Position eventstore.Position   `json:"position"`
	Event    eventstore.EventID    `json:"event"`
	Stream   eventstore.StreamName `json:"stream"`
	Revision eventstore.Revision   `json:"revision,string"`
	Fold     int                   `json:"fold"`
}

// errWrongCheckpoint ends the comparison of a model: it is not of this log, so
// that its keys cannot be compared with anything.
var errWrongCheckpoint = errors.New("wrong checkpoint")

// accept takes over the checkpoint of a snapshot, unless the model cannot be
// one of this log and this fold.
func (s *session) accept(model *modelOf, text string) error {
	var c checkpoint
	switch err := json.Unmarshal([]byte(text), &c, json.RejectUnknownMembers(true)); {
	case err != nil:
		return s.reject(model, "%.80q is no checkpoint", text)
	case c.Log != s.logID:
		return s.reject(model, "the model was built from log %.60q, this is log %s: check --redis and --redis-prefix first; only if no other daybook uses it, add --replace-other-log", c.Log, s.logID)
	case c.Fold != model.fold:
		return s.reject(model, "fold version %d, this program has %d", c.Fold, model.fold)
	case c.Position < model.checkpoint.Position:
		return errReplaced // by an older copy; the fold does not go backwards
	}
	model.text, model.checkpoint = text, c
	return nil
}

// arrive holds a checkpoint against the fold that has come to its position:
// the last event must be the same. Where positions have gaps, a checkpoint may
// stand behind its event.
func (s *session) arrive(model *modelOf, c checkpoint, last eventstore.Recorded) error {
	switch {
	case c.Event != last.ID || c.Stream != last.Stream || c.Revision != last.Revision:
		return s.reject(model, "it stands at position %s behind event %s, revision %d of %.60s; in this log that is %s, revision %d of %s, at position %s: it is another log, an older copy of it, or the checkpoint was changed",
			c.Position, c.Event, c.Revision, c.Stream, last.ID, last.Revision, last.Stream, last.Position)
	case s.options.Gapless && c.Position != last.Position:
		return s.reject(model, "it stands at position %s, its event at %s", c.Position, last.Position)
	}
	return nil
}

// checkSum holds a checkpoint against the sum of what all batches have moved
// it. A batch of which Redis has kept a part has moved the sum alone.
func (s *session) checkSum(model *modelOf, sum *redis.StringCmd) error {
	if text, want := sum.Val(), model.checkpoint.Position.String(); text != want {
		return s.reject(model, "it stands at position %s, and %s is %.40q: Redis has kept a part of a batch", want, s.layout.key("sum", model.name), text)
	}
	return nil
}

func (s *session) reject(model *modelOf, format string, arguments ...any) error {
	s.found.add(Difference{Subject: s.layout.key("checkpoint", model.name), Text: fmt.Sprintf(format, arguments...) + ": run `daybook rebuild`"})
	return errWrongCheckpoint
}
