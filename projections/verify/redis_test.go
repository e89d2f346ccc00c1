package verify

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"daybook/eventstore"
	readbalances "daybook/projections/balances"
	"daybook/projections/follow"
	readorders "daybook/projections/orders"
	"daybook/projections/projectiontest"
	"daybook/projections/redismodel"
	"daybook/projections/redistest"
)

// stored is a model in a real Redis, filled by the projectors.
type stored struct {
	*redismodel.Store
	server *redistest.Server
	prefix string
}

// fill keeps a log under a prefix, in batches of a size.
func fill(t testing.TB, server *redistest.Server, prefix string, log sliceLog, size int) stored {
	t.Helper()
	s := stored{server.StoreAt(t, prefix), server, prefix}
	s.extend(t, log, size)
	return s
}

// extend applies what a log has behind the checkpoint.
func (s stored) extend(t testing.TB, log sliceLog, size int) {
	t.Helper()
	for _, projector := range []follow.Projector{
		readbalances.NewRedis(s.Store, redismodel.Live()), readorders.NewRedis(s.Store, redismodel.Live()),
	} {
		projectiontest.ApplyBatches(t, projector, log, size)
	}
}

func (s stored) options(log sliceLog) Options {
	return Options{
		Log: log, Client: s.Client(), Prefix: s.prefix,
		Models: models(),
	}
}

// TestEqualModelsAreFoundEqual compares random histories, each filled in
// batches of a random size, through a real Redis.
func TestEqualModelsAreFoundEqual(t *testing.T) {
	server := redistest.Start(t)
	number := 0
	rapid.Check(t, func(r *rapid.T) {
		number++
		log := sliceLog(projectiontest.History(80).Draw(r, "log"))
		s := fill(t, server, "{r"+strconv.Itoa(number)+"}", log, rapid.IntRange(1, 40).Draw(r, "batch"))
		report, err := Run(t.Context(), s.options(log))
		if err != nil {
			r.Fatal(err)
		}
		if report.Count != 0 {
			r.Fatal(list(report))
		}
		if report.Models[0].Position != log.end() || report.Models[1].Position != log.end() {
			r.Fatalf("compared up to %+v, the log ends at %s", report, log.end())
		}
	})
}

func list(r Report) string {
	var b strings.Builder
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "%s %s\n", d.Subject, d.Text)
	}
	return b.String()
}

