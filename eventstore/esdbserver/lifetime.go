package esdbserver

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"daybook/eventstore"
)

const (
	// metadataPrefix makes of a stream's name that of its metadata stream.
	metadataPrefix = "$$"

	// softDeleted is the first kept revision of a stream that was deleted and
	// may be written again.
	softDeleted = math.MaxInt64
)

// lifetime is which events of a stream are still shown. In a log that is only
// read there are no metadata streams, and it is always the zero value.
type lifetime struct {
	tombstoned  bool
	hasMetadata bool
	first       uint64 // revisions before it are not shown
	maxCount    uint64 // 0: any
	maxAge      time.Duration
}

// streamMetadata is what EventStoreDB gives a meaning to.
type streamMetadata struct {
	TruncateBefore uint64 `json:"$tb"`
	MaxCount       uint64 `json:"$maxCount"`
	MaxAge         uint64 `json:"$maxAge"` // seconds
}

// lifetime finds out about a stream.
func (l *log) lifetime(ctx context.Context, stream string) (lifetime, error) {
	if _, ok := l.view.(asScratch); !ok {
		return lifetime{}, nil
	}
	base, isMetadata := strings.CutPrefix(stream, metadataPrefix)
	tombstone, ok := encodeName(tombstoneCategory, base)
	if !ok {
		return lifetime{}, nil // no such stream can have been written
	}
	for _, err := range l.store.Read(ctx, tombstone, 0) {
		if err != nil {
			return lifetime{}, err
		}
		return lifetime{tombstoned: true}, nil
	}
	if isMetadata {
		return lifetime{maxCount: 1}, nil
	}
	return l.metadataOf(ctx, stream)
}

// metadataOf reads the last event of a stream's metadata stream. What cannot
// be read says nothing.
func (l *log) metadataOf(ctx context.Context, stream string) (lifetime, error) {
	name, ok := l.view.stored(metadataPrefix + stream)
	if !ok {
		return lifetime{}, nil
	}
	var last *eventstore.Recorded
	length, err := l.length(ctx, name, 0)
	if err != nil || length == 0 {
		return lifetime{}, err
	}
	for e, err := range l.stream(ctx, name, length-1) {
		if err != nil {
			return lifetime{}, err
		}
		last = &e
	}
	found := lifetime{hasMetadata: true}
	e, _, err := l.view.served(ctx, last)
	if err != nil {
		return lifetime{}, err
	}
	var metadata streamMetadata
	if json.Unmarshal(e.data, &metadata) == nil {
		found.first, found.maxCount = metadata.TruncateBefore, metadata.MaxCount
		found.maxAge = time.Duration(min(metadata.MaxAge, math.MaxInt64/uint64(time.Second))) * time.Second
	}
	return found, nil
}

// shows reports whether an event is young enough.
func (t lifetime) shows(e *event, now time.Time) bool {
	return t.maxAge == 0 || now.Sub(e.created) < t.maxAge
}
