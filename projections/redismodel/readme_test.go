package redismodel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"daybook/projections/projectiontest"
	"daybook/projections/redistest"
)

// What README asks before it believes that there is no user must tell that from
// all that may have been lost.
func TestReadmesQuestionTellsUnknownUsersFromLostOnes(t *testing.T) {
	l, server := projectiontest.NewLog(t), redistest.Start(t)
	r := run(t, l, server.StoreAt(t, "{daybook}"))
	l.Pay(9)
	r.settle()
	client, ctx := server.Client(), t.Context()
	until(t, "marked whole", func() bool { return client.Exists(ctx, "{daybook}:1:whole:balances").Val() == 1 })
	r.stop()
	_, text, _ := strings.Cut(readme(t), "redis-cli <<'END'\nMULTI\n")
	text, _, _ = strings.Cut(text, "\nEXEC")
	ask := func(user string) (answers []string) {
		t.Helper()
		for line := range strings.Lines(strings.ReplaceAll(text, "order1234", user)) {
			var words []any
			for _, word := range strings.Fields(line) {
				words = append(words, strings.Trim(word, `"`))
			}
			answer, err := client.Do(ctx, words...).Result()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			answers = append(answers, fmt.Sprint(answer))
		}
		return answers
	}
	unknown := ask("nobody")
	if want := []string{"1", "[1 0]", "map[]"}; !slices.Equal(unknown, want) {
		t.Errorf("of an unknown user Redis says %q, want %q", unknown, want)
	}
	for _, damage := range [][]any{
		{"DEL", "{daybook}:1:balance:u%2F1"},
		{"DEL", "{daybook}:1:keys:balances"},
		{"SADD", "{daybook}:1:keys:balances", "x"},
	} {
		if err := client.Do(ctx, damage...).Err(); err != nil {
			t.Fatal(err)
		}
		if lost := ask("u%2F1"); slices.Equal(lost, unknown) {
			t.Errorf("after %v a lost user is answered like an unknown one: %q", damage, lost)
		}
	}
}