// TestDamageIsFound damages a model in every way, and expects that exactly
// that is listed.
func TestDamageIsFound(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(400))
	type arguments = []any
	for name, test := range map[string]struct {
		command arguments // with P for prefix and generation
		subject string
		text    string
		count   int
	}{
		"a cent more":                 {arguments{"HINCRBYFLOAT", "P:balance:u1", "USD", "0.01"}, "P:balance:u1", "USD is", 1},
		"pending is another":          {arguments{"HSET", "P:balance:u1", "USD:pending", "77.00"}, "P:balance:u1", "USD:pending is", 1},
		"another position":            {arguments{"HSET", "P:balance:u1", "position", "1"}, "P:balance:u1", "position is", 1},
		"a currency is gone":          {arguments{"HDEL", "P:balance:u1", "USD"}, "P:balance:u1", "USD is missing", 1},
		"a currency from nowhere":     {arguments{"HSET", "P:balance:u1", "CHF", "1.00"}, "P:balance:u1", `"CHF" is surplus`, 1},
		"a balance is deleted":        {arguments{"DEL", "P:balance:a%2Fb"}, "P:balance:a%2Fb", "is missing", 1},
		"entries are deleted":         {arguments{"DEL", "P:entries:a%2Fb"}, "P:entries:a%2Fb", "is missing", 1},
		"a balance of nobody":         {arguments{"HSET", "P:balance:mallory", "USD", "1000.00"}, "P:balance:mallory", "is surplus", 1},
		"entries of nobody":           {arguments{"RPUSH", "P:entries:mallory", "[]"}, "P:entries:mallory", "is surplus", 1},
		"a key of no kind":            {arguments{"SET", "P:salary:u1", "1"}, "P:salary:u1", "is surplus", 1},
		"a checkpoint of no model":    {arguments{"SET", "P:checkpoint:statements", "1"}, "P:checkpoint:statements", "is surplus", 1},
		"an entry is dropped":         {arguments{"LPOP", "P:entries:u1"}, "P:entries:u1", "entries, the log", 1},
		"an entry is another":         {arguments{"LSET", "P:entries:u1", "0", "[]"}, "P:entries:u1", "not the same", 1},
		"an entry is doubled":         {arguments{"EVAL", "redis.call('RPUSH', KEYS[1], redis.call('LINDEX', KEYS[1], -1))", "1", "P:entries:u1"}, "P:entries:u1", "entries, the log", 1},
		"two entries are swapped":     {arguments{"EVAL", "local a = redis.call('LINDEX', KEYS[1], 0) redis.call('LSET', KEYS[1], 0, redis.call('LINDEX', KEYS[1], 1)) redis.call('LSET', KEYS[1], 1, a)", "1", "P:entries:u1"}, "P:entries:u1", "not the same", 1},
		"a balance is no hash":        {arguments{"SET", "P:balance:u1", "12.53"}, "P:balance:u1", "cannot be read", 1},
		"entries are no list":         {arguments{"SET", "P:entries:u1", "x"}, "P:entries:u1", "cannot be read", 1},
		"an order is deleted":         {arguments{"DEL", "P:order:coinbase.5RTQNACF"}, "P:order:coinbase.5RTQNACF", "is missing", 1},
		"an order of nobody":          {arguments{"SET", "P:order:coinbase.X", "{}"}, "P:order:coinbase.X", "is surplus", 1},
		"an order is no JSON":         {arguments{"SET", "P:order:coinbase.5RTQNACF", "{"}, "P:order:coinbase.5RTQNACF", "is no document", 1},
		"an order is something else":  {arguments{"HSET", "P:order:coinbase.Y", "a", "b"}, "P:order:coinbase.Y", "cannot be read", 1},
		"a byte of an order":          {arguments{"EVAL", "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], (string.gsub(v, '\"revision\":', '\"revision\":1')))", "1", "P:order:coinbase.5RTQNACF"}, "P:order:coinbase.5RTQNACF", "revision is", 1},
		"a part of a batch was kept":  {arguments{"INCRBY", "P:sum:balances", "7"}, "P:checkpoint:balances", "part of a batch", 1},
		"a user is not in the set":    {arguments{"SREM", "P:keys:balances", "balance:u1"}, "P:balance:u1", "missing in the set", 1},
		"entries are not in the set":  {arguments{"SREM", "P:keys:balances", "entries:u1"}, "P:entries:u1", "missing in the set", 1},
		"an order is not in the set":  {arguments{"SREM", "P:keys:orders", "order:coinbase.5RTQNACF"}, "P:order:coinbase.5RTQNACF", "missing in the set", 1},
		"nobody is in the set":        {arguments{"SADD", "P:keys:balances", "balance:mallory"}, "P:balance:mallory", "surplus in the set", 1},
		"an order of nobody is in it": {arguments{"SADD", "P:keys:orders", "order:coinbase.X"}, "P:order:coinbase.X", "surplus in the set", 1},
		"no kind is in the set":       {arguments{"SADD", "P:keys:balances", "salary:u1"}, "P:salary:u1", "is surplus", 1},
		"the set is deleted":          {arguments{"DEL", "P:keys:orders"}, "P:checkpoint:orders", "has no", 1},
		"the set is begun anew":       {arguments{"EVAL", "redis.call('DEL', KEYS[1]) redis.call('SADD', KEYS[1], 'balance:u1')", "1", "P:keys:balances"}, "P:checkpoint:balances", "has no", 1},
		"a set of no model":           {arguments{"SADD", "P:keys:statements", ""}, "P:keys:statements", "is surplus", 1},
		"a sum of no model":           {arguments{"SET", "P:sum:statements", "1"}, "P:sum:statements", "is surplus", 1},
		"the checkpoint is of no log": {arguments{"EVAL", "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], (string.gsub(v, '01HV', '01HW')))", "1", "P:checkpoint:balances"}, "P:checkpoint:balances", "was built from log", 1},
		"the fold is another":         {arguments{"EVAL", "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], (string.gsub(v, '\"fold\":', '\"fold\":1')))", "1", "P:checkpoint:orders"}, "P:checkpoint:orders", "fold version", 1},
		"the revision is another":     {arguments{"EVAL", "local v = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], (string.gsub(v, '\"revision\":\"', '\"revision\":\"9')))", "1", "P:checkpoint:orders"}, "P:checkpoint:orders", "in this log", 1},
		"the checkpoint is no text":   {arguments{"SET", "P:checkpoint:orders", "unusable: a batch failed halfway"}, "P:checkpoint:orders", "is no checkpoint", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := fill(t, server, "{"+strings.ReplaceAll(name, " ", "-")+"}", log, 100)
			place := func(text string) string { return strings.Replace(text, "P:", s.prefix+":1:", 1) }
			command := make([]any, len(test.command))
			for i, argument := range test.command {
				command[i] = place(argument.(string))
			}
			if test.command[0] == "SET" {
				server.Client().Del(t.Context(), command[1].(string))
			}
			if err := server.Client().Do(t.Context(), command...).Err(); err != nil && err.Error() != "redis: nil" {
				t.Fatal(err)
			}
			report, err := Run(t.Context(), s.options(log))
			if err != nil {
				t.Fatal(err)
			}
			if report.Count != test.count || report.Differences[0].Subject != place(test.subject) || !strings.Contains(report.Differences[0].Text, test.text) {
				t.Fatalf("%d differences:\n%s", report.Count, list(report))
			}
		})
	}
}

