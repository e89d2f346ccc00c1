package coinbasetest

import (
	"encoding/base64"
	"net/http"
	"strconv"
)

// shelf keeps the resources of one kind.
type shelf struct {
	order []string // ids, oldest first
	byID  map[string]*Resource
}

func newShelf() *shelf { return &shelf{byID: map[string]*Resource{}} }

func (s *Server) one(kind Kind, id string, f Fault) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.resources[kind].byID[id]
	if !ok {
		return http.StatusNotFound, failure("not_found", string(kind)+" "+id+" not found")
	}
	return http.StatusOK, r.shown(f)
}

// shown returns the resource as an answer says it.
func (r *Resource) shown(f Fault) Resource {
	shown := r.copied()
	if f.Change != nil {
		f.Change(&shown)
	}
	return shown
}

// list answers a page. pageSize is 1 to 100, 20 by default [list-payment-links]. The
// order is [unknown]; here the newest goes first.
func (s *Server) list(kind Kind, r *http.Request, f Fault) (int, any) {
	query := r.URL.Query()
	size := 20
	if text := query.Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return http.StatusBadRequest, failure("invalid_request", "pageSize is 1 to 100")
		}
		size = n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shelf := s.resources[kind]
	below, ok := position(query.Get("pageToken"), len(shelf.order))
	if !ok {
		return http.StatusBadRequest, failure("invalid_request", "pageToken is not one of ours")
	}
	page, below := shelf.page(below, size, query.Get("status"), f)
	answer := map[string]any{"checkouts": page} // [list-checkouts]
	if kind == PaymentLinks {
		answer = map[string]any{"paymentLinks": page} // [list-payment-links]
	}
	if below > 0 {
		answer["nextPageToken"] = base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(below)))
	}
	return http.StatusOK, answer
}

// page returns resources below a position, and the position of the next page, which
// is 0 after the last.
func (l *shelf) page(below, size int, status string, f Fault) ([]Resource, int) {
	page := []Resource{}
	for ; below > 0; below-- {
		r := l.byID[l.order[below-1]]
		if status != "" && r.Status != status {
			continue
		}
		if len(page) == size {
			return page, below
		}
		page = append(page, r.shown(f))
	}
	return page, 0
}

// position reads a page token. The form of real ones is not promised.
func position(token string, end int) (int, bool) {
	if token == "" {
		return end, true
	}
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	below, err := strconv.Atoi(string(text))
	return below, err == nil && below > 0 && below <= end
}
