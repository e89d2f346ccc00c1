package main_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/base58"
)

// client asks one server.
type client struct {
	test    *testing.T
	address string // host:port
	http    *http.Client
}

func newClient(t *testing.T, address string) client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return client{test: t, address: address, http: &http.Client{Transport: transport, Timeout: patience}}
}

// answer is what a request came to.
type answer struct {
	status int
	header http.Header
	body   string
}

// outcome is the answer to a callback that was understood.
type outcome struct {
	Outcome  string  `json:"outcome"`
	Stream   string  `json:"stream"`
	Revision *uint64 `json:"revision"`
	Position string  `json:"position"`
}

// attempt makes a request that may fail. Path is encoded.
func (c client) attempt(ctx context.Context, method, path, token, body string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return c.do(request)
}

func (c client) do(request *http.Request) (answer, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, response.Header, string(content)}, nil
}

// send sends a request that must be answered.
func (c client) send(request *http.Request) answer {
	c.test.Helper()
	a, err := c.do(request)
	if err != nil {
		c.test.Fatalf("%s %s: %v", request.Method, request.URL.Path, err)
	}
	return a
}

// request makes a request that must be answered.
func (c client) request(method, path, token, body string) answer {
	c.test.Helper()
	a, err := c.attempt(context.Background(), method, path, token, body)
	if err != nil {
		c.test.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

const callbackPath = "/callbacks/coinbase?secret=" + callbackSecret

// post posts a callback.
func (c client) post(body string) answer {
	c.test.Helper()
	return c.request("POST", callbackPath, "", body)
}

// record posts a callback that must be answered 200, and returns what became
// of it.
func (c client) record(body string) outcome {
	c.test.Helper()
	return c.outcome(c.post(body))
}

func (c client) outcome(a answer) outcome {
	c.test.Helper()
	var o outcome
	if a.status != 200 || json.Unmarshal([]byte(a.body), &o) != nil {
		c.test.Fatalf("a callback is answered %d %s", a.status, a.body)
	}
	return o
}

// delivery is a callback and what it was answered.
type delivery struct {
	body string
	answer
	err error
}

// postAll posts callbacks from a number of clients at once, each of which
// takes the next one, and returns what each came to in the order given. It
// stops when ctx ends; what was not posted by then has the error of ctx.
func (c client) postAll(ctx context.Context, clients int, bodies []string, each func(delivery)) []delivery {
	deliveries := make([]delivery, len(bodies))
	next := make(chan int)
	var posting sync.WaitGroup
	for range clients {
		posting.Go(func() {
			for i := range next {
				d := delivery{body: bodies[i]}
				if d.err = ctx.Err(); d.err == nil {
					d.answer, d.err = c.attempt(ctx, "POST", callbackPath, "", d.body)
				}
				deliveries[i] = d
				if each != nil {
					each(d)
				}
			}
		})
	}
	for i := range bodies {
		next <- i
	}
	close(next)
	posting.Wait()
	return deliveries
}

// postEach posts callbacks like postAll, all of which must be answered 200.
func (c client) postEach(clients int, bodies []string) []outcome {
	c.test.Helper()
	var outcomes []outcome
	for _, d := range c.postAll(context.Background(), clients, bodies, nil) {
		if d.err != nil {
			c.test.Fatalf("post: %v", d.err)
		}
		outcomes = append(outcomes, c.outcome(d.answer))
	}
	return outcomes
}

// last returns the position of the last of some outcomes in the log.
func last(outcomes []outcome) uint64 {
	var position uint64
	for _, o := range outcomes {
		p, _ := strconv.ParseUint(o.Position, 10, 64)
		position = max(position, p)
	}
	return position
}

// balances returns a user's available money by currency, once the read model
// has reached a position.
func (c client) balances(user string, position uint64) map[string]string {
	c.test.Helper()
	a := c.request("GET", fmt.Sprintf("/balances/%s?min_position=%d", url.PathEscape(user), position), websiteSecret, "")
	return parseBalances(c.test, a.body)
}

// parseBalances reads what GET /balances answers and balance --format json
// prints.
func parseBalances(t *testing.T, text string) map[string]string {
	t.Helper()
	var said struct {
		Balances []struct {
			Currency, Available, Pending string
		}
	}
	if err := json.Unmarshal([]byte(text), &said); err != nil || said.Balances == nil {
		t.Fatalf("balances are %s", text)
	}
	balances := map[string]string{}
	for _, b := range said.Balances {
		balances[b.Currency] = b.Available
	}
	return balances
}

// order is the state of an order, as far as the suite looks at it.
type order struct {
	Status      string
	Payments    []struct{ User, Status string }
	Mispayments []struct{ Payment, Status string }
	Holds       []struct{ Reason string }
}

// order returns the state of an order, once the read model has reached a
// position.
func (c client) order(id string, position uint64) order {
	c.test.Helper()
	a := c.request("GET", fmt.Sprintf("/orders/coinbase.%s?min_position=%d", id, position), websiteSecret, "")
	var o order
	if err := json.Unmarshal([]byte(a.body), &o); err != nil || a.status != 200 {
		c.test.Fatalf("order %s: %d %s", id, a.status, a.body)
	}
	return o
}

// awaitStatus asks until the answer has a status. The server is given a turn
// by asking it.
func (c client) awaitStatus(path string, status int) answer {
	c.test.Helper()
	var a answer
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if a, err = c.attempt(context.Background(), "GET", path, "", ""); err == nil && a.status == status {
			return a
		}
	}
	c.test.Fatalf("GET %s is not answered %d within %s: %d %s %v", path, status, patience, a.status, a.body, err)
	return a
}

// awaitMetric waits until a metric has a value: what it says may take a moment to
// be noticed.
func (c client) awaitMetric(name string, want float64) {
	c.test.Helper()
	for deadline := time.Now().Add(patience); c.metric(name) != want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.test.Fatalf("%s is %v, not %v", name, c.metric(name), want)
		}
	}
}

