package main_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"daybook/projections/redistest"
)

// TestVerifyFindsEditsOfTheLog edits a real log in its database, one value at a
// time, as somebody with the file could.
func TestVerifyFindsEditsOfTheLog(t *testing.T) {
	embedded(t)
	s := start(t, options{})
	s.record(completedOrder("A", "u1", 1003))
	s.record(mispaidOrder("A", "u1", "completed", 500))
	s.record(orderStatus("B", "u2", "expired"))
	s.record(completedOrder("C", "", 700))
	s.record(completedOrder("C", "u3", 700)) // takes it out of suspense again
	s.registerAddress("1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My", "u4")
	s.record(deposit("1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My", "ab12", "1.5"))
	s.record(payout("P", "Completed"))
	s.record(`{"unheard":"of"}`)
	s.terminate()

	amount := func(stream, eventType, from, to string) string {
		return fmt.Sprintf(`UPDATE events SET data = CAST(replace(data, '%s', '%s') AS BLOB) WHERE stream LIKE '%s' AND type LIKE '%s'`, from, to, stream, eventType)
	}
	const first = `(SELECT min(position) FROM events WHERE stream = 'order-coinbase.A')`
	rewritten := completedOrder("A", "u1", 9003)
	for name, c := range map[string]struct{ edit, says string }{
		"an amount":                    {amount("order-coinbase.A", "PaymentVerified", `"10.03"`, `"90.03"`), `PaymentVerified: amount is "90.03 USD", the kept body says "10.03 USD"`},
		"an amount of what is pending": {amount("order-coinbase.A", "PaymentReceived", `"10.03"`, `"90.03"`), `PaymentReceived: amount is`},
		"all amounts of a payment":     {amount("order-coinbase.A", "%", `"10.03"`, `"90.03"`), `PaymentReceived: amount is`},
		"a currency":                   {amount("order-coinbase.A", "PaymentVerified", `"USD"`, `"EUR"`), `amount is "10.03 EUR"`},
		"a user":                       {amount("order-coinbase.A", "PaymentVerified", `"u1"`, `"u9"`), `user is not the one in the kept body`},
		"an identity":                  {amount("order-coinbase.A", "PaymentVerified", `coinbase/order/A`, `coinbase/order/B`), `reports no such event of payment`},
		"a mispayment":                 {amount("order-coinbase.A", "PaymentMispaid", `"5.00"`, `"7.00"`), `PaymentMispaid: amount is`},
		"a status":                     {amount("order-coinbase.B", "OrderStatusReported", `expired`, `created`), `status is "created"`},
		"a hold":                       {amount("order-coinbase.C", "PaymentHeld", `"7.00"`, `"8.00"`), `PaymentHeld: amount is`},
		"why it is held":               {amount("order-coinbase.C", "PaymentHeld", `no-user`, `unknown-event`), `reason is`},
		"what leaves suspense":         {amount("order-coinbase.C", "PaymentVerified", `"closes":[{"hold"`, `"closed":[{"hold"`), `does not close a hold of its payment`},
		"a deposit":                    {amount("address-%", "DepositVerified", `1.50000000`, `2.50000000`), `DepositVerified: amount is`},
		"whose deposit":                {amount("address-%", "DepositVerified", `"u4"`, `"u1"`), `user is not the one that the stream is registered for`},
		"a payout":                     {amount("payout-P", "PayoutCompleted", `56.00`, `46.00`), `total is`},
		"a fee":                        {amount("payout-P", "PayoutCompleted", `0.57`, `0.58`), `feeCoinbase is`},
		"what is quarantined":          {amount("quarantine-%", "CallbackQuarantined", `unknown-document`, `incomplete`), `reason is`},
		"a type":                       {`UPDATE events SET type = 'PaymentRefuted' WHERE stream = 'order-coinbase.A' AND type = 'PaymentVerified'`, `no callback makes such an event`},
		"another type":                 {`UPDATE events SET type = 'PaymentReceived' WHERE stream = 'order-coinbase.A' AND type = 'PaymentVerified'`, `PaymentReceived`},
		"a type of a status":           {`UPDATE events SET type = 'OrderExpired' WHERE stream = 'order-coinbase.B'`, `no callback makes such an event`},
		"a body":                       {`UPDATE events SET metadata = CAST(json_set(metadata, '$.evidence.body', 'e30=') AS BLOB) WHERE position = ` + first, `SHA-256`},
		"a digest":                     {`UPDATE events SET metadata = CAST(json_set(metadata, '$.evidence.sha256', '00') AS BLOB) WHERE position = ` + first, `SHA-256`},
		"a body with its digest": {fmt.Sprintf(`UPDATE events SET metadata = CAST(json_set(metadata, '$.evidence.body', '%s', '$.evidence.sha256', '%s') AS BLOB) WHERE position = `+first,
			base64.StdEncoding.EncodeToString([]byte(rewritten)), digest(rewritten)), `amount is "10.03 USD", the kept body says "90.03 USD"`},
		"no body":     {`UPDATE events SET metadata = CAST(json_remove(metadata, '$.evidence.body') AS BLOB) WHERE position = ` + first, `has no body`},
		"no evidence": {`UPDATE events SET metadata = CAST(json_remove(metadata, '$.evidence') AS BLOB) WHERE position = ` + first, `no evidence`},
		"no evidence and no actor": {`UPDATE events SET metadata = CAST(json_set(json_remove(metadata, '$.evidence'), '$.actor', 'operator:eve') AS BLOB) WHERE stream = 'order-coinbase.A'`,
			`no event before it in its stream has brought "10.03 USD"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(data, os.DirFS(s.data)); err != nil {
				t.Fatal(err)
			}
			editLog(t, data, c.edit)
			code, p := run(t, nil, "verify", "--data", data)
			if code != 1 || !strings.Contains(p.stdout.String(), c.says) || !strings.Contains(p.stdout.String(), "\nposition ") || !strings.Contains(p.stderr.String(), "keep it as it is") {
				t.Errorf("exit code %d, and not %q\n%s%s", code, c.says, p.stdout, p.stderr)
			}
			if strings.Contains(p.stdout.String()+p.stderr.String(), "example.com") {
				t.Error("a body is printed")
			}
		})
	}
}

// TestABodyThatNobodyReadsIsNotProved has a body of a format, or in an encoding,
// of the future, or of somebody who wants nobody to read it.
func TestABodyThatNobodyReadsIsNotProved(t *testing.T) {
	embedded(t)
	s := start(t, options{})
	s.record(completedOrder("A", "u1", 1003))
	s.record(completedOrder("B", "u1", 1003))
	s.terminate()
	for _, c := range []struct{ member, word, says string }{
		{"enc", "rot13", `no reader for 1 of format "coinbase-v1"`},
		{"format", "coinbase-v9", `no reader for 1 of format "coinbase-v9"`},
	} {
		editLog(t, s.data, fmt.Sprintf(`UPDATE events SET metadata = CAST(json_set(metadata, '$.evidence.%s', '%s') AS BLOB) WHERE position = 2`, c.member, c.word))
		code, p := run(t, nil, "verify", "--data", s.data)
		if code != 2 || !strings.Contains(p.stdout.String(), `evidence: 1 kept body`) || !strings.Contains(p.stdout.String(), c.says) ||
			strings.Contains(p.stdout.String(), "no difference") || !strings.Contains(p.stderr.String(), "could not verify: 1 kept body has") {
			t.Errorf("%s: exit code %d\n%s%s", c.member, code, p.stdout, p.stderr)
		}
	}
}

// TestVerifyWithRedisHoldsEvidenceAgainstTheLog edits a log of which Redis has the
// models.
func TestVerifyWithRedisHoldsEvidenceAgainstTheLog(t *testing.T) {
	embedded(t)
	redis := redistest.Start(t)
	s := start(t, options{arguments: []string{"--redis", redis.URL()}})
	s.balances("u1", last([]outcome{s.record(completedOrder("A", "u1", 1003)), s.record(orderStatus("B", "u1", "expired"))}))
	s.terminate()
	code, p := run(t, nil, "verify", "--data", s.data, "--redis", redis.URL())
	if code != 0 || !strings.Contains(p.stdout.String(), "2 kept bodies") {
		t.Fatalf("exit code %d\n%s%s", code, p.stdout, p.stderr)
	}
	editLog(t, s.data, `UPDATE events SET data = CAST(replace(data, 'expired', 'created') AS BLOB) WHERE type = 'OrderStatusReported'`)
	code, p = run(t, nil, "verify", "--data", s.data, "--redis", redis.URL())
	if code != 1 || !strings.Contains(p.stdout.String(), `status is "created", the kept body says "expired"`) || strings.Contains(p.stderr.String(), "rebuild") {
		t.Errorf("exit code %d\n%s%s", code, p.stdout, p.stderr)
	}
}

// TestTheCorpusVerifies posts every body of the corpus, twice, and proves the log.
func TestTheCorpusVerifies(t *testing.T) {
	inTree(t)
	embedded(t) // the scratch server's names of streams have no room for the longest ids
	s := start(t, options{})
	files, err := os.ReadDir("../../http/testdata/corpus")
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for _, file := range files {
			body, err := os.ReadFile(filepath.Join("../../http/testdata/corpus", file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if a := s.post(string(body)); a.status != 200 && a.status != 422 {
				t.Errorf("%s: %d %s", file.Name(), a.status, a.body)
			}
		}
		if round == 0 {
			s.registerAddress("1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My", "u1")
			s.post(strings.Repeat(" ", 300<<10)) // of which the beginning's digest is kept
		}
	}
	if stdout := succeed(t, "verify", "--data", s.data); !strings.Contains(stdout, "no reader for 0") {
		t.Error(stdout)
	}
}

// editLog changes the database of a log, whose triggers refuse that.
func editLog(t *testing.T, data, statement string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(data, "daybook.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, "DROP TRIGGER IF EXISTS events_refuse_update;"+statement+";", nil); err != nil {
		t.Fatal(err)
	}
	if conn.Changes() == 0 {
		t.Fatalf("nothing is changed by %s", statement)
	}
}
