package main_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/redistest"

	"github.com/redis/go-redis/v9"
)

// mark is in every name of the customers of TestNoFailureNamesACustomer.
const mark = "Zq7Marker"

// markedAddress is one of Bitcoin's.
const markedAddress = "1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My"

// checkUnmarked fails the test if a log names a customer, or lacks what an operator
// needs.
func (s *server) checkUnmarked(failure string, needed ...string) {
	s.t.Helper()
	log := s.stderr.String()
	for line := range strings.Lines(log) {
		if strings.Contains(line, mark) || strings.Contains(line, markedAddress) {
			s.t.Errorf("%s: the log has %s", failure, line)
		}
	}
	for _, part := range needed {
		if !strings.Contains(log, part) {
			s.t.Errorf("%s: the log lacks %s:\n%s", failure, part, log)
		}
	}
}

// askAll sends everything that could be quoted.
func (s *server) askAll() {
	for _, body := range []string{completedOrder(mark+"1", mark+"-user", 100), deposit(markedAddress, mark, "0.5"), `{"order":{"custom":"` + mark + `"}}`, "{" + mark, `{"` + mark + `":1}`} {
		s.request("POST", callbackPath, "", body)
	}
	for _, path := range []string{"/orders/coinbase." + mark + "1", "/balances/" + mark + "-user", "/balances/" + mark + "-user/entries", "/streams/order-coinbase." + mark + "1", "/streams/" + mark, "/" + mark} {
		s.request("GET", path, operatorSecret, "")
	}
	s.request("PUT", "/addresses/"+markedAddress, websiteSecret, `{"user":"`+mark+`"}`)
	s.request("PUT", "/addresses/"+markedAddress, websiteSecret, `{"user":"`+mark+`2"}`)
}

// TestNoFailureNamesACustomer makes the log, the read models and the disk fail in
// the ways that are known, and looks for the customers' names in what is logged.
func TestNoFailureNamesACustomer(t *testing.T) {
	t.Parallel()
	embedded(t)
	debug := []string{"--log-level", "debug"}
	t.Run("an event that is not understood", func(t *testing.T) {
		t.Parallel()
		data := filepath.Join(t.TempDir(), "data")
		store, err := sqlitestore.Open(context.Background(), sqlitestore.Options{Directory: data})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := eventstore.LogID(context.Background(), store); err != nil {
			t.Fatal(err)
		}
		strange := eventstore.Event{ID: eventstore.EventID{1}, Type: "PaymentVerified", Schema: 1, Data: []byte(`{"payment":"` + mark + `","amount":{"currency":"USD","amount":"` + mark + `"}}`), Metadata: []byte(`{}`)}
		for _, stream := range []eventstore.StreamName{"order-coinbase." + mark + "1", "address-" + markedAddress} {
			strange.ID[0]++
			if _, err := store.Append(context.Background(), stream, eventstore.Expected{}, strange); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		s := listen(t, options{data: data, arguments: debug})
		s.awaitStatus("/readyz", 200)
		s.stderr.awaitCount(t, "projection has stopped", 2)
		s.askAll()
		s.terminate()
		s.checkUnmarked("an event that is not understood", "load order-…", "load address-…", "at position")
	})
	t.Run("values in Redis that are damaged", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		client := redis.NewClient(&redis.Options{Addr: server.Address})
		defer client.Close()
		s := start(t, options{settings: []string{secretsSetting, tokensSetting, "DAYBOOK_REDIS=" + server.URL()}, arguments: debug})
		ctx := context.Background()
		o := s.record(completedOrder(mark+"1", mark+"-user", 100))
		for _, path := range []string{"/balances/ann", "/orders/coinbase." + mark + "1"} {
			s.request("GET", path+"?min_position="+o.Position, websiteSecret, "")
		}
		damage := func(order, entry string) {
			keys, err := client.Keys(ctx, "*"+mark+"*").Result()
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				switch {
				case strings.Contains(key, ":order:"):
					client.Set(ctx, key, order, 0)
				case strings.Contains(key, ":entries:"):
					client.LSet(ctx, key, 0, entry)
				case strings.Contains(key, ":balance:"):
					client.HSet(ctx, key, "USD", mark)
				}
			}
		}
		damage(`{"user":"`+mark+`"`, `["`+mark+`"]`)
		s.askAll()
		damage(mark, mark)
		s.askAll()
		client.Set(ctx, "{daybook}:1:balance:"+mark+"-user", mark, 0)
		s.askAll()
		s.terminate()
		s.checkUnmarked("damaged values", `"status":503`)
	})
	t.Run("an older copy of the log", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		settings := []string{secretsSetting, tokensSetting, "DAYBOOK_REDIS=" + server.URL()}
		first := start(t, options{settings: settings})
		first.record(completedOrder("before", "ann", 1))
		first.terminate()
		older := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(older, os.DirFS(first.data)); err != nil {
			t.Fatal(err)
		}
		again := start(t, options{data: first.data, settings: settings})
		again.request("GET", "/balances/x?min_position="+again.record(completedOrder(mark, mark, 1)).Position, websiteSecret, "")
		again.terminate()
		s := listen(t, options{data: older, settings: settings, arguments: debug})
		s.stderr.awaitCount(t, "run `daybook rebuild`", 2)
		s.terminate()
		s.checkUnmarked("an older copy", "order-…")
	})
	t.Run("no EventStoreDB", func(t *testing.T) {
		t.Parallel()
		s := listen(t, options{settings: []string{secretsSetting, tokensSetting, "DAYBOOK_EVENTSTORE=esdb://127.0.0.1:1?tls=false"}, arguments: debug})
		s.request("POST", callbackPath, "", completedOrder(mark, mark, 100))
		s.request("PUT", "/addresses/"+markedAddress, websiteSecret, `{"user":"`+mark+`"}`)
		s.terminate()
		s.checkUnmarked("no EventStoreDB", "order-…", "address-…", "connection refused")
	})
	t.Run("a full disk", func(t *testing.T) {
		t.Parallel()
		d := onSmallDisk(t, 5, 3)
		for i, refused := 0, 0; refused < 3 && i < 5000; i++ {
			if d.post(completedOrder(mark+string(rune('a'+i%26))+strings.Repeat("x", i/26%40), mark, 1+i)+strings.Repeat(" ", 40_000)).status != 200 {
				refused++
			}
		}
		d.terminate()
		d.checkUnmarked("a full disk", "append to order-…")
	})
}
