package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"daybook/eventstore"
)

// changed says that a stream is not what was written to it, and what to do.
func changed(stream eventstore.StreamName, format string, arguments ...any) error {
	return &eventstore.Damage{Stream: stream, What: "has been changed from outside: " + fmt.Errorf(format, arguments...).Error()}
}

// restore is the way on when events cannot be had back.
const restore = "restore the database from a copy"

// metadataPrefix begins the name of the stream that has the metadata of another.
const metadataPrefix = "$$"

// hiding are the members of a stream's metadata that hide events of it.
var hiding = []string{truncateBefore, "$maxCount", "$maxAge"}

const (
	truncateBefore = "$tb"

	// deletedAll is the $tb that deletes a stream: it reads as if it had never
	// been, and an append that expects no stream succeeds.
	deletedAll = "9223372036854775807"
)

// hides returns the member of a stream's metadata that hides events, if there is
// one, and whether it deletes the stream. Other metadata, such as who may read
// the stream, harms nobody.
func hides(data []byte) (member string, deletes bool) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(data, &members); err != nil {
		return "something that is not JSON", false
	}
	for _, name := range hiding {
		if value, ok := members[name]; ok {
			return name, name == truncateBefore && string(value) == deletedAll
		}
	}
	return "", false
}

// checkMetadata refuses metadata that hides events of one of our streams: what
// is decided without them could be credited once more. It is harmless if it was
// taken back, and nothing was written to a deleted stream before that.
func (s *Store) checkMetadata(ctx context.Context, n *node, e *streams.ReadResp_ReadEvent_RecordedEvent) error {
	member, deletes := hides(e.GetData())
	if member == "" {
		return nil
	}
	s.suspect.Store(true)
	stream, _ := s.namespace.own(strings.TrimPrefix(nameOf(e), metadataPrefix))
	switch back, err := s.takenBack(ctx, n, stream, eventstore.Position(e.GetCommitPosition()), deletes); {
	case err != nil:
		return err
	case back:
		return s.checkWhole(ctx, n, stream)
	}
	return s.hidden(stream, member)
}

// hidden is the error of a stream of which events are hidden.
func (s *Store) hidden(stream eventstore.StreamName, member string) error {
	return changed(stream, "its metadata has %s, which deletes or hides events: if no scavenge has run since, they are still there, and all is well again when an admin appends the metadata without it, an event of type $metadata with {} as data, to the stream %s; else %s",
		member, metadataPrefix+s.namespace.full(stream), restore)
}

// tombstoneType is the type of the last event of a stream that was deleted for
// ever.
const tombstoneType = "$streamDeleted"

func tombstoned(stream eventstore.StreamName) error {
	return changed(stream, "it was deleted for ever, by a tombstone: %s", restore)
}

// errTakenBack ends a search.
var errTakenBack = errors.New("taken back")

// takenBack reads on from the metadata at a position, in the order of the log,
// and reports whether a later one hides nothing.
func (s *Store) takenBack(ctx context.Context, n *node, stream eventstore.StreamName, at eventstore.Position, deleted bool) (bool, error) {
	full := s.namespace.full(stream)
	options := s.allOptions(at)
	options.FilterOption = filterOf(full, metadataPrefix+full)
	err := n.read(ctx, options, func(answer *streams.ReadResp) error {
		e := answer.GetEvent().GetEvent()
		switch name := nameOf(e); {
		case eventstore.Position(e.GetCommitPosition()) <= at:
		case name == full && deleted:
			return changed(stream, "event %d was written while those before it were deleted, and may repeat one of them: %s", e.GetStreamRevision(), restore)
		case name == metadataPrefix+full:
			member, deletes := hides(e.GetData())
			if member == "" {
				return errTakenBack
			}
			deleted = deleted || deletes
		}
		return nil
	})
	if errors.Is(err, errTakenBack) {
		return true, nil
	}
	return false, err
}

// checkWhole fails if events at the beginning of a stream are gone: a scavenge
// has removed for good what was hidden.
func (s *Store) checkWhole(ctx context.Context, n *node, stream eventstore.StreamName) error {
	var next uint64
	return n.read(ctx, streamOptions(s.namespace.full(stream), 0), func(answer *streams.ReadResp) error {
		if answer.GetEvent() == nil {
			return nil
		}
		revision := answer.GetEvent().GetEvent().GetStreamRevision()
		if revision != next {
			return gap(stream, eventstore.Revision(revision), eventstore.Revision(next))
		}
		next++
		return nil
	})
}

func gap(stream eventstore.StreamName, found, wanted eventstore.Revision) error {
	return changed(stream, "it has event %d where event %d was: its metadata hides events, or a scavenge has removed them: take the metadata back if no scavenge has run, else %s", found, wanted, restore)
}

// examine looks why a stream has delivered nothing from a revision on: a deleted
// one reads like one that has never been. Its metadata would tell, which the access rules keep from
// the ledger's user. An append of no event tells it too; who only reads searches
// the log.
func (s *Store) examine(ctx context.Context, n *node, stream eventstore.StreamName, from eventstore.Revision) error {
	if s.readOnly {
		return s.searchMetadata(ctx, n, stream)
	}
	response, err := n.append(ctx, s.namespace.full(stream), streamExists, nil)
	switch {
	case exception(err) == "stream-deleted":
		return s.hidden(stream, truncateBefore)
	case err != nil:
		return err
	}
	exists, ok := response.GetSuccess().GetCurrentRevisionOption().(*streams.AppendResp_Success_CurrentRevision)
	if !ok || exists.CurrentRevision < uint64(from) {
		return nil // it has never been, or is not as long
	}
	switch begun, err := s.appears(ctx, n, stream, from); {
	case err != nil:
		return err
	case begun:
		return nil // by another writer, since it was read
	}
	return s.hidden(stream, strings.Join(hiding, " or "))
}

// appearance is longer than an event that a cluster has accepted stays unseen:
// that took at most 80 ms where it was measured.
const appearance = time.Second

// errShown ends a look.
var errShown = errors.New("shown")

// appears reports whether a stream that exists shows events from a revision on,
// now or soon.
func (s *Store) appears(ctx context.Context, n *node, stream eventstore.StreamName, from eventstore.Revision) (bool, error) {
	wait, until := newWait(), time.Now().Add(appearance)
	for {
		err := n.read(ctx, streamOptions(s.namespace.full(stream), from), func(answer *streams.ReadResp) error {
			if answer.GetEvent() != nil {
				return errShown
			}
			return nil
		})
		switch {
		case errors.Is(err, errShown):
			return true, nil
		case err != nil, time.Now().After(until):
			return false, err
		}
		if err := pause(ctx, wait.NextBackOff()); err != nil {
			return false, err
		}
	}
}

func (s *Store) searchMetadata(ctx context.Context, n *node, stream eventstore.StreamName) error {
	about := metadataPrefix + s.namespace.full(stream)
	options := s.allOptions(0)
	options.FilterOption = filterOf(about)
	var member string
	err := n.read(ctx, options, func(answer *streams.ReadResp) error {
		if e := answer.GetEvent().GetEvent(); nameOf(e) == about {
			member, _ = hides(e.GetData())
		}
		return nil
	})
	if err == nil && member != "" {
		return s.hidden(stream, member)
	}
	return err
}

func streamExists(o *streams.AppendReq_Options) {
	o.ExpectedStreamRevision = &streams.AppendReq_Options_StreamExists{StreamExists: &shared.Empty{}}
}

func nameOf(e *streams.ReadResp_ReadEvent_RecordedEvent) string {
	return string(e.GetStreamIdentifier().GetStreamName())
}
