package coinbase_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

func TestEveryFaultHasItsReason(t *testing.T) {
	for name, test := range map[string]struct {
		fault  coinbasetest.Fault
		reason string
		after  time.Duration
		says   string
	}{
		"401":                  {coinbasetest.Unauthorized, coinbase.Unauthorized, 0, "clock"},
		"403":                  {coinbasetest.Forbidden, coinbase.Forbidden, 0, "grant the API key the scope View"},
		"404":                  {coinbasetest.NotFound, coinbase.NotFound, 0, "account"},
		"429 in seconds":       {coinbasetest.RateLimited(7 * time.Second), coinbase.RateLimited, 7 * time.Second, "retry after 7s"},
		"429 with a date":      {coinbasetest.Fault{Status: 429, RetryAfter: "Sun, 01 Mar 2026 12:01:30 GMT"}, coinbase.RateLimited, 90 * time.Second, "fewer"},
		"429 with a past date": {coinbasetest.Fault{Status: 429, RetryAfter: "Sun, 01 Mar 2026 11:00:00 GMT"}, coinbase.RateLimited, 0, "fewer"},
		"429 with nonsense":    {coinbasetest.Fault{Status: 429, RetryAfter: "-5"}, coinbase.RateLimited, 0, "fewer"},
		"429 for ages":         {coinbasetest.Fault{Status: 429, RetryAfter: "99999999999999999999999"}, coinbase.RateLimited, 24 * time.Hour, "fewer"},
		"500":                  {coinbasetest.Fault{Status: 500}, coinbase.ServerError, 0, "status 500"},
		"503":                  {coinbasetest.Fault{Status: 503, RetryAfter: "3"}, coinbase.ServerError, 3 * time.Second, "status.coinbase.com"},
		"400":                  {coinbasetest.Fault{Status: 400}, coinbase.Unreadable, 0, "status 400"},
		"302":                  {coinbasetest.Fault{Status: 302}, coinbase.Unreadable, 0, "redirects"},
		"hanging":              {coinbasetest.Hang, coinbase.Timeout, 0, "network"},
		"too slow":             {coinbasetest.Slow(time.Minute), coinbase.Timeout, 0, "network"},
		"cut":                  {coinbasetest.Cut, coinbase.Unreadable, 0, "unexpected EOF"},
		"HTML":                 {coinbasetest.Fault{Body: "<html>" + canary}, coinbase.Unreadable, 0, "not the JSON"},
		"another checkout":     {coinbasetest.Fault{Change: func(r *coinbasetest.Resource) { r.ID = canary }}, coinbase.Unreadable, 0, "another id"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, coinbase.Options{Timeout: 300 * time.Millisecond})
			id := w.paid(t)
			w.FailNext(test.fault)
			got, err := w.client.Checkout(t.Context(), id)
			u := unavailable(t, err)
			if u.Reason != test.reason || u.RetryAfter != test.after || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %s, retry after %v: %v", u.Reason, u.RetryAfter, err)
			}
			if got.ID != "" {
				t.Errorf("an answer beside the error: %+v", got)
			}
			w.client.CloseIdleConnections()
			if _, err := w.client.Checkout(t.Context(), id); err != nil {
				t.Errorf("the request after the fault: %v", err)
			}
		})
	}
}

func TestAnAbsentCheckoutIsNotFound(t *testing.T) {
	w := newWorld(t, coinbase.Options{})
	_, err := w.client.PaymentLink(t.Context(), w.paid(t)) // a checkout's id
	if u := unavailable(t, err); u.Reason != coinbase.NotFound {
		t.Errorf("reason is %s", u.Reason)
	}
	_, err = w.client.Checkout(t.Context(), "a/b c?d") // the token names the path as it is sent
	if u := unavailable(t, err); u.Reason != coinbase.NotFound {
		t.Errorf("reason is %s", u.Reason)
	}
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) {
	listener := httptest.NewServer(http.NotFoundHandler())
	listener.Close()
	client, err := coinbase.New(coinbase.Options{Key: ecSecret(t), BaseURL: listener.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Checkout(t.Context(), "68f7")
	if u := unavailable(t, err); u.Reason != coinbase.Unreachable {
		t.Errorf("reason is %s", u.Reason)
	}
}

func TestATransportsErrorIsNotQuoted(t *testing.T) {
	client, err := coinbase.New(coinbase.Options{Key: ecSecret(t), Transport: transport(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("malformed HTTP response " + canary + r.Header.Get("Authorization"))
	})})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Checkouts(t.Context(), coinbase.Query{PageToken: canary})
	if u := unavailable(t, err); u.Reason != coinbase.Unreadable {
		t.Errorf("reason is %s", u.Reason)
	}
}

func TestTheCallersDeadlineIsATimeoutAndItsCancellationIsItsOwn(t *testing.T) {
	w := newWorld(t, coinbase.Options{})
	id := w.paid(t)
	w.FailNext(coinbasetest.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.client.Checkout(ctx, id)
	if u := unavailable(t, err); u.Reason != coinbase.Timeout {
		t.Errorf("reason is %s", u.Reason)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = w.client.Checkout(ctx, id)
	if u := (*coinbase.Unavailable)(nil); errors.As(err, &u) || !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the cancellation", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer first.Close()
	client, err := coinbase.New(coinbase.Options{Key: ecSecret(t), BaseURL: first.URL})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Checkout(t.Context(), "68f7")
	if u := unavailable(t, err); u.Reason != coinbase.Unreadable || followed {
		t.Errorf("reason is %s, followed: %v", u.Reason, followed)
	}
}

func TestA401NamesTheClocksSkew(t *testing.T) {
	w := newWorld(t, coinbase.Options{Now: func() time.Time { return noon.Add(10 * time.Minute) }})
	_, err := w.client.Checkout(t.Context(), w.paid(t))
	if u := unavailable(t, err); u.Reason != coinbase.Unauthorized || !strings.Contains(err.Error(), "10m0s ahead of Coinbase's") {
		t.Errorf("error is %v", err)
	}
}
