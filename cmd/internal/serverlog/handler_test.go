package serverlog_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"daybook/cmd/internal/serverlog"
)

// TestPublicLeavesOutWhatNamesACustomer goes through the forms that errors of ours
// and of others have.
func TestPublicLeavesOutWhatNamesACustomer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, public string }{
		{"append to address-1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My: no space left", "append to address-…: no space left"},
		{"load order-coinbase.MARK at revision 3: unknown event", "load order-… at revision 3: unknown event"},
		{"rpc error: Event stream 'daybook.order-coinbase.MARK' is deleted.", "rpc error: Event stream 'daybook.order-…' is deleted."},
		{"stream daybook.strange-MARK has event 2 where event 1 was", "stream daybook.strange-… has event 2 where event 1 was"},
		{"event 0190 in payout-MARK at position 12: cannot fold", "event 0190 in payout-… at position 12: cannot fold"},
		{`order is "{\"user\":\"MARK\"}": syntax`, `order is "…": syntax`},
		{`entry 3 is "[\"MARK\",\"cut of`, `entry 3 is "…"`},
		{`jsontext: duplicate name "MA\"RK" after offset 3`, `jsontext: duplicate name "…" after offset 3`},
		{"key {daybook}:3:balance:MARK%2F1 is gone", "key {daybook}:3:balance:… is gone"},
		{"post coinbase/order/MARK: different currencies", "post coinbase/…: different currencies"},
		{"OrderExpired of order coinbase.MARK at position 5", "OrderExpired of order coinbase.… at position 5"},
		{"ERR unknown command 'evalsha', with args beginning with: 'a' 'MARK' ", "ERR unknown command 'evalsha', with args beginning with: …"},
		{"deposit at bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq is none", "deposit at … is none"},
		{"hash 0x" + strings.Repeat("ab", 32) + " twice", "hash … twice"},
		// What an operator needs stays.
		{"write journal: no space left on device", "write journal: no space left on device"},
		{`code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`, "code = Unavailable desc = connection error: transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"},
		{`connection error: desc = "transport: tls: \"MARK\" is not valid": x`, `connection error: transport: tls: \"…": x`},
		{"dial tcp 127.0.0.1:6379: connect: connection refused", "dial tcp 127.0.0.1:6379: connect: connection refused"},
		{"read model was built from another log: run `daybook rebuild`", "read model was built from another log: run `daybook rebuild`"},
		{"NOPERM User daybook has no permissions to run the 'evalsha' command", "NOPERM User daybook has no permissions to run the 'evalsha' command"},
		{"open /srv/daybook-data/daybook.db: permission denied", "open /srv/daybook-data/daybook.db: permission denied"},
		{"maxmemory-policy is allkeys-lru; type: redis-cli CONFIG SET", "maxmemory-policy is allkeys-lru; type: redis-cli CONFIG SET"},
	} {
		if got := serverlog.Public(c.text); got != c.public {
			t.Errorf("%s\nbecomes %s\nnot     %s", c.text, got, c.public)
		}
	}
}

// TestHandlerChangesEveryErrorAndDuration logs them in every way that slog has.
func TestHandlerChangesEveryErrorAndDuration(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	logger := slog.New(serverlog.NewHandler(slog.NewJSONHandler(&out, nil)))
	err := fmt.Errorf("append to order-MARK: %w", errors.New("full"))
	logger.Error("a", "error", err)
	logger.Error("b", "error", err.Error())
	logger.Error("c", "cause", err)
	logger.With("cause", err).Error("d")
	logger.Error("e", slog.Group("in", "cause", err, "delay", 1500*time.Microsecond))
	logger.WithGroup("in").Error("f", "cause", err)
	logger.Info("g", "delay", 1500*time.Microsecond, "long", 93*time.Minute+1234567)
	if strings.Contains(out.String(), "MARK") || strings.Count(out.String(), `"append to order-…: full"`) != 6 {
		t.Errorf("logged is\n%s", &out)
	}
	if strings.Count(out.String(), `"delay":"1.5ms"`) != 2 || !strings.Contains(out.String(), `"long":"1h33m0s"`) {
		t.Errorf("durations are\n%s", &out)
	}
}

// BenchmarkCallbackLine is what the line of one callback costs whoever answers it.
func BenchmarkCallbackLine(b *testing.B) {
	w := serverlog.NewWriter(io.Discard, 1<<20, lost)
	defer w.Close(patience)
	logger := slog.New(serverlog.NewHandler(slog.NewJSONHandler(w, nil)))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			logger.LogAttrs(b.Context(), slog.LevelInfo, "callback",
				slog.String("request_id", "01M80C0JGM6AS0AG9XWQ0XRF16"), slog.String("method", "POST"), slog.String("route", "/callbacks/coinbase"),
				slog.Int("status", 200), slog.String("duration", "1.523ms"), slog.String("outcome", "recorded"), slog.String("category", "order"))
		}
	})
}
