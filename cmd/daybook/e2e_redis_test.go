package main_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"daybook/projections/redistest"
)

// redisSettings are the suite's secrets and a Redis.
func redisSettings(url string) []string {
	return []string{secretsSetting, tokensSetting, "DAYBOOK_REDIS=" + url}
}

// TestRedisIsReadWhereItIsSetAndSurvivesAStart posts callbacks, and reads what
// they came to over HTTP and straight from Redis, before and after a start.
func TestRedisIsReadWhereItIsSetAndSurvivesAStart(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	o := options{data: filepath.Join(t.TempDir(), "data"), settings: redisSettings(redis.URL())}
	s := start(t, o)
	outcomes := s.postEach(4, []string{completedOrder("A", "ann", 1253), completedOrder("B", "ann", 100), mispaidOrder("C", "bob", "mispaid", 5)})
	position := last(outcomes)
	if got := s.balances("ann", position)["USD"]; !strings.Contains(got, "13.53") {
		t.Errorf("ann has %v", got)
	}
	if o := s.order("A", position); o.Status != "paid" {
		t.Errorf("the order is %+v", o)
	}
	fields := redis.Client().HGetAll(t.Context(), "{daybook}:1:balance:ann").Val()
	if fields["USD"] != "13.53" || fields["USD:pending"] != "0.00" || fields["position"] == "" {
		t.Errorf("in Redis ann has %v", fields)
	}
	if entries := redis.Client().LRange(t.Context(), "{daybook}:1:entries:ann", 0, -1).Val(); len(entries) != 2 || !json.Valid([]byte(entries[0])) {
		t.Errorf("in Redis the entries are %v", entries)
	}
	if line, ok := s.stderr.await(patience, "is listening"); !ok || !strings.Contains(line, `"read_model":"redis at `+redis.Address) {
		t.Errorf("the line at the start is %s", line)
	}
	s.terminate()

	again := start(t, o)
	again.awaitStatus("/readyz/reads", 200)
	if got := again.balances("ann", position)["USD"]; !strings.Contains(got, "13.53") {
		t.Errorf("after a start ann has %v", got)
	}
	if applied := again.metric(`daybook_projection_applied_total{projection="balances"}`); applied != 0 {
		t.Errorf("after a start %v events are applied again", applied)
	}
}

// TestWithoutRedisCallbacksAreTakenAndReadsSayWhy takes Redis away, at the
// start and later.
func TestWithoutRedisCallbacksAreTakenAndReadsSayWhy(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, "--appendonly", "yes")
	redis.Kill()
	s := listen(t, options{settings: redisSettings(redis.URL())})
	check := func(order string) {
		t.Helper()
		if o := s.record(completedOrder(order, "ann", 100)); o.Outcome != "recorded" {
			t.Errorf("a callback is %s", o.Outcome)
		}
		s.awaitStatus("/readyz/reads", 503)
		for _, path := range []string{"/balances/ann", "/balances/ann/entries", "/orders/coinbase.A", "/balances/ann?min_position=1", "/readyz/reads"} {
			a := s.request("GET", path, websiteSecret, "")
			if a.status != 503 || !strings.Contains(a.body, "/problems/read-model-unreachable") || a.header.Get("Retry-After") == "" {
				t.Errorf("%s is answered %d %v %s", path, a.status, a.header, a.body)
			}
		}
		if a := s.request("GET", "/readyz", "", ""); a.status != 200 {
			t.Errorf("readiness is answered %d", a.status)
		}
		s.awaitMetric(`daybook_projection_read_model_unreachable{projection="balances"}`, 1)
	}
	check("A")
	redis.Restart()
	s.awaitStatus("/readyz/reads", 200)
	if got := s.balances("ann", 1)["USD"]; !strings.Contains(got, "1.00") {
		t.Errorf("ann has %v", got)
	}
	redis.Kill()
	check("B")
	redis.Restart()
	s.awaitStatus("/readyz/reads", 200)
	if got := s.balances("ann", 1)["USD"]; !strings.Contains(got, "2.00") {
		t.Errorf("ann has %v", got)
	}
}

