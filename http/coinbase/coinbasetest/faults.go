package coinbasetest

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// Fault is how one answer goes wrong, after authentication. The zero value is none.
type Fault struct {
	Status     int             // answered in place of the resource
	RetryAfter string          // header of that answer; that Coinbase sends it is [unknown]
	Body       string          // answered with 200 in place of the resource
	Delay      time.Duration   // before the answer
	Hang       bool            // no answer until the client gives up
	Cut        bool            // the connection closes in the middle of the answer
	Change     func(*Resource) // what the answer says instead; the resource stays as it is
}

// Faults that tests ask for.
var (
	Unauthorized = Fault{Status: http.StatusUnauthorized}
	Forbidden    = Fault{Status: http.StatusForbidden}
	NotFound     = Fault{Status: http.StatusNotFound}
	ServerError  = Fault{Status: http.StatusServiceUnavailable}
	Hang         = Fault{Hang: true}
	Cut          = Fault{Cut: true}

	// Stale shows a paid resource as it was before: after payment a checkout may
	// still be ACTIVE or PROCESSING. [schema-mapping]
	Stale = Fault{Change: func(r *Resource) {
		r.Status, r.TransactionHash, r.Settlement, r.Refunds, r.RefundedAmount = Processing, "", nil, nil, ""
	}}
)

// RateLimited answers 429.
func RateLimited(wait time.Duration) Fault {
	return Fault{Status: http.StatusTooManyRequests, RetryAfter: strconv.Itoa(int(wait / time.Second))}
}

// Slow answers after a while.
func Slow(delay time.Duration) Fault { return Fault{Delay: delay} }

// Contradict answers with another amount than was paid.
func Contradict(amount string) Fault {
	return Fault{Change: func(r *Resource) {
		r.Amount = amount
		if r.Settlement != nil {
			settled := settle(amount, r.Currency)
			r.Settlement = &settled
		}
	}}
}

// FailNext lets the next requests fail, one fault each, in this order.
func (s *Server) FailNext(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, faults...)
}

// FailShare lets this share of all requests fail from here on, from 0 to 1, each
// fault as often as the others. Faults of FailNext go first.
func (s *Server) FailShare(share float64, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.share, s.shared = share, faults
}

// draw counts a request and returns its fault.
func (s *Server) draw() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if len(s.next) > 0 {
		fault := s.next[0]
		s.next = s.next[1:]
		return fault
	}
	if len(s.shared) > 0 && s.random.Float64() < s.share {
		return s.shared[s.random.IntN(len(s.shared))]
	}
	return Fault{}
}

// wait reports whether the client is still there.
func (f Fault) wait(ctx context.Context) bool {
	if f.Hang {
		<-ctx.Done()
		return false
	}
	if f.Delay == 0 {
		return true
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