// metric returns the value of a metric.
func (c client) metric(name string) float64 {
	c.test.Helper()
	for line := range strings.Lines(c.request("GET", "/metrics", "", "").body) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				c.test.Fatal(err)
			}
			return value
		}
	}
	c.test.Fatalf("there is no metric %s", name)
	return 0
}

// The callbacks of the suite, of the shape in Coinbase's documentation.

func completedOrder(id, user string, cents int) string {
	return fmt.Sprintf(`{"order":{"id":"%[1]s","created_at":"2026-03-01T10:00:00Z","status":"completed","event":{"type":"completed"},`+
		`"total_btc":{"cents":%[3]d000,"currency_iso":"BTC"},"total_native":{"cents":%[3]d,"currency_iso":"USD"},"total_payout":{"cents":1,"currency_iso":"USD"},`+
		`"custom":"%[2]s","transaction":{"id":"t-%[1]s","hash":null}},"customer":{"email":"%[2]s@example.com"}}`, id, user, cents)
}

func orderStatus(id, user, status string) string {
	return fmt.Sprintf(`{"order":{"id":"%s","created_at":"2026-03-01T10:00:00Z","status":"%s","event":null,"total_native":{"cents":1,"currency_iso":"USD"},"custom":"%s","transaction":null}}`, id, status, user)
}

// mispaidOrder announces the last of an order's mispayments and lists them all,
// as Coinbase does.
func mispaidOrder(id, user, status string, cents ...int) string {
	var list []string
	for i, c := range cents {
		list = append(list, fmt.Sprintf(`{"id":"%s-M%d","created_at":"2026-03-01T10:00:00Z","total_native":{"cents":%d,"currency_iso":"USD"}}`, id, i+1, c))
	}
	return fmt.Sprintf(`{"order":{"id":"%s","status":"%s","event":{"type":"mispayment","mispayment_id":"%[1]s-M%[3]d"},"total_native":{"cents":99999,"currency_iso":"USD"},"custom":"%[4]s","mispayments":[%[5]s]}}`,
		id, status, len(cents), user, strings.Join(list, ","))
}

func payout(id, status string) string {
	return fmt.Sprintf(`{"payout":{"id":"%s","type":"Sell","created_at":"2026-03-02T10:00:00Z","fees":{"coinbase":{"cents":57,"currency_iso":"USD"},"bank":{"cents":15,"currency_iso":"USD"}},`+
		`"status":"%s","btc":{"amount":"0.00","currency":"BTC"},"subtotal":{"amount":"56.74","currency":"USD"},"total":{"amount":"56.00","currency":"USD"},"order_codes":["A","B"],"mispayment_codes":[]}}`, id, status)
}

func deposit(address, hash, bitcoin string) string {
	return fmt.Sprintf(`{"address":"%s","amount":%s,"transaction":{"id":"t-%s","hash":"%[3]s","confirmations":0}}`, address, bitcoin, hash)
}

// bitcoinAddress makes an address of a name.
func bitcoinAddress(name string) string {
	digest := sha256.Sum256([]byte(name))
	return base58.CheckEncode(digest[:20], 0)
}

func (c client) registerAddress(address, user string) {
	c.test.Helper()
	if a := c.request("PUT", "/addresses/"+address, websiteSecret, fmt.Sprintf(`{"user":"%s"}`, user)); a.status != 200 {
		c.test.Fatalf("register address: %d %s", a.status, a.body)
	}
}
