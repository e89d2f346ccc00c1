package eventstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/oklog/ulid/v2"
)

// LogStream is the stream whose first event names the log. Its category is
// the store's own: no aggregate lives there.
const LogStream StreamName = "daybook-log"

// LogCreatedType is the type of the first event of LogStream.
const LogCreatedType = "LogCreated"

// LogCreated is its data. Read models keep the id, so that they notice when
// the log under them is another one.
type LogCreated struct {
	LogID string `json:"logId"` // ULID

	// Sandbox marks a log of a provider's sandbox, for ever: no money in it is real. It
	// is left out of the event of a live log.
	Sandbox bool `json:"sandbox,omitzero"`
}

// The errors of a log that is not of the expected kind.
var (
	ErrSandboxLog = errors.New("the log is a sandbox's: no money in it is real")
	ErrLiveLog    = errors.New("the log is a live one, and no sandbox's")
)

// Created returns the event that names the log.
func Created(ctx context.Context, log Reader) (LogCreated, error) {
	for event, err := range log.Read(ctx, LogStream, 0, MustExist) {
		if err != nil {
			return LogCreated{}, fmt.Errorf("read the log's id: %w", err)
		}
		return ParseCreated(event)
	}
	return LogCreated{}, fmt.Errorf("the log has no id: stream %s is empty", LogStream)
}

// ParseCreated reads the first event of LogStream.
func ParseCreated(event Recorded) (LogCreated, error) {
	var created LogCreated
	if err := json.Unmarshal(event.Data, &created); err != nil || created.LogID == "" {
		return LogCreated{}, fmt.Errorf("the log's first event in %s has no id", LogStream)
	}
	return created, nil
}

// LogID returns the id of the log.
func LogID(ctx context.Context, log Reader) (string, error) {
	created, err := Created(ctx, log)
	return created.LogID, err
}

// CheckKind returns ErrSandboxLog or ErrLiveLog if the log is not of the expected kind.
func (c LogCreated) CheckKind(sandbox bool) error {
	switch {
	case c.Sandbox && !sandbox:
		return ErrSandboxLog
	case sandbox && !c.Sandbox:
		return ErrLiveLog
	}
	return nil
}

// EventType names the event in the log.
func (LogCreated) EventType() string { return LogCreatedType }

// NewLog returns the event that names a new log. Stores write it themselves.
func NewLog(now time.Time, sandbox bool) (Event, error) {
	name := NewULID(now)
	return logEvent(name, LogCreated{LogID: name, Sandbox: sandbox}, Self, 0)
}

// Self is the actor of what a store does by itself.
const Self = "daybook"

// LogEvent returns an event about the log itself at a revision of LogStream.
func LogEvent(data interface{ EventType() string }, actor string, revision Revision, now time.Time) (Event, error) {
	return logEvent(NewULID(now), data, actor, revision)
}

// NewULID names a log, a delivery, a command or an attempt. Event ids derive from
// ULIDs and stand in proofs, so the random half is that of crypto/rand.
func NewULID(now time.Time) string {
	return ulid.MustNew(ulid.Timestamp(now), rand.Reader).String()
}

func logEvent(name string, data interface{ EventType() string }, actor string, revision Revision) (Event, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return Event{}, err
	}
	metadata, err := Metadata{CorrelationID: name, CausationID: name, CommandID: name, Actor: actor}.Encode()
	return Event{
		ID:       DeriveID(LogStream, name, revision),
		Type:     data.EventType(),
		Schema:   1,
		Data:     text,
		Metadata: metadata,
	}, err
}
