package verify

const (
	// maxListed bounds the differences that are listed.
	maxListed = 100

	// maxKnown bounds those that are known apart, so that what two passes find
	// counts once.
	maxKnown = 10_000
)

// Difference is something that is not as the log says.
type Difference struct {
	Subject string // a key of the model, a payment, or a place in the log
	Text    string // what is wrong
}

// findings collects differences: the first ones, and how many there are.
type findings struct {
	listed []Difference
	count  int
	known  map[Difference]bool
}

func (f *findings) add(d Difference) {
	if f.known[d] {
		return
	}
	if f.known == nil {
		f.known = make(map[Difference]bool)
	}
	if len(f.known) < maxKnown {
		f.known[d] = true
	}
	if f.count++; len(f.listed) < maxListed {
		f.listed = append(f.listed, d)
	}
}
