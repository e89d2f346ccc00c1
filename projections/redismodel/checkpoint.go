package redismodel

import (
	"fmt"

	"daybook/eventstore"
	"daybook/projections/follow"

	"github.com/go-json-experiment/json"
)

// storedCheckpoint has the members of a checkpoint as they are stored. Numbers
// that JavaScript would round are text.
type storedCheckpoint struct {
	Log      string                `json:"log"`
	Position eventstore.Position   `json:"position"`
	Event    eventstore.EventID    `json:"event"`
	Stream   eventstore.StreamName `json:"stream"`
	Revision eventstore.Revision   `json:"revision,string"`
	Fold     int                   `json:"fold"`
}

// EncodeCheckpoint returns the text of a checkpoint: the same for the same
// checkpoint, and none for that of an empty model.
func EncodeCheckpoint(c follow.Checkpoint) (string, error) {
	if c == (follow.Checkpoint{}) {
		return "", nil
	}
	text, err := json.Marshal(storedCheckpoint{c.LogID, c.Position, c.EventID, c.Stream, c.Revision, c.Fold})
	if err != nil {
		return "", fmt.Errorf("encode checkpoint: %w", err)
	}
	return string(text), nil
}

// DecodeCheckpoint reads what EncodeCheckpoint returns, and nothing else: a
// text that differs in a byte would never be the one that a batch starts from.
func DecodeCheckpoint(text string) (follow.Checkpoint, error) {
	if text == "" {
		return follow.Checkpoint{}, nil
	}
	var s storedCheckpoint
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return follow.Checkpoint{}, fmt.Errorf("%w: the checkpoint is none", ErrUnusable)
	}
	c := follow.Checkpoint{LogID: s.Log, Position: s.Position, Fold: s.Fold, EventID: s.Event, Stream: s.Stream, Revision: s.Revision}
	if again, err := EncodeCheckpoint(c); err != nil || again != text {
		return follow.Checkpoint{}, fmt.Errorf("%w: the checkpoint is in a form that daybook does not write", ErrUnusable)
	}
	return c, nil
}

// logOf returns the log in a text that need not be a checkpoint, or nothing.
func logOf(text string) string {
	var s struct {
		Log string `json:"log"`
	}
	_ = json.Unmarshal([]byte(text), &s) // it may say nothing
	return s.Log
}
