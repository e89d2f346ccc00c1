package coinbase_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

// inMemory is a server and a client in a bubble of synctest, where time passes at
// once and a network would block.
func inMemory(t *testing.T) world {
	key := ecSecret(t)
	server, err := coinbasetest.New(coinbasetest.Options{KeyName: keyName, Key: key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := coinbase.New(coinbase.Options{Key: key, BreakAfter: 3, BreakFor: 30 * time.Second, Transport: transport(func(r *http.Request) (*http.Response, error) {
		if r.Host == "" {
			r.Host = r.URL.Host
		}
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, r)
		return recorder.Result(), nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	return world{server, client, ""}
}

func (w world) reason(t *testing.T, id string) string {
	t.Helper()
	_, err := w.client.Checkout(t.Context(), id)
	if err == nil {
		return "ok"
	}
	return unavailable(t, err).Reason
}

func TestTheBreakerOpensAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := inMemory(t)
		id := w.paid(t)
		w.FailNext(coinbasetest.ServerError, coinbasetest.ServerError, coinbasetest.ServerError)
		for range 3 {
			if reason := w.reason(t, id); reason != coinbase.ServerError {
				t.Fatalf("reason is %s", reason)
			}
		}
		_, err := w.client.Checkout(t.Context(), id)
		if u := unavailable(t, err); u.Reason != coinbase.BreakerOpen || u.RetryAfter != 30*time.Second {
			t.Fatalf("after three failures: %v", err)
		}
		if w.Requests() != 3 {
			t.Errorf("%d requests arrived, want 3", w.Requests())
		}
		time.Sleep(31 * time.Second)
		w.FailNext(coinbasetest.ServerError)
		if reason := w.reason(t, id); reason != coinbase.ServerError {
			t.Errorf("the first request after the rest: %s", reason)
		}
		if reason := w.reason(t, id); reason != coinbase.BreakerOpen {
			t.Errorf("after it failed: %s", reason)
		}
		time.Sleep(31 * time.Second)
		for range 3 {
			if reason := w.reason(t, id); reason != "ok" {
				t.Errorf("after a second rest: %s", reason)
			}
		}
	})
}

func TestWhatOneIDIsAnsweredOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := inMemory(t)
		id := w.paid(t)
		other := coinbasetest.Fault{Change: func(r *coinbasetest.Resource) { r.ID = "another" }}
		for _, fault := range []coinbasetest.Fault{coinbasetest.Unauthorized, coinbasetest.Forbidden, coinbasetest.NotFound, coinbasetest.RateLimited(time.Second), other, {Body: "{"}} {
			w.FailNext(fault, fault, fault, fault, fault, fault)
			for range 6 {
				if reason := w.reason(t, id); reason == coinbase.BreakerOpen || reason == "ok" {
					t.Fatalf("status %d: %s", fault.Status, reason)
				}
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 6 {
			_, _ = w.client.Checkout(ctx, id)
		}
		if reason := w.reason(t, id); reason != "ok" {
			t.Errorf("after all of them: %s", reason)
		}
	})
}
