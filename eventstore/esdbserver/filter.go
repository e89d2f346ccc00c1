package esdbserver

import (
	"regexp"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

const (
	// defaultWindow is how many events EventStoreDB looks at for a client that
	// gives no window, and as much as passes the filter.
	defaultWindow = 32

	// maxPattern bounds a regular expression; maxPrefixes how many prefixes are
	// compared with every event.
	maxPattern  = 4 << 10
	maxPrefixes = 1000
)

// filter chooses among the events of all streams.
type filter struct {
	byType   bool // else by stream name
	pattern  *regexp.Regexp
	prefixes []string
	interval uint64 // events looked at between two checkpoints of a subscription
}

// parseFilter accepts the syntax of RE2 (no look-around): it is matched in
// time linear in the text, whatever a client sends.
func parseFilter(options *streams.ReadReq_Options_FilterOptions) (*filter, error) {
	f := &filter{}
	var expression *streams.ReadReq_Options_FilterOptions_Expression
	switch option := options.GetFilter().(type) {
	case *streams.ReadReq_Options_FilterOptions_StreamIdentifier:
		expression = option.StreamIdentifier
	case *streams.ReadReq_Options_FilterOptions_EventType:
		expression, f.byType = option.EventType, true
	default:
		return nil, invalid("the filter has no expression")
	}
	if text := expression.GetRegex(); text != "" {
		if len(text) > maxPattern {
			return nil, invalid("the regular expression is longer than %d bytes", maxPattern)
		}
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, invalid("the regular expression is not understood (the syntax is RE2's): %v", err)
		}
		f.pattern = pattern
	} else if f.prefixes = expression.GetPrefix(); len(f.prefixes) > maxPrefixes {
		return nil, invalid("there are more than %d prefixes", maxPrefixes)
	}
	window := uint64(defaultWindow)
	switch option := options.GetWindow().(type) {
	case *streams.ReadReq_Options_FilterOptions_Max:
		window = uint64(option.Max)
	case *streams.ReadReq_Options_FilterOptions_Count:
	default:
		return nil, invalid("the filter has no window")
	}
	f.interval = window * uint64(options.GetCheckpointIntervalMultiplier())
	return f, nil
}

// matches reports whether an event passes. No filter lets everything pass; an
// empty list of prefixes nothing.
func (f *filter) matches(e *event) bool {
	if f == nil {
		return true
	}
	text := e.stream
	if f.byType {
		text = e.kind
	}
	if f.pattern != nil {
		return f.pattern.MatchString(text)
	}
	for _, prefix := range f.prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
