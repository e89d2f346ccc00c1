package coinbase_test

import (
	"slices"
	"strings"
	"testing"

	"daybook/http/coinbase"
	"daybook/http/coinbase/coinbasetest"
)

// walk asks for pages until the end, and returns the ids in their order and how many
// pages there were.
func walk(t *testing.T, ask func(coinbase.Query) (coinbase.Page, error), q coinbase.Query) (ids []string, pages int) {
	t.Helper()
	for {
		page, err := ask(q)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		if page.NextPageToken == "" || pages > 100 {
			return ids, pages
		}
		q.PageToken = page.NextPageToken
	}
}

func TestListsArePagedUntilTheEnd(t *testing.T) {
	for _, sandbox := range []bool{false, true} {
		w := newWorld(t, coinbase.Options{Sandbox: sandbox})
		for kind, ask := range map[coinbasetest.Kind]func(coinbase.Query) (coinbase.Page, error){
			coinbasetest.Checkouts:    func(q coinbase.Query) (coinbase.Page, error) { return w.client.Checkouts(t.Context(), q) },
			coinbasetest.PaymentLinks: func(q coinbase.Query) (coinbase.Page, error) { return w.client.PaymentLinks(t.Context(), q) },
		} {
			if ids, pages := walk(t, ask, coinbase.Query{}); len(ids) != 0 || pages != 1 {
				t.Errorf("%s: an empty list has %d items on %d pages", kind, len(ids), pages)
			}
			var all, paid []string
			for i := range 25 {
				made, err := w.Create(kind, coinbasetest.Resource{Amount: "5"})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, made.ID)
				if i%3 == 0 {
					paid = append(paid, made.ID)
					if _, err := w.Pay(kind, made.ID); err != nil {
						t.Fatal(err)
					}
				}
			}
			slices.Reverse(all)
			slices.Reverse(paid)
			for _, test := range []struct {
				query coinbase.Query
				want  []string
				pages int
			}{
				{coinbase.Query{PageSize: 10}, all, 3},
				{coinbase.Query{PageSize: 5}, all, 5},
				{coinbase.Query{}, all, 2},
				{coinbase.Query{PageSize: 100}, all, 1},
				{coinbase.Query{PageSize: 4, Status: coinbasetest.Completed}, paid, 3},
			} {
				if ids, pages := walk(t, ask, test.query); !slices.Equal(ids, test.want) || pages != test.pages {
					t.Errorf("%s %+v: %d items on %d pages, want %d on %d", kind, test.query, len(ids), pages, len(test.want), test.pages)
				}
			}
		}
	}
}

func TestAListThatIsNoneIsUnreadable(t *testing.T) {
	for name, test := range map[string]struct{ body, says string }{
		"no list":             {`{}`, "not the JSON"},
		"the other list":      {`{"paymentLinks":[]}`, "not the JSON"},
		"null":                {`{"checkouts":null}`, "not the JSON"},
		"the same page again": {`{"checkouts":[],"nextPageToken":"asked"}`, "same page"},
		"a token without end": {`{"checkouts":[],"nextPageToken":"` + strings.Repeat("a", 5000) + `"}`, "longer than 4 KiB"},
		"one bad item":        {`{"checkouts":[` + full + `,{"id":"a"}]}`, "is missing"},
		"a member twice":      {`{"checkouts":[],"checkouts":[]}`, "twice"},
	} {
		_, err := answering(t, test.body).Checkouts(t.Context(), coinbase.Query{PageToken: "asked"})
		if err == nil {
			t.Errorf("%s is read", name)
		} else if u := unavailable(t, err); u.Reason != coinbase.Unreadable || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCannotBeAskedIsNotSent(t *testing.T) {
	w := newWorld(t, coinbase.Options{})
	for _, id := range []string{"", ".", "..", "a\nb", strings.Repeat("a", 129)} {
		if _, err := w.client.Checkout(t.Context(), id); err == nil {
			t.Errorf("id %.9q is asked for", id)
		}
	}
	for _, size := range []int{-1, 101} {
		if _, err := w.client.Checkouts(t.Context(), coinbase.Query{PageSize: size}); err == nil {
			t.Errorf("page size %d is asked for", size)
		}
	}
	if w.Requests() != 0 {
		t.Errorf("%d requests were sent", w.Requests())
	}
}

func TestTheBaseURLIsAHostThatIsEncrypted(t *testing.T) {
	for text, ok := range map[string]bool{
		"https://business.coinbase.com": true, "https://proxy.example:8443/": true, "http://127.0.0.1:80": true, "http://[::1]:80": true, "http://localhost:1": true,
		"http://business.coinbase.com": false, "http://127.0.0.1.example": false, "business.coinbase.com": false, "ftp://127.0.0.1": false,
		"https://user:password@host": false, "https://host/api": false, "https://host?a=b": false, "https://": false, "::": false,
	} {
		_, err := coinbase.New(coinbase.Options{Key: ecSecret(t), BaseURL: text})
		if (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "password") {
			t.Errorf("the error contains the password: %v", err)
		}
	}
	if _, err := coinbase.New(coinbase.Options{}); err == nil {
		t.Error("a client without a key")
	}
}