func TestACheckpointThatWasMovedIsFound(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(400))
	s := fill(t, server, "{moved}", log, 100)
	for _, projection := range []string{"balances", "orders"} {
		for _, to := range []int{100, 350} {
			t.Run(fmt.Sprintf("%s back to event %d", projection, to), func(t *testing.T) {
				key := s.Key(1, "checkpoint", projection)
				kept := server.Client().Get(t.Context(), key).Val()
				text, err := redismodel.EncodeCheckpoint(follow.Checkpoint{
					LogID: projectiontest.LogID, Position: log[to].Position, Fold: 1,
					EventID: log[to].ID, Stream: log[to].Stream, Revision: log[to].Revision,
				})
				if err != nil {
					t.Fatal(err)
				}
				server.Client().Set(t.Context(), key, text, 0)
				defer server.Client().Set(t.Context(), key, kept, 0)
				report, err := Run(t.Context(), s.options(log))
				if err != nil || report.Count == 0 {
					t.Fatalf("nothing is found; error %v", err)
				}
			})
		}
	}
}

func TestAnotherLogIsFound(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(200))
	s := fill(t, server, "{other}", log, 100)
	for name, other := range map[string]sliceLog{
		"a log that ends earlier": log[:150],
		"a log that went another way": func() sliceLog {
			other := log.clone()
			for i := range other[150:] {
				other[150+i].ID[0]++
			}
			return other
		}(),
	} {
		report, err := Run(t.Context(), s.options(other))
		if err != nil || report.Count != 2 || !strings.Contains(list(report), "daybook rebuild") {
			t.Errorf("%s: %s; error %v", name, list(report), err)
		}
	}
}

func TestTwoCreditsOfOnePaymentAreFound(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(200))
	for i := range log {
		if log[i].Type == "PaymentVerified" {
			again := log[i]
			again.Position, again.ID = log.end()+1, eventstore.EventID{1}
			for _, e := range log {
				if e.Stream == again.Stream {
					again.Revision = e.Revision + 1
				}
			}
			log = append(log, again)
			break
		}
	}
	s := fill(t, server, "{twice}", log, 100)
	report, err := Run(t.Context(), s.options(log))
	if err != nil || report.Count != 1 || !strings.Contains(list(report), "credited again by PaymentVerified") {
		t.Fatalf("%s; error %v", list(report), err)
	}
}

func TestNoModelIsNoSuccess(t *testing.T) {
	server := redistest.Start(t)
	log := sliceLog(projectiontest.Sample(20))
	s := fill(t, server, "{none}", nil, 100)
	if _, err := Run(t.Context(), s.options(log)); !errors.Is(err, ErrNoModel) {
		t.Errorf("error is %v", err)
	}
	server.Kill()
	if _, err := Run(t.Context(), s.options(log)); !errors.Is(err, ErrUnreadable) {
		t.Errorf("error is %v", err)
	}
}
