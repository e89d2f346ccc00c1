package httpapi

import "sync"

// reading bounds how many requests with a role run at once, and how many of them
// are of one token: reads may wait for seconds, and one client can have many.
type reading struct {
	most, share int

	mu      sync.Mutex
	running map[string]int // by actor
	all     int
}

func newReading(most, share int) *reading {
	return &reading{most: most, share: share, running: make(map[string]int)}
}

// take occupies a place until release is called, or refuses.
func (r *reading) take(actor string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all >= r.most || r.running[actor] >= r.share {
		return overloaded.problem("Send the request again.", nil)
	}
	r.all++
	r.running[actor]++
	return nil
}

func (r *reading) release(actor string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all--
	if r.running[actor]--; r.running[actor] == 0 {
		delete(r.running, actor)
	}
}
