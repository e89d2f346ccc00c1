package esdbserver

import (
	"math"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// query is what a client asks Read for.
type query struct {
	stream    string // of all streams if empty
	where     where
	from      uint64 // a revision or a position, at `at`
	backwards bool
	count     uint64
	follow    bool // a subscription
	filter    *filter
	textIDs   bool
}

type where uint8

const (
	atStart where = iota
	atEnd
	at
)

// parseQuery refuses what EventStoreDB refuses: combinations that it has no
// reader for.
func parseQuery(request *streams.ReadReq) (query, error) {
	options := request.GetOptions()
	q := query{
		backwards: options.GetReadDirection() == streams.ReadReq_Options_Backwards,
		count:     math.MaxUint64,
	}
	if options.GetUuidOption() == nil {
		return query{}, invalid("the form of ids is not given")
	}
	_, q.textIDs = options.GetUuidOption().GetContent().(*streams.ReadReq_Options_UUIDOption_String_) // else structured
	switch option := options.GetCountOption().(type) {
	case *streams.ReadReq_Options_Count:
		q.count = option.Count
	case *streams.ReadReq_Options_Subscription:
		q.follow = true
	default:
		return query{}, invalid("neither a count nor a subscription is asked for")
	}
	if err := q.parsePlace(options); err != nil {
		return query{}, err
	}
	switch option := options.GetFilterOption().(type) {
	case *streams.ReadReq_Options_Filter:
		if q.stream != "" {
			return query{}, invalid("a stream cannot be filtered")
		}
		var err error
		if q.filter, err = parseFilter(option.Filter); err != nil {
			return query{}, err
		}
		if q.follow && q.filter.interval == 0 { // a read has no checkpoints
			return query{}, invalid("the interval of checkpoints is 0")
		}
	case *streams.ReadReq_Options_NoFilter:
	default:
		return query{}, invalid("neither a filter nor none is given")
	}
	return q, q.check()
}

func (q *query) parsePlace(options *streams.ReadReq_Options) error {
	switch option := options.GetStreamOption().(type) {
	case *streams.ReadReq_Options_Stream:
		q.stream = string(option.Stream.GetStreamIdentifier().GetStreamName())
		if q.stream == "" {
			return invalid("the stream has no name")
		}
		switch place := option.Stream.GetRevisionOption().(type) {
		case *streams.ReadReq_Options_StreamOptions_Revision:
			q.where, q.from = at, place.Revision
		case *streams.ReadReq_Options_StreamOptions_End:
			q.where = atEnd
		case *streams.ReadReq_Options_StreamOptions_Start:
		default:
			return invalid("no revision is given")
		}
	case *streams.ReadReq_Options_All:
		switch place := option.All.GetAllOption().(type) {
		case *streams.ReadReq_Options_AllOptions_Position:
			q.where, q.from = at, place.Position.GetCommitPosition()
		case *streams.ReadReq_Options_AllOptions_End:
			q.where = atEnd
		case *streams.ReadReq_Options_AllOptions_Start:
		default:
			return invalid("no position is given")
		}
	default:
		return invalid("neither a stream nor all of them are asked for")
	}
	return nil
}

func (q *query) check() error {
	switch {
	case q.count == 0:
		return invalid("a count of 0 is asked for")
	case q.follow && q.backwards:
		return invalid("a subscription cannot go backwards")
	case q.stream != "" && q.where == atEnd && !q.follow && !q.backwards:
		return invalid("there is nothing behind the end of a stream")
	}
	return nil
}
