package esdbserver

import (
	"iter"

	"daybook/eventstore"
)

const (
	// windowLength and windowBytes bound what reading backwards holds at once: a
	// window of the log is read forwards and handed out from its end.
	windowLength = 512
	windowBytes  = 1 << 20
)

// backwards returns the events with an index in [low, high), the highest first.
// No more than count are going to be taken.
func backwards(high, low, count uint64, index func(*eventstore.Recorded) uint64, read func(from uint64) iter.Seq2[eventstore.Recorded, error]) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		var w window
		for length := min(max(count, 1), windowLength); high > low; {
			from := low
			if high-low > length {
				from = high - length
			}
			if err := w.fill(read(from), high, index); err != nil {
				yield(eventstore.Recorded{}, err)
				return
			}
			for i := len(w.events) - 1; i >= 0; i-- {
				if !yield(w.events[i], nil) {
					return
				}
			}
			high = from
			switch {
			case w.dropped: // large events: what was dropped is read again
				high = index(&w.events[0])
				length = uint64(max(len(w.events), 1))
			case len(w.events) == 0: // a gap
				length *= 2
			default:
				length = windowLength
			}
		}
	}
}

// window holds the last events of a stretch.
type window struct {
	events  []eventstore.Recorded
	size    int
	dropped bool // there were more before them
}

func (w *window) fill(events iter.Seq2[eventstore.Recorded, error], high uint64, index func(*eventstore.Recorded) uint64) error {
	clear(w.events)
	*w = window{events: w.events[:0]}
	for e, err := range events {
		if err != nil {
			return err
		}
		if index(&e) >= high {
			return nil
		}
		w.events = append(w.events, e)
		w.size += sizeOf(&e)
		for w.size > windowBytes && len(w.events) > 1 {
			w.size -= sizeOf(&w.events[0])
			w.events[0] = eventstore.Recorded{}
			w.events = w.events[1:]
			w.dropped = true
		}
	}
	return nil
}

func sizeOf(e *eventstore.Recorded) int { return len(e.Data) + len(e.Metadata) }
