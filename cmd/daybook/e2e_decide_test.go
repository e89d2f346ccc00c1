package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// desk is a server with an operator who types.
type desk struct {
	*server
	t *testing.T
}

func newDesk(t *testing.T) desk {
	t.Helper()
	return desk{start(t, options{}), t}
}

// settings are those of a person with a token.
func (d desk) settings(secret string) []string {
	return []string{"DAYBOOK_TOKEN=" + secret, "DAYBOOK_SERVER=http://" + d.address}
}

// types runs a command as an operator, which must end with a code and say all of the texts.
func (d desk) types(code int, arguments []string, says ...string) string {
	d.t.Helper()
	got, p := run(d.t, d.settings(operatorSecret), arguments...)
	said := p.stdout.String() + p.stderr.String()
	for _, text := range says {
		if got != code || !strings.Contains(said, text) {
			d.t.Fatalf("%q ends with %d, want %d and %q:\n%s", arguments, got, code, text, said)
		}
	}
	return said
}

// opened posts a callback and returns the item that it opens.
func (d desk) opened(stream, body string) string {
	d.t.Helper()
	d.record(body)
	var found string
	d.awaitText("the item of "+stream, "there", func() string {
		var page struct{ Items []struct{ ID, Stream string } }
		if err := json.Unmarshal([]byte(d.request("GET", "/review?limit=1000", auditorSecret, "").body), &page); err != nil {
			return err.Error()
		}
		for _, i := range page.Items {
			if i.Stream == stream {
				found = i.ID
				return "there"
			}
		}
		return "missing"
	})
	return found
}

