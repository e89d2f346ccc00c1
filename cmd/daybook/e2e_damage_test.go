package main_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"daybook/eventstore/esdbserver/esdbtest"
	"daybook/projections/redistest"
)

// tampered is a log in EventStoreDB that somebody else writes to as well.
type tampered struct {
	*server
	settings  []string
	database  *esdb.Client
	namespace string
	redis     *redistest.Server
}

func openTampered(t *testing.T) *tampered {
	t.Helper()
	url, data, namespace := eventstoreURL, filepath.Join(t.TempDir(), "data"), "daybook"
	var settings []string
	if url == "" {
		url, _ = scratchServer(t, filepath.Join(t.TempDir(), "scratch"))
		settings = []string{"DAYBOOK_EVENTSTORE=" + url}
	} else {
		namespace = logName(data)
	}
	redis := redistest.Start(t)
	d := &tampered{
		settings: append(settings, secretsSetting, tokensSetting, "DAYBOOK_REDIS="+redis.URL()),
		database: esdbtest.Connect(t, url), namespace: namespace, redis: redis,
	}
	d.server = start(t, options{data: data, settings: d.settings})
	d.settle(d.record(completedOrder("FIRST", "ann", 100)))
	d.settle(d.record(completedOrder("SECRETNAME", "ann", 100)))
	return d
}

// settle waits until both read models have an outcome.
func (d *tampered) settle(o outcome) {
	d.test.Helper()
	position := last([]outcome{o})
	d.balances("ann", position)
	d.order("FIRST", position)
}

func (d *tampered) victim() string { return d.namespace + ".order-coinbase.SECRETNAME" }

func (d *tampered) write(stream, eventType, data string) {
	d.test.Helper()
	ctx, cancel := context.WithTimeout(d.test.Context(), patience)
	defer cancel()
	event := esdb.EventData{EventID: uuid.New(), EventType: eventType, ContentType: esdb.ContentTypeJson, Data: []byte(data)}
	if _, err := d.database.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{}, event); err != nil {
		d.test.Fatal(err)
	}
}

func (d *tampered) delete() {
	d.test.Helper()
	ctx, cancel := context.WithTimeout(d.test.Context(), patience)
	defer cancel()
	if _, err := d.database.DeleteStream(ctx, d.victim(), esdb.DeleteStreamOptions{}); err != nil {
		d.test.Fatal(err)
	}
}

func (d *tampered) tombstone() {
	d.test.Helper()
	ctx, cancel := context.WithTimeout(d.test.Context(), patience)
	defer cancel()
	if _, err := d.database.TombstoneStream(ctx, d.victim(), esdb.TombstoneStreamOptions{}); err != nil {
		d.test.Fatal(err)
	}
}

// reads are all that the read models answer.
var reads = []string{"/balances/ann", "/balances/ann/entries", "/orders/coinbase.FIRST", "/readyz/reads"}

// checkStopped fails unless all reads are refused within a second, and the rest
// goes on.
func (d *tampered) checkStopped(says string) {
	d.test.Helper()
	until := time.Now().Add(time.Second)
	for _, path := range reads {
		a := d.request("GET", path, websiteSecret, "")
		for ; a.status == 200 && time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
			a = d.request("GET", path, websiteSecret, "")
		}
		if a.status != 503 {
			d.test.Errorf("%s is answered %d %s", path, a.status, a.body)
		}
	}
	for _, projection := range []string{"balances", "orders"} {
		line, ok := d.stderr.await(patience, `"projection has stopped","projection":"`+projection+`"`)
		if !ok || !strings.Contains(line, says) || !strings.Contains(line, "restore the database from a copy") {
			d.test.Errorf("about %s it says %s", projection, line)
		}
	}
	if a := d.request("GET", "/readyz", "", ""); a.status != 200 {
		d.test.Errorf("readiness is answered %d %s", a.status, a.body)
	}
	if o := d.record(completedOrder("OTHER"+says, "ann", 100)); o.Outcome != "recorded" {
		d.test.Errorf("a callback of another order is %+v", o)
	}
	if code, p := run(d.test, append(d.settings, eventstoreSettings(d.data)...), "verify", "--data", d.data); code != 2 || !strings.Contains(p.stderr.String(), "order-coinbase.SECRETNAME") || !strings.Contains(p.stderr.String(), says) {
		d.test.Errorf("verify ends with %d:\n%s%s", code, p.stdout, p.stderr)
	}
	for _, part := range []string{"SECRETNAME", "daybook rebuild", "another log"} {
		if strings.Contains(d.stderr.String(), part) {
			d.test.Errorf("%q is in its lines:\n%s", part, d.stderr)
		}
	}
}

// TestDamageInEventStoreDBStopsEveryRead has all that others can do to one of our
// streams while daybook runs.
func TestDamageInEventStoreDBStopsEveryRead(t *testing.T) {
	t.Parallel()
	for says, damage := range map[string]struct {
		do     func(*tampered)
		undone bool
	}{
		"$tb":            {(*tampered).delete, true},
		"$maxCount":      {func(d *tampered) { d.write("$$"+d.victim(), "$metadata", `{"$maxCount":1}`) }, true},
		"$maxAge":        {func(d *tampered) { d.write("$$"+d.victim(), "$metadata", `{"$maxAge":1000}`) }, true},
		"tombstone":      {(*tampered).tombstone, false},
		"not+written+by": {func(d *tampered) { d.write(d.victim(), "Noise", `{}`) }, false},
	} {
		says = strings.ReplaceAll(says, "+", " ")
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			d := openTampered(t)
			damage.do(d)
			d.checkStopped(says)
			if a := d.post(completedOrder("SECRETNAME", "bob", 9900)); a.status != 503 && says != "$maxAge" {
				t.Errorf("a callback of the damaged order is answered %d %s", a.status, a.body)
			}
			if !damage.undone {
				return
			}
			d.write("$$"+d.victim(), "$metadata", `{}`)
			d.awaitStatus("/readyz/reads", 200)
			position := last([]outcome{d.record(completedOrder("LATER", "ann", 100))})
			if got := d.balances("ann", position)["USD"]; got != "4.00" {
				t.Errorf("afterwards ann has %s", got)
			}
			if code, p := run(t, append(d.settings, eventstoreSettings(d.data)...), "verify", "--data", d.data); code != 0 {
				t.Errorf("afterwards verify ends with %d:\n%s%s", code, p.stdout, p.stderr)
			}
		})
	}
}

// TestADeletedStreamIsNoOtherLog deletes the stream that the read models'
// checkpoints stand at, while daybook is down.
func TestADeletedStreamIsNoOtherLog(t *testing.T) {
	t.Parallel()
	d := openTampered(t)
	if code := d.terminate(); code != 0 {
		t.Fatalf("it ends with %d", code)
	}
	d.delete()
	d.server = listen(t, options{data: d.data, settings: d.settings})
	d.checkStopped("$tb")
	if code, p := run(t, append(d.settings, eventstoreSettings(d.data)...), "rebuild", "--data", d.data, "--grace", "0s"); code == 0 || strings.Contains(p.stderr.String(), "switched") {
		t.Errorf("a damaged log is rebuilt from: %d\n%s%s", code, p.stdout, p.stderr)
	}
	d.write("$$"+d.victim(), "$metadata", fmt.Sprintf(`{"$acl":{"$r":%q}}`, "$all"))
	d.awaitStatus("/readyz/reads", 200)
	if got := d.balances("ann", last([]outcome{d.record(completedOrder("LATER", "ann", 100))}))["USD"]; got != "4.00" {
		t.Errorf("afterwards ann has %s", got)
	}
}
