package schedules

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Secret and Token are what the server takes callbacks and reads with.
const (
	Secret = "schedule-secret-of-callbacks"
	Token  = "schedule-secret-of-website"
)

const (
	posters = 3
	users   = 7
)

// load posts callbacks as long as a schedule runs. Each must be answered 200,
// except by a server that is being killed: then it is posted again, until it
// is.
type load struct {
	t       *testing.T
	seed    uint64
	client  *http.Client
	posting sync.WaitGroup
	stop    func() // ends the load, with everything acknowledged

	mu           sync.Mutex // guards what follows
	address      string     // of the server
	interrupted  bool       // it is being killed
	acknowledged int
	cents        map[string]int64 // by user, of payments that were acknowledged
	position     uint64           // the last one acknowledged
	changed      chan struct{}    // closed and replaced with every change
}

func startLoad(t *testing.T, seed uint64, address string) *load {
	transport := &http.Transport{MaxIdleConnsPerHost: posters}
	l := &load{
		t: t, seed: seed, address: address, cents: make(map[string]int64), changed: make(chan struct{}),
		client: &http.Client{Transport: transport, Timeout: patience},
	}
	stopping := make(chan struct{})
	l.stop = sync.OnceFunc(func() {
		close(stopping)
		l.posting.Wait()
		transport.CloseIdleConnections()
	})
	for n := range posters {
		l.posting.Go(func() { l.post(n, stopping) })
	}
	return l
}

// post posts one callback after the other, with pauses of which some are none.
func (l *load) post(poster int, stopping <-chan struct{}) {
	random := rand.New(rand.NewPCG(l.seed, uint64(1_000_000+poster)))
	for n := 0; ; n++ {
		id, user, cents := fmt.Sprintf("P%d-%d", poster, n), fmt.Sprintf("u/%d", random.IntN(users)), 1+random.Int64N(100_000)
		bodies := []string{order(id, user, cents)}
		switch random.IntN(8) { // what comes after the payment changes nothing
		case 0:
			bodies = append(bodies, bodies[0])
		case 1:
			bodies = append(bodies, order(id, user, cents+1)) // held
		case 2:
			bodies = append(bodies, mispaid(id, user, cents))
		}
		for i, body := range bodies {
			if i > 0 {
				user, cents = "", 0
			}
			if !l.deliver(body, user, cents) {
				return
			}
		}
		select {
		case <-stopping:
			return
		case <-time.After(time.Duration(random.IntN(6)) * time.Millisecond):
		}
	}
}

// deliver posts a callback until it is acknowledged, and reports whether to
// go on.
func (l *load) deliver(body, user string, cents int64) bool {
	for {
		l.mu.Lock()
		address, changed := l.address, l.changed
		l.mu.Unlock()
		position, err := l.send(address, body)
		if err == nil {
			l.acknowledge(user, cents, position)
			return true
		}
		l.mu.Lock()
		isExcused := l.interrupted || l.address != address
		if isExcused && l.address == address {
			changed = l.changed
		}
		l.mu.Unlock()
		if !isExcused {
			l.t.Errorf("a callback is not acknowledged: %v", err)
			return false
		}
		<-changed // another server has started, or a callback was acknowledged after all
	}
}

// send posts a callback and returns the position that it is answered with.
func (l *load) send(address, body string) (uint64, error) {
	response, err := l.client.Post("http://"+address+"/callbacks/coinbase?secret="+Secret, "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	var said struct {
		Position uint64 `json:",string"`
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(text, &said) != nil {
		return 0, fmt.Errorf("%s %s", response.Status, text)
	}
	return said.Position, nil
}

func (l *load) acknowledge(user string, cents int64, position uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acknowledged++
	l.position = max(l.position, position)
	if cents > 0 {
		l.cents[user] += cents
	}
	l.tell()
}

// interrupt excuses what is not acknowledged while another server takes the
// place of this one.
func (l *load) interrupt(restart func() (address string)) {
	l.mu.Lock()
	l.interrupted = true
	l.mu.Unlock()
	address := restart()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.address, l.interrupted = address, false
	l.tell()
}

// tell wakes who waits for a change. The caller holds mu.
func (l *load) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// await waits until n more callbacks are acknowledged.
func (l *load) await(n int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	for end := l.acknowledged + n; l.acknowledged < end; {
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		l.mu.Lock()
		if l.t.Failed() || ctx.Err() != nil {
			l.t.Fatalf("%d callbacks are acknowledged, not %d", l.acknowledged, end)
		}
	}
}

func order(id, user string, cents int64) string {
	return fmt.Sprintf(`{"order":{"id":"%s","created_at":"2026-03-01T10:00:00Z","status":"completed","event":{"type":"completed"},`+
		`"total_btc":{"cents":1,"currency_iso":"BTC"},"total_native":{"cents":%d,"currency_iso":"USD"},"custom":"%s","transaction":{"id":"t","hash":null}}}`, id, cents, user)
}

func mispaid(id, user string, cents int64) string {
	return fmt.Sprintf(`{"order":{"id":"%s","status":"completed","event":{"type":"mispayment","mispayment_id":"M%[1]s"},"total_native":{"cents":99999,"currency_iso":"USD"},"custom":"%[3]s",`+
		`"mispayments":[{"id":"M%[1]s","created_at":"2026-03-01T10:00:00Z","total_native":{"cents":%[2]d,"currency_iso":"USD"}}]}}`, id, cents, user)
}

// owed returns what users must have, and the position at which they have it.
func (l *load) owed() (amounts map[string]string, position string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	amounts = make(map[string]string)
	for user, cents := range l.cents {
		amounts[user] = fmt.Sprintf("%d.%02d", cents/100, cents%100)
	}
	return amounts, strconv.FormatUint(l.position, 10)
}