// isProved checks that verify finds nothing in the log and the lists.
func (d desk) isProved() {
	d.t.Helper()
	if code, p := run(d.t, nil, "verify", "--data", d.data); code != 0 {
		d.t.Errorf("verify ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
}

// TestAnItemIsDecidedOnATerminal shows it, credits it, undoes that and credits another.
func TestAnItemIsDecidedOnATerminal(t *testing.T) {
	anyLog(t)
	t.Parallel()
	d := newDesk(t)
	item := d.opened("order-coinbase.A", `{"order":{"id":"A","status":"completed","total_native":{"cents":700,"currency_iso":"USD"},"refund_address":"1payer"}}`)
	d.types(0, []string{"review"}, "opened", "no-user", "7.00 USD", "order-coinbase.A", item, "1 open item")
	d.types(0, []string{"review", item}, "status     open", "refund to  1payer", "round      0", "credit needs a user to credit", "income:unclaimed", "refund reserves it")
	d.types(0, []string{"review", item, "--format", "json"}, `"refund_to": "1payer"`)
	d.types(2, []string{"decide", item, "credit"}, "--note is missing")
	d.types(1, []string{"decide", item, "credit", "--note", "a"}, "422", "a user to credit")
	d.types(0, []string{"decide", item, "credit", "--user", "ann", "--note", "a", "--dry-run"}, "credit in round 0 posts:", "liabilities:users:ann", "-7.00 USD")

	said := d.types(2, []string{"decide", item, "credit", "--user", "ann", "--note", "it's hers"}, "there is no terminal to ask on", "--yes")
	if got := d.available("ann"); got != "" {
		t.Fatalf("without a yes ann has %s", got)
	}
	_, line, _ := strings.Cut(said, "type\n")
	paste := func() string {
		return shell(t, t.TempDir(), strings.Replace(strings.TrimSpace(line), "daybook", daybook(t), 1), d.settings(operatorSecret)...)
	}
	if said := paste(); !strings.Contains(said, "recorded at position") {
		t.Fatalf("%s prints %s", line, said)
	}
	d.awaitAvailable("ann", "USD 7.00 pending 0.00")
	if said := paste(); !strings.Contains(said, "This was decided before. It posted:") || !strings.Contains(said, "known at position") {
		t.Errorf("again it prints %s", said)
	}
	d.types(1, []string{"decide", item, "dismiss", "--note", "b", "--yes"}, "409", "What stands is credit")

	d.types(0, []string{"decide", item, "reverse", "--note", "it was bob", "--yes"}, "reverse in round 0 posts:", "the item is open again")
	d.types(0, []string{"decide", item, "credit", "--user", "bob", "--note", "c", "--yes", "--format", "json"}, `"round": 1`, `"decision": "credit"`)
	d.awaitAvailable("bob", "USD 7.00 pending 0.00")
	d.types(0, []string{"review", item}, "status     decided", "round 0: credit, user ann, by operator:alice", "it's hers", "reversed by operator:alice", "it was bob", "round 1: credit, user bob")
	d.isProved()
}

// TestAContradictionIsShownWithBothReadings decides for the second.
func TestAContradictionIsShownWithBothReadings(t *testing.T) {
	anyLog(t)
	t.Parallel()
	d := newDesk(t)
	d.record(completedOrder("A", "ann", 1000))
	item := d.opened("order-coinbase.A", completedOrder("A", "bob", 1200))
	d.types(0, []string{"review", item}, "reported             standing", "bob                  ann", "12.00 USD            10.00 USD", "reported             credited")
	d.types(0, []string{"decide", item, "credit", "--note", "the second is right", "--yes"}, "bob                  ann", "liabilities:users:ann", "10.00 USD", "-12.00 USD")
	d.awaitAvailable("bob", "USD 12.00 pending 0.00")
	d.isProved()
}

// TestARefundIsDecidedAndSentOnATerminal withdraws one before.
func TestARefundIsDecidedAndSentOnATerminal(t *testing.T) {
	anyLog(t)
	t.Parallel()
	d := newDesk(t)
	item := d.opened("order-coinbase.A", completedOrder("A", "", 700))
	d.types(0, []string{"decide", item, "refund", "--note", "a", "--yes"}, "no account changes", "decide "+item+" sent --reference ID")
	d.types(1, []string{"decide", item, "credit", "--user", "ann", "--note", "b", "--yes"}, "409")
	d.types(0, []string{"decide", item, "withdraw", "--yes"}, "the item is open again")
	d.types(0, []string{"decide", item, "refund", "--note", "a", "--yes"}, "refund in round 1 posts:")
	d.types(2, []string{"decide", item, "sent", "--yes"}, "--reference and --sent-at")
	d.types(0, []string{"decide", item, "sent", "--reference", "wire 12", "--sent-at", "2026-01-02T15:04:05Z", "--yes"}, "recorded at position")
	d.types(1, []string{"decide", item, "reverse", "--note", "b", "--round", "1", "--yes"}, "409", "The money was sent back")
	d.types(0, []string{"review", item}, "7.00 USD sent wire 12")
	d.isProved()
}

// TestOthersMayNotDecideOnATerminal asks as a website and an auditor.
func TestOthersMayNotDecideOnATerminal(t *testing.T) {
	anyLog(t)
	t.Parallel()
	d := newDesk(t)
	item := d.opened("order-coinbase.A", completedOrder("A", "", 700))
	for _, secret := range []string{websiteSecret, auditorSecret} {
		code, p := run(t, d.settings(secret), "decide", item, "dismiss", "--note", "a", "--yes")
		if code != 1 || !strings.Contains(p.stderr.String(), "403") {
			t.Errorf("exit code %d: %s", code, p.stderr)
		}
	}
	d.types(2, []string{"review", ".."}, "an item has an id")
	d.types(1, []string{"review", "7c0a3a5e-0000-8000-8000-000000000000"}, "404")
	if got := len(replay(t, d.data)); got != 2 {
		t.Errorf("the log has %d events", got)
	}
}

// TestAPersonIsAskedBeforeADecisionIsSent answers on a terminal.
func TestAPersonIsAskedBeforeADecisionIsSent(t *testing.T) {
	anyLog(t)
	t.Parallel()
	tool(t, "script", "bsdutils")
	d := newDesk(t)
	item := d.opened("order-coinbase.A", completedOrder("A", "", 700))
	command := daybook(t) + " decide " + item + " credit --user ann --note a"
	for _, c := range []struct{ answer, says, has string }{
		{"", "nothing was sent", ""}, {"n", "nothing was sent", ""}, {"y", "recorded at position", "USD 7.00 pending 0.00"},
	} {
		_, p := d.onTerminal(command, c.answer)
		if said := p.stdout.String(); !strings.Contains(said, "Send it? [y/N]") || !strings.Contains(said, c.says) {
			t.Errorf("%q is answered %s%s", c.answer, said, p.stderr)
		}
		d.awaitAvailable("ann", c.has)
	}
}

// onTerminal runs a command on a pseudo-terminal, on which a line is typed.
func (d desk) onTerminal(command, line string) (int, *process) {
	p := execute(d.t, "", d.settings(operatorSecret), "sh", "-c", "printf '"+line+`\n' | script -qec "`+command+`" /dev/null`)
	return p.exitCode(patience), p
}

// TestAKeptCallbackIsShownWithoutItsBody unless that is asked for.
func TestAKeptCallbackIsShownWithoutItsBody(t *testing.T) {
	anyLog(t)
	t.Parallel()
	d := newDesk(t)
	const body = `{"order":{"status":"completed"},"customer":{"email":"person@shop.example"}}`
	stream := d.record(body).Stream
	digest := strings.TrimPrefix(stream, "quarantine-")
	waitForItems(t, d.data, 1)
	d.types(0, []string{"quarantine"}, "kept", "incomplete", "coinbase-v1", "75 B", digest)
	for _, format := range []string{"text", "json"} {
		said := d.types(0, []string{"quarantine", digest, "--format", format}, digest, "coinbase-v1", "incomplete", "127.0.0.1")
		if strings.Contains(said, "person") {
			t.Errorf("%s has the body: %s", format, said)
		}
	}
	if said := d.types(0, []string{"quarantine", digest, "--body"}); said != body {
		t.Errorf("the body is %q", said)
	}
	d.types(2, []string{"quarantine", "--body"}, "--body goes with the digest")
	d.types(2, []string{"quarantine", "ABC"}, "64 hexadecimal digits")
	d.types(1, []string{"quarantine", strings.Repeat("0", 64)}, "404")
}

// TestARefundOfAnOrderIsDecidedOnATerminal sends a part, and withdraws the rest.
func TestARefundOfAnOrderIsDecidedOnATerminal(t *testing.T) {
	anyLog(t)
	t.Parallel()
	d := newDesk(t)
	d.record(completedOrder("A", "ann", 1000))
	refund := func(code int, says string, arguments ...string) {
		t.Helper()
		d.types(code, append([]string{"refund", "coinbase.A"}, arguments...), says)
	}
	refund(1, "404", "r1")
	refund(2, "--amount, --currency and --note", "r1", "decide")
	refund(0, "4.00 USD open, by operator:alice: two of five (not recorded)", "r1", "decide", "--amount", "4", "--currency", "USD", "--note", "two of five", "--dry-run")
	refund(2, "refund coinbase.A r1 decide --amount 4 --currency USD --note 'two of five'", "r1", "decide", "--amount", "4", "--currency", "USD", "--note", "two of five")
	refund(1, "404", "r1")
	refund(0, "4.00 USD open", "r1", "decide", "--amount", "4", "--currency", "USD", "--note", "two of five", "--yes")
	refund(0, "refund r1 of coinbase/order/A: 4.00 USD open", "r1")
	refund(0, "4.00 USD sent wire 12", "r1", "sent", "--reference", "wire 12", "--sent-at", "2026-01-02T15:04:05Z", "--yes")
	d.awaitAvailable("ann", "USD 6.00 pending 0.00")
	refund(1, "409", "a/2", "decide", "--amount", "6.01", "--currency", "USD", "--note", "b", "--yes")
	refund(0, `"status": "open"`, "a/2", "decide", "--amount", "6", "--currency", "USD", "--note", "b", "--yes", "--format", "json")
	refund(0, "6.00 USD withdrawn", "a/2", "withdraw", "--yes")
	d.isProved()
}