// TestRedisSettingsThatMakeNoSenseAreRefused starts servers that cannot keep
// their read models where they are told to.
func TestRedisSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	evicting := redistest.Start(t, "--maxmemory-policy", "allkeys-lru")
	const hidden = "must-not-be-repeated"
	for name, c := range map[string]struct {
		settings, arguments []string
		code                int
		parts               []string
	}{
		"a server that evicts":            {redisSettings(evicting.URL()), nil, 1, []string{"noeviction", "redis-cli CONFIG SET"}},
		"a password in a flag":            {redisSettings("")[:2], []string{"--redis", "redis://:" + hidden + "@127.0.0.1"}, 2, []string{"DAYBOOK_REDIS", "DAYBOOK_REDIS_FILE"}},
		"another password in a flag":      {redisSettings("")[:2], []string{"--redis", "redis://127.0.0.1?master_name=m&password=" + hidden}, 2, []string{"DAYBOOK_REDIS"}},
		"no URL":                          {redisSettings("127.0.0.1:6379"), nil, 1, []string{"--redis", "redis://host:6379"}},
		"no URL with a password":          {redisSettings("redis://:" + hidden + "@127.0.0.1:x"), nil, 1, []string{"--redis"}},
		"a prefix without braces":         {redisSettings(evicting.URL()), []string{"--redis-prefix", "daybook"}, 1, []string{"--redis", "braces"}},
		"a file that is missing":          {append(redisSettings("")[:2], "DAYBOOK_REDIS_FILE=/nowhere/redis"), nil, 2, []string{"DAYBOOK_REDIS_FILE", "/nowhere/redis"}},
		"Redis twice":                     {append(redisSettings(evicting.URL()), "DAYBOOK_REDIS_FILE=/nowhere/redis"), nil, 2, []string{"unset one"}},
		"certificates that are none":      {redisSettings("rediss://127.0.0.1"), []string{"--redis-ca", "/dev/null"}, 1, []string{"--redis", "certificate"}},
		"certificates that are not there": {redisSettings("rediss://127.0.0.1"), []string{"--redis-ca", "/nowhere/ca"}, 1, []string{"/nowhere/ca"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, options{data: filepath.Join(t.TempDir(), "data"), settings: c.settings, arguments: c.arguments})
			p.checkRefused(c.code, c.parts...)
			if strings.Contains(p.stderr.String(), hidden) {
				t.Errorf("the message repeats a secret:\n%s", p.stderr)
			}
		})
	}
}

// TestThePasswordOfRedisIsInNoOutput connects as a user of Redis whose password
// comes from a file, and from the environment with a wrong one.
func TestThePasswordOfRedisIsInNoOutput(t *testing.T) {
	anyLog(t)
	t.Parallel()
	const password = "secret-of-redis"
	redis := redistest.Start(t, "--requirepass", password)
	file := secretFile(t, "redis://:"+password+"@"+redis.Address+"\n")
	for _, c := range []struct {
		setting string
		status  int
	}{{"DAYBOOK_REDIS_FILE=" + file, 200}, {"DAYBOOK_REDIS=redis://:not-the-" + password + "@" + redis.Address, 503}} {
		s := listen(t, options{settings: []string{secretsSetting, tokensSetting, c.setting}, arguments: []string{"--log-level", "debug"}})
		s.record(completedOrder("A", "ann", 100))
		s.awaitStatus("/readyz/reads", c.status)
		s.request("GET", "/balances/ann", websiteSecret, "")
		s.terminate()
		if strings.Contains(s.stderr.String()+s.stdout.String(), password) {
			t.Errorf("with %s the password is printed:\n%s", c.setting, s.stderr)
		}
		for line := range strings.Lines(s.stderr.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("not a line of JSON: %s", line)
			}
		}
	}
}
