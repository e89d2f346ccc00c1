package main_test

import (
	"slices"
	"strings"
	"testing"

	"daybook/projections/redistest"
)

// TestReadmeNamesTheRightsInRedisThatAreNeeded makes a user of Redis by
// README's line, and does as that user all that daybook does in Redis. What the
// line lacks is refused, and in Redis's list of what it has refused; what it
// has too much of was never asked for.
func TestReadmeNamesTheRightsInRedisThatAreNeeded(t *testing.T) {
	anyLog(t)
	inTree(t)
	t.Parallel()
	const password = "secret-of-redis"
	redis := redistest.Start(t)
	rights := readmeRights(t)
	asUser(t, redis, rights, password)
	url := "redis://daybook:" + password + "@" + redis.Address
	settings := redisSettings(url)
	redis.Client().Set(t.Context(), "{daybook}:1:balance:left", "of a model without a checkpoint", 0)
	b := &redisBooks{start(t, options{settings: settings}), redis}
	b.sell(0, 30)
	b.request("GET", "/balances/u%2F1/entries", websiteSecret, "")
	for _, line := range [][]string{{"verify"}, {"rebuild", "--grace", "0s"}, {"verify"}} {
		if code, p := run(t, settings, append(line, "--data", b.data)...); code != 0 {
			t.Errorf("%v ends with %d:\n%s%s", line, code, p.stdout, p.stderr)
		}
	}
	b.sell(30, 30)
	b.awaitStatus("/readyz/reads", 200)

	for _, refused := range redis.Client().ACLLog(t.Context(), 20).Val() {
		t.Errorf("not allowed is %s %s, in %s", refused.Reason, refused.Object, refused.Context)
	}
	called := redis.Client().Info(t.Context(), "commandstats").Val()
	for _, right := range rights {
		if command, isCommand := strings.CutPrefix(right, "+"); isCommand && command[0] != '@' && !strings.Contains(called, "cmdstat_"+command+":") {
			t.Errorf("allowed, and never called, is %s", command)
		}
	}
}

// readmeRights returns the rules of the user in README.
func readmeRights(t *testing.T) []string {
	t.Helper()
	for line := range strings.Lines(readmeSection(t, "### Read balances straight from Redis")) {
		if rest, found := strings.CutPrefix(line, "user daybook "); found {
			return strings.Fields(rest)
		}
	}
	t.Fatal("README has no line of a user of Redis")
	return nil
}

// asUser makes the user daybook by rules in which the password is left out.
func asUser(t *testing.T, redis *redistest.Server, rules []string, password string) {
	t.Helper()
	rules = slices.Clone(rules)
	i := slices.Index(rules, ">…")
	if i < 0 {
		t.Fatalf("README's user has no place for a password: %q", rules)
	}
	rules[i] = ">" + password
	if err := redis.Client().ACLSetUser(t.Context(), "daybook", rules...).Err(); err != nil {
		t.Fatal(err)
	}
}
