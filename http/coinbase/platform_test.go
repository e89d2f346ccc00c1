package coinbase_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

func (w world) platform(t *testing.T, o coinbase.Options) *coinbase.Platform {
	t.Helper()
	o.BaseURL, o.Now, o.Key = w.url, now, ecSecret(t)
	platform, err := coinbase.NewPlatform(o)
	if err != nil {
		t.Fatal(err)
	}
	return platform
}

func TestSubscriptionsAreListedToTheEnd(t *testing.T) {
	w := newWorld(t, coinbase.Options{})
	platform := w.platform(t, coinbase.Options{Claims: coinbase.ClaimURI, Sandbox: true}) // neither is the platform's
	var want []string
	for i := range 5 {
		sub := coinbasetest.Subscription{
			EventTypes: []string{"checkout.payment.success"}, Enabled: i != 3, Metadata: coinbasetest.Secret{Secret: canary},
			Target: coinbasetest.Target{URL: fmt.Sprintf("https://your.site/%d", i), Headers: map[string]string{"Authorization": canary}},
		}
		if i == 4 {
			sub.Labels = map[string]string{"sandbox": "true"}
		}
		want = append(want, w.Subscribe(sub).ID)
	}
	var got []string
	for token := ""; ; {
		page, err := platform.Subscriptions(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Items {
			i := len(got)
			if s.Enabled != (i != 3) || s.IsSandbox() != (i == 4) || s.Target.URL != fmt.Sprintf("https://your.site/%d", i) || !slices.Equal(s.EventTypes, []string{"checkout.payment.success"}) {
				t.Errorf("subscription %d is %+v", i, s)
			}
			if strings.Contains(fmt.Sprintf("%+v", s), canary) {
				t.Errorf("a subscription has its secret or its headers: %+v", s)
			}
			got = append(got, s.ID)
		}
		if token = page.NextPageToken; token == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}

func TestDeliveriesOfASubscription(t *testing.T) {
	w := newWorld(t, coinbase.Options{})
	platform := w.platform(t, coinbase.Options{})
	sub := w.Subscribe(coinbasetest.Subscription{})
	if all, err := platform.Deliveries(t.Context(), sub.ID); err != nil || len(all) != 0 {
		t.Errorf("before the first there are %v: %v", all, err)
	}
	w.Deliver(sub.ID, "checkout.payment.success", 401)
	w.Deliver(sub.ID, "checkout.payment.success", 200)
	all, err := platform.Deliveries(t.Context(), sub.ID)
	if err != nil || len(all) != 2 {
		t.Fatalf("there are %v: %v", all, err)
	}
	if d := all[0]; d.Status != "succeeded" || d.Response.Status != 200 || d.EventType != "checkout.payment.success" || !d.CreatedAt.After(all[1].CreatedAt) || all[1].Response.Status != 401 {
		t.Errorf("they are %+v", all)
	}
	for range 60 {
		w.Deliver(sub.ID, "checkout.payment.success", 200)
	}
	if all, err := platform.Deliveries(t.Context(), sub.ID); err != nil || len(all) != 50 {
		t.Errorf("of 62 there are %d: %v", len(all), err)
	}
	if _, err := platform.Deliveries(t.Context(), "a\nb"); err == nil {
		t.Error("an id with a line break is asked for")
	}
	var u *coinbase.Unavailable
	if _, err := platform.Deliveries(t.Context(), "../other"); !errors.As(err, &u) || u.Reason != coinbase.NotFound {
		t.Errorf("of another id: %v", err)
	}
}

// TestPlatformAnswersThatCannotBeUsed are unavailable, and say nothing of the body.
func TestPlatformAnswersThatCannotBeUsed(t *testing.T) {
	subscription := `{"subscriptionId":"1","eventTypes":["` + canary + `"],"isEnabled":true,"target":{"url":"` + canary + `"}}`
	for _, body := range []string{
		"", "{", "[]", "{}", `{"subscriptions":null}`, `{"subscriptions":{}}`, `{"subscriptions":[{}]}`, `{"subscriptions":["` + canary + `"]}`,
		`{"subscriptions":[],"subscriptions":[` + subscription + `]}`, `{"subscriptions":[],"nextPageToken":"7"}`,
		`{"subscriptions":[{"subscriptionId":"a\n` + canary + `"}]}`, `{"subscriptions":[{"subscriptionId":"1","eventTypes":["a\n` + canary + `"]}]}`,
		`{"subscriptions":[],"nextPageToken":"` + strings.Repeat("7", 5000) + `"}`,
		`{"events":[{"eventId":"\u0000` + canary + `"}]}`, `{"events":[{"createdAt":"` + canary + `"}]}`, `{"events":[{"response":{"httpCode":"` + canary + `"}}]}`,
	} {
		platform, err := coinbase.NewPlatform(coinbase.Options{Key: ecSecret(t), BreakAfter: 99, Transport: transport(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body))}, nil
		})})
		if err != nil {
			t.Fatal(err)
		}
		page, err := platform.Subscriptions(t.Context(), "7")
		if u := unavailable(t, err); u.Reason != coinbase.Unreadable || page.Items != nil {
			t.Errorf("subscriptions %.60s: %+v, %v", body, page, err)
		}
		all, err := platform.Deliveries(t.Context(), "1")
		if u := unavailable(t, err); u.Reason != coinbase.Unreadable || all != nil {
			t.Errorf("events %.60s: %+v, %v", body, all, err)
		}
	}
}

func TestThePlatformHasItsOwnHostAndClaims(t *testing.T) {
	var asked string
	platform, err := coinbase.NewPlatform(coinbase.Options{Key: ecSecret(t), Transport: transport(func(r *http.Request) (*http.Response, error) {
		asked = r.URL.String()
		return nil, errors.New("sent nowhere")
	})})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = platform.Subscriptions(t.Context(), "a b")
	if asked != "https://api.cdp.coinbase.com/platform/v2/data/webhooks/subscriptions?pageToken=a+b" {
		t.Errorf("asked %s", asked)
	}
	if _, err := coinbase.NewPlatform(coinbase.Options{}); err == nil {
		t.Error("a client without a key")
	}
}

// TestClockAheadIsThatOfTheLastAnswer whatever its status.
func TestClockAheadIsThatOfTheLastAnswer(t *testing.T) {
	date, status := "", 200
	client, err := coinbase.New(coinbase.Options{Key: ecSecret(t), Now: now, BreakAfter: 99, Transport: transport(func(*http.Request) (*http.Response, error) {
		header := http.Header{}
		if date != "" {
			header.Set("Date", date)
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	})})
	if err != nil {
		t.Fatal(err)
	}
	if off, known := client.ClockAhead(); known {
		t.Errorf("before the first answer the clock is %s ahead", off)
	}
	for _, c := range []struct {
		theirs time.Time
		status int
		want   time.Duration
	}{{noon, 200, 0}, {noon.Add(-90 * time.Second), 401, 90 * time.Second}, {noon.Add(3 * time.Hour), 500, -3 * time.Hour}} {
		date, status = c.theirs.Format(http.TimeFormat), c.status
		_, _ = client.Checkout(t.Context(), "1")
		if off, known := client.ClockAhead(); !known || off != c.want {
			t.Errorf("at %s the clock is %s ahead (%v), want %s", date, off, known, c.want)
		}
	}
	date = "yesterday"
	_, _ = client.Checkout(t.Context(), "1")
	if off, known := client.ClockAhead(); !known || off != -3*time.Hour {
		t.Errorf("after a Date that is none the clock is %s ahead (%v)", off, known)
	}
}
