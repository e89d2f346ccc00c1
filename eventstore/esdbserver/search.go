package esdbserver

import "iter"

// probeLength is how many events a probe looks at: a page of the embedded
// store. Most streams end within it.
const probeLength = 512

// search returns the first index behind the last event, for a sequence that
// can be read forwards only: it reads at distances that double until there is
// nothing, and halves the gap. atLeast is a lower bound of the answer.
func search(atLeast uint64, read func(from uint64) iter.Seq2[uint64, error]) (uint64, error) {
	low := atLeast // there are events up to here, and perhaps more
	if _, ended, err := probe(&low, low, read); err != nil || ended {
		return low, err
	}
	high, err := bound(&low, read)
	for err == nil && low < high {
		middle := low + (high-low)/2
		var found, ended bool
		if found, ended, err = probe(&low, middle, read); found && ended {
			return low, err
		}
		if !found {
			high = middle
		}
	}
	return low, err
}

// bound returns an index from which on there is nothing, or low if that is the
// end.
func bound(low *uint64, read func(from uint64) iter.Seq2[uint64, error]) (uint64, error) {
	for step := uint64(2 * probeLength); ; step *= 2 {
		high := *low + step
		found, ended, err := probe(low, high, read)
		switch {
		case err != nil || !found:
			return high, err
		case ended:
			return *low, nil
		}
	}
}

// probe reads from an index on, and moves low behind what it finds. ended says
// that it has seen the end.
func probe(low *uint64, from uint64, read func(from uint64) iter.Seq2[uint64, error]) (found, ended bool, err error) {
	count := 0
	for index, err := range read(from) {
		if err != nil {
			return false, false, err
		}
		*low, found = index+1, true
		if count++; count == probeLength {
			return true, false, nil
		}
	}
	return found, true, nil
}
