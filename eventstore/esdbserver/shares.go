package esdbserver

import "sync"

// shares bounds how many of something are open, and how many of them by one user.
type shares struct {
	most, share int // a share of 0 is all

	mu   sync.Mutex
	open map[string]int // by user
	all  int
}

func newShares(most, share int) *shares {
	return &shares{most: most, share: share, open: make(map[string]int)}
}

// take reports whether there was room for one more; then release gives it back.
func (s *shares) take(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= s.most || s.share > 0 && s.open[user] >= s.share {
		return false
	}
	s.all++
	s.open[user]++
	return true
}

func (s *shares) release(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.open[user]--; s.open[user] == 0 {
		delete(s.open, user)
	}
}
