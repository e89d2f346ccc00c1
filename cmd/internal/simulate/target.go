package simulate

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
)

// Target is the server, and how one gets in.
type Target struct {
	Callbacks *url.URL // what comes before /callbacks/coinbase
	Balances  *url.URL // what comes before /balances/

	Secret  string // of the callback URL
	Signing string // the secret of webhooks
	Token   string // of a website or an auditor; an operator's to register and to read worklists

	// ForwardedFor is sent as X-Forwarded-For, if it is not empty: a server
	// that trusts this machine as a proxy takes it for the source.
	ForwardedFor string
}

// requestTimeout bounds one request. Daybook cuts requests off after 15 s.
const requestTimeout = 30 * time.Second

// maxAnswerBytes bounds what is read of an answer. Those of daybook are
// shorter, a page of a worklist is the longest; a proxy's error page may not be.
const maxAnswerBytes = 4 << 20

// client speaks to a target on a bounded number of connections.
type client struct {
	target    Target
	callbacks string // URL with the secret, which must not get into an error
	http      *http.Client
}

func newClient(target Target, connections int) *client {
	callbacks := target.Callbacks.JoinPath("callbacks", "coinbase")
	callbacks.RawQuery = url.Values{"secret": {target.Secret}}.Encode()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.MaxConnsPerHost = 0, connections, connections
	// Without a protocol to choose from it is HTTP/1.1, one request at a time
	// on each connection: that is what Coinbase spoke.
	transport.ForceAttemptHTTP2, transport.TLSNextProto = false, map[string]func(string, *tls.Conn) http.RoundTripper{}
	transport.DisableCompression = true
	return &client{
		target:    target,
		callbacks: callbacks.String(),
		http: &http.Client{
			Transport: transport,
			// Coinbase follows no redirect: it wants exactly 200.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// answer is what a request came to.
type answer struct {
	status     int
	body       []byte
	location   string // of a redirect
	retryAfter string
	took       time.Duration
}

// post sends a delivery. With Cut the connection is closed when the last byte
// of the request has been written, and there is no answer.
func (c *client) post(ctx context.Context, d Delivery, loss Loss) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	if loss == Cut {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { cancel() },
		})
	}
	request, err := c.request(ctx, d)
	if err != nil {
		return answer{}, fmt.Errorf("make a request: %w", withoutURL(err))
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "daybook-simulate")
	if c.target.ForwardedFor != "" {
		request.Header.Set("X-Forwarded-For", c.target.ForwardedFor)
	}
	return c.do(request)
}

func (c *client) request(ctx context.Context, d Delivery) (*http.Request, error) {
	switch {
	case d.Webhook != "":
		return c.webhook(ctx, d, time.Now())
	case d.Registers != "":
		return c.registration(ctx, d, "")
	}
	return http.NewRequestWithContext(ctx, http.MethodPost, c.callbacks, bytes.NewReader(d.Body))
}

// balances asks what a user has, once the read model has reached a position.
func (c *client) balances(ctx context.Context, user, position string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.read(ctx, url.Values{"min_position": {position}}, "balances", user)
}

// read asks with the token.
func (c *client) read(ctx context.Context, query url.Values, path ...string) (answer, error) {
	address := c.target.Balances.JoinPath(path...)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.target.Token)
	return c.do(request)
}

func (c *client) do(request *http.Request) (answer, error) {
	began := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, withoutURL(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return answer{}, err
	}
	return answer{
		status: response.StatusCode, body: body, took: time.Since(began),
		location: response.Header.Get("Location"), retryAfter: response.Header.Get("Retry-After"),
	}, nil
}

// withoutURL takes the URL, and the secret in it, out of an error.
func withoutURL(err error) error {
	if wrapped, ok := err.(*url.Error); ok {
		return wrapped.Err
	}
	return err
}

// acknowledgement is what daybook answers to a callback that it took.
type acknowledgement struct {
	Outcome  string `json:"outcome"`
	Position string `json:"position"`
}

// acknowledgement reads an answer of status 200. Coinbase does not look at it,
// and a proxy may have changed it: what cannot be read is left empty.
func (a answer) acknowledgement() (said acknowledgement) {
	_ = json.Unmarshal(a.body, &said)
	return said
}

// detail returns what a problem document says about it.
func (a answer) detail() string {
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(a.body, &problem) != nil {
		return ""
	}
	return problem.Detail
}
