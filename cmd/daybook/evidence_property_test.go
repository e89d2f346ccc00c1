package main_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	daybookmain "daybook/cmd/daybook"
	address "daybook/domain/deposit"
	"daybook/domain/ident"
	"daybook/domain/money"
	orders "daybook/domain/order"
	"daybook/domain/payment"
	"daybook/domain/recorder"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
	"daybook/http/callback/coinbasev1"
	"daybook/projections/process/verifier"
	"daybook/projections/verify"
)

// TestEveryEditOfOneEventIsFound records random callbacks as the server does and
// verifies the log, and then edits single values of it.
func TestEveryEditOfOneEventIsFound(t *testing.T) {
	embedded(t)
	runs := 0
	rapid.Check(t, func(r *rapid.T) {
		if runs++; runs > 50 {
			return
		}
		log := recorded(r, filepath.Join(t.TempDir(), strconv.Itoa(runs)))
		if report := verified(r, log); report.Count+report.Evidence.Count > 0 {
			r.Fatalf("nothing was edited: %v %v", report.Differences, report.Evidence.Differences)
		}
		edits := editsOf(log)
		if len(edits) == 0 {
			return
		}
		for range 12 {
			e := rapid.SampledFrom(edits).Draw(r, "edit")
			edited := slices.Clone(log)
			e.do(&edited[e.index])
			if report := verified(r, edited); report.Evidence.Count == 0 {
				r.Fatalf("not found: %s of %s at position %s\nwas %s\nis %s, %s\n%s\ndifferences: %v", e.what, log[e.index].Type, log[e.index].Position,
					log[e.index].Data, edited[e.index].Type, edited[e.index].Data, bodyOf(&log[e.index]), report.Differences)
			}
		}
	})
}

func verified(r *rapid.T, log keptLog) verify.LogReport {
	report, err := verify.Log(context.Background(), verify.LogOptions{Log: log, Gapless: true, Readers: daybookmain.EvidenceReaders()})
	if err != nil {
		r.Fatal(err)
	}
	return report
}

// edit is one way to change one event.
type edit struct {
	index int
	what  string
	do    func(*eventstore.Recorded)
}

// editsOf lists edits of the events that bodies have caused.
func editsOf(log keptLog) (edits []edit) {
	for i := range log {
		var metadata eventstore.Metadata
		if err := json.Unmarshal(log[i].Metadata, &metadata); err != nil {
			panic(err)
		}
		if isDecided(log[i].Type) && metadata.Evidence == nil {
			edits = append(edits, decisionEdits(i, &log[i])...)
			continue
		}
		isAnswer := metadata.Actor == verifier.Actor
		if metadata.Evidence == nil && !isAnswer || isElsewhere(&log[i]) {
			continue // no body says whose an address is, and a claim comes before the body
		}
		add := func(what string, do func(*eventstore.Recorded)) { edits = append(edits, edit{i, what, do}) }
		for _, path := range leaves(decoded(log[i].Data)) {
			if isDecided(log[i].Type) && isUnprovable(&log[i], path) {
				continue
			}
			if path[len(path)-1] == "at" || isAnswer && slices.Contains(path, "reference") {
				continue // when the provider answered, only its answer says
			}
			add(strings.Join(path, "."), func(e *eventstore.Recorded) {
				data := decoded(e.Data)
				change(data, path)
				e.Data = encoded(data)
			})
		}
		for _, other := range typesOf[log[i].Stream.Category()] {
			if other != log[i].Type {
				add("type "+other, func(e *eventstore.Recorded) { e.Type = other })
			}
		}
		if said := decoded(log[i].Data); said["reason"] != nil && said["reason"] != "contradiction" && log[i].Stream.Category() != "quarantine" {
			add("called a contradiction", func(e *eventstore.Recorded) { e.Data = contradictory(e.Data) })
		}
		for _, name := range []string{"sold", "received"} {
			if said := decoded(log[i].Data); said["payment"] != nil && said["amount"] != nil && said[name] == nil && isByTerms(log[i].Type) {
				add("added "+name, func(e *eventstore.Recorded) {
					data := decoded(e.Data)
					data[name] = data["amount"]
					e.Data = encoded(data)
				})
			}
		}
		if isAnswer {
			continue
		}
		add("evidence", func(e *eventstore.Recorded) { editEvidence(e, func(m map[string]any) { delete(m, "evidence") }) })
		add("digest", func(e *eventstore.Recorded) {
			editEvidence(e, func(m map[string]any) { m["evidence"].(map[string]any)["sha256"] = digest("another") })
		})
		if body := bodyOf(&log[i]); body != "" {
			add("the body's presence", func(e *eventstore.Recorded) {
				editEvidence(e, func(m map[string]any) { delete(m["evidence"].(map[string]any), "body") })
			})
			add("body", func(e *eventstore.Recorded) { setBody(e, body+" ", false) })
			for _, said := range bodyEdits(log[i].Type) {
				if changed := strings.Replace(body, said[0], said[1], 1); changed != body {
					add("body and digest: "+said[1], func(e *eventstore.Recorded) { setBody(e, changed, true) })
				}
			}
		}
	}
	return edits
}

// isElsewhere reports whether an event stands in another stream than its body.
func isElsewhere(e *eventstore.Recorded) bool {
	return e.Stream.Category() == "claim" || e.Type == "OrderSettled"
}

// isByTerms reports whether the terms of an order decide what an event says.
func isByTerms(eventType string) bool {
	return eventType == "PaymentReceived" || eventType == "PaymentVerified" || eventType == "PaymentMispaid"
}

// bodyEdits are replacements that change what a body says of the event that
// keeps it.
func bodyEdits(eventType string) [][2]string {
	switch eventType {
	case "PaymentReceived":
		return [][2]string{{`"cents":`, `"cents":9`}, {`"custom":"u`, `"custom":"v`}, {`"currency_iso":"USD"`, `"currency_iso":"EUR"`}, {`"id":"`, `"id":"x`}, {`"amount":"1`, `"amount":"91`}, {`"fiatAmount":"1`, `"fiatAmount":"91`}, {`"transactionHash":"0x`, `"transactionHash":"0xa`}}
	case "DepositReceived":
		return [][2]string{{`"amount":`, `"amount":9`}, {`"hash":"`, `"hash":"a`}, {`"address":"1`, `"address":"1x`}}
	case "PayoutPending", "PayoutCompleted":
		return [][2]string{{`"amount":"`, `"amount":"9`}, {`"id":"`, `"id":"x`}}
	case "OrderStatusReported":
		return [][2]string{{`"status":"`, `"status":"x`}}
	}
	return nil
}

var typesOf = map[string][]string{
	"order": {
		"OrderStatusReported", "OrderExpired", "PaymentReceived", "PaymentVerified", "PaymentRefuted", "PaymentHeld", "PaymentReleased",
		"PaymentMispaid", "MispaymentCredited", "MispaymentDismissed", "PaymentRefunded", "OrderRegistered", "OrderLinked",
		"OrderSettled", "PaymentsSought", "FeeReported", "RefundReported", "PaymentDismissed", "OrderCompleted", "DecisionReversed",
		"RefundDecided", "RefundWithdrawn", "RefundHeld", "RefundCharged", "RefundDismissed",
	},
	"address": {
		"AddressRegistered", "DepositReceived", "DepositVerified", "DepositHeld", "DepositSeenAgain", "DepositReleased", "DepositDismissed",
		"DecisionReversed", "RefundDecided", "RefundWithdrawn", "DepositRefunded",
	},
	"payout":     {"PayoutPending", "PayoutCompleted", "PayoutHeld", "PayoutReleased", "PayoutDismissed", "DecisionReversed"},
	"quarantine": {"CallbackQuarantined", "CallbackRedriven"},
}

// contradictory makes of a hold's data those of a contradiction.
func contradictory(data []byte) []byte {
	said := decoded(data)
	said["reason"] = "contradiction"
	if _, is := said["contradiction"]; is {
		said["contradiction"], said["arrived"] = true, false
	}
	return encoded(said)
}

func decoded(text []byte) map[string]any {
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		panic(err)
	}
	return value
}

func encoded(value map[string]any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// leaves returns the paths to all texts, numbers and booleans.
func leaves(value any) (paths [][]string) {
	below := func(name string, value any) {
		for _, path := range leaves(value) {
			paths = append(paths, append([]string{name}, path...))
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			below(name, value[name])
		}
	case []any:
		for i := range value {
			below(strconv.Itoa(i), value[i])
		}
	default:
		return [][]string{nil}
	}
	return paths
}

func change(value any, path []string) any {
	switch value := value.(type) {
	case map[string]any:
		value[path[0]] = change(value[path[0]], path[1:])
		return value
	case []any:
		i, _ := strconv.Atoi(path[0])
		value[i] = change(value[i], path[1:])
		return value
	case bool:
		return !value
	case float64:
		return value + 1
	case string:
		if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
			return at.Add(time.Second).Format(time.RFC3339Nano)
		}
		if value == "USDC" {
			return "USD"
		}
		if value == "USD" {
			return "EUR"
		}
		return "9" + value
	}
	panic("no leaf")
}

func editEvidence(e *eventstore.Recorded, change func(metadata map[string]any)) {
	metadata := decoded(e.Metadata)
	change(metadata)
	e.Metadata = encoded(metadata)
}

func bodyOf(e *eventstore.Recorded) string {
	var metadata eventstore.Metadata
	if err := json.Unmarshal(e.Metadata, &metadata); err != nil || metadata.Evidence == nil {
		return ""
	}
	return string(metadata.Evidence.Body)
}

func setBody(e *eventstore.Recorded, body string, withDigest bool) {
	editEvidence(e, func(metadata map[string]any) {
		evidence := metadata["evidence"].(map[string]any)
		evidence["body"] = []byte(body)
		if withDigest {
			sum := sha256.Sum256([]byte(body))
			evidence["sha256"] = hex.EncodeToString(sum[:])
		}
	})
}

// recorded is the log of random callbacks and registrations.
func recorded(r *rapid.T, directory string) (log keptLog) {
	ctx := context.Background()
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: directory})
	if err != nil {
		r.Fatal(err)
	}
	defer store.Close()
	policy := recorder.Policy{HoldUnregistered: rapid.IntRange(0, 3).Draw(r, "policy") == 0, References: []string{orders.Checkout, orders.Coinbase}}
	if rapid.Bool().Draw(r, "without an API") {
		policy.Checkout = payment.Needs{payment.Signature, payment.Registered}
	}
	service := recorder.New(store, policy)
	for i := range rapid.IntRange(1, 20).Draw(r, "messages") {
		switch rapid.IntRange(0, 17).Draw(r, "message") {
		case 0, 1:
			err = deliver(ctx, service, drawBody(r), "delivery-"+strconv.Itoa(i))
		case 2, 3, 4, 5, 6, 7:
			err = reviewDesk{r, service, store, deskCommand(i)}.work(ctx)
		case 8, 9:
			err = deliverAs(ctx, service, checkouts.Format(callback.Sources{}, nil), "signature", drawCheckout(r), "delivery-"+strconv.Itoa(i))
		case 10, 11:
			err = answerCheckout(ctx, r, service, "attempt-"+strconv.Itoa(i))
		case 12:
			_, err = service.LinkOrder(ctx, orders.NewID("checkout", "c1"), orders.NewID(orders.Site, "R"), recorder.Attempt{ID: "link-" + strconv.Itoa(i), Actor: "process:linker", Task: "t"})
		case 13, 15:
			err = registerOrder(ctx, r, service, recorder.Command{ID: "command-" + strconv.Itoa(i), Actor: "website:shop"})
		case 14:
			id := address.NewID(rapid.SampledFrom(addresses).Draw(r, "address"))
			_, err = service.RegisterAddress(ctx, id, drawUser(r), recorder.Command{ID: "command-" + strconv.Itoa(i), Actor: "website:shop"})
			if errors.Is(err, address.ErrOtherUser) {
				err = nil
			}
		default:
			err = deliver(ctx, service, drawBody(r), "delivery-"+strconv.Itoa(i))
		}
		if err != nil {
			r.Fatal(err)
		}
	}
	for event, err := range store.ReadAll(ctx, 0, eventstore.WithMetadata) {
		if err != nil {
			r.Fatal(err)
		}
		log = append(log, event)
	}
	return log
}

func registerOrder(ctx context.Context, r *rapid.T, service *recorder.Recorder, c recorder.Command) error {
	price, err := money.Parse(rapid.SampledFrom([]money.Currency{"USDC", "USD"}).Draw(r, "priced in"), rapid.SampledFrom([]string{"1.00", "1.00", "2.50"}).Draw(r, "price"))
	if err != nil {
		return err
	}
	terms := orders.Terms{User: drawUser(r), Amount: price, For: rapid.SampledFrom([]orders.Purpose{orders.ForBalance, orders.ForSale}).Draw(r, "for")}
	id := rapid.SampledFrom([]orders.ID{"coinbase.A", "coinbase.B", "checkout.c1", "checkout.c2", "site.R", "site.u1"}).Draw(r, "registered")
	if _, err = service.RegisterOrder(ctx, id, terms, false, c); errors.Is(err, orders.ErrOtherTerms) {
		return nil
	}
	return err
}

// deliver does with a body what the server does.
func deliver(ctx context.Context, service *recorder.Recorder, body, id string) error {
	return deliverAs(ctx, service, coinbasev1.Format(callback.Sources{}, nil), "secret", body, id)
}

func deliverAs(ctx context.Context, service *recorder.Recorder, f *callback.Format, method, body, id string) error {
	d := recorder.Delivery{
		ID: id, Actor: f.Actor, Format: f.Name, Reader: f.Reader, Received: time.Date(2026, 3, 1, 10, 0, 0, 123456789, time.UTC),
		Source: "127.0.0.1", Method: method, Body: []byte(body), Length: int64(len(body)),
	}
	report, err := f.Parse(d.Body)
	var refusal *callback.Refusal
	switch {
	case errors.As(err, &refusal):
		_, err = service.Quarantine(ctx, refusal.Reason, d)
	case !report.Test:
		_, err = service.Record(ctx, report, d)
	}
	return err
}

// answerCheckout records what Coinbase answers about a checkout.
func answerCheckout(ctx context.Context, r *rapid.T, service *recorder.Recorder, id string) error {
	name := rapid.SampledFrom([]string{"c1", "c2"}).Draw(r, "asked")
	verify := orders.Verify{
		Payment:  ident.Payment("checkout/" + name),
		Answer:   rapid.SampledFrom([]orders.Answer{orders.Came, orders.Came, orders.Came, orders.NeverCame, orders.Unanswered}).Draw(r, "answer"),
		Evidence: payment.Evidence{Method: payment.API, Status: "COMPLETED", At: time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)},
	}
	switch verify.Answer {
	case orders.Unanswered:
		verify.Evidence.Status = rapid.SampledFrom([]string{"", "PROCESSING"}).Draw(r, "under way")
	case orders.NeverCame:
		verify.Evidence.Status = "FAILED"
	case orders.Came:
		shown, err := checkouts.Format(callback.Sources{}, nil).Parse([]byte(drawCheckoutOf(r, name)))
		if err != nil || shown.Order == nil || shown.Order.Report.Paid == nil || shown.Order.Report.Paid.Doubt != "" {
			return nil
		}
		verify.Evidence.Transfer = shown.Order.Report.Paid.Transfer
	}
	_, err := service.VerifyPayment(ctx, orders.NewID("checkout", name), verify, recorder.Attempt{ID: id, Actor: verifier.Actor, Task: "t"})
	return err
}

func drawCheckout(r *rapid.T) string {
	return drawCheckoutOf(r, rapid.SampledFrom([]string{"c1", "c2"}).Draw(r, "checkout"))
}

func drawCheckoutOf(r *rapid.T, id string) string {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(r, name) }
	amount := pick("amount", "1.00", "1.00", "1.00", "2.50")
	return fmt.Sprintf(`{"id":"%s","eventType":"%s","status":"%s","amount":"%s","currency":"USDC","network":"base","address":"0xpayee"%s%s%s%s%s,"updatedAt":"2026-03-01T10:00:0%sZ"}`,
		id, pick("event", "checkout.payment.success", "checkout.payment.success", "payment_link.payment.success", "checkout.refund.success", "checkout.payment.failed"),
		pick("status", "COMPLETED", "COMPLETED", "COMPLETED", "REFUNDED", "FAILED"), amount,
		pick("fiat", "", `,"fiatAmount":"`+amount+`","fiatCurrency":"USD"`, `,"fiatAmount":"`+amount+`","fiatCurrency":"USD"`),
		pick("fee", "", fmt.Sprintf(`,"settlement":{"totalAmount":"%s","feeAmount":"0.01","netAmount":"%s","currency":"USDC"}`, amount, map[string]string{"1.00": "0.99", "2.50": "2.49"}[amount])),
		pick("hash", "", `,"transactionHash":"0x`+strings.Repeat("1", 64)+`"`, `,"transactionHash":"0x`+strings.Repeat("2", 64)+`"`),
		pick("metadata", "", `,"metadata":{"reference":"R"}`),
		pick("refunds", "", "", drawRefund(r, id, "r1"), drawRefund(r, id, "r2")),
		pick("second", "0", "1"))
}

// drawRefund draws the part of a checkout that says what was sent back.
func drawRefund(r *rapid.T, checkout, id string) string {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(r, name) }
	return fmt.Sprintf(`,"refunds":[{"id":"%s","checkoutId":"%s","amount":"%s","currency":"USDC","status":"%s","createdAt":"2026-03-01T12:00:00Z"}]`,
		id, pick("refund of", checkout, checkout, checkout, "another"), pick("sent back", "0.50", "0.50", "1.00", "3.00"),
		pick("refund is", "COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "PENDING"))
}

var addresses = []string{"1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My", "1HcmQZarSgNuGYz4r7ZkjYumiU4PujrNYk"}

func drawUser(r *rapid.T) string { return rapid.SampledFrom([]string{"u1", "u2"}).Draw(r, "user") }

// drawBody draws a callback from few ids and amounts, so that they repeat and
// contradict each other.
func drawBody(r *rapid.T) string {
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(r, name) }
	cents := func() string { return pick("cents", "100", "100", "250") }
	native := func() string {
		return pick("native", fmt.Sprintf(`"total_native":{"cents":%s,"currency_iso":"USD"}`, cents()), fmt.Sprintf(`"total_native":{"cents":%s,"currency_iso":"USD"}`, cents()), `"total_native":{"cents":5,"currency_iso":"JPY"}`)
	}
	switch rapid.IntRange(0, 9).Draw(r, "document") {
	case 0:
		return pick("garbage", `{"x":1}`, `{"order":{}}`, `no JSON`, ``, `{"order":{"id":"A"}}`)
	case 1, 2, 3:
		hash := pick("hash", `"ab12"`, `"cd34"`, `null`)
		return fmt.Sprintf(`{"address":"%s","amount":%s,"transaction":{"hash":%s}}`, pick("address", addresses...), pick("amount", "0.5", "0.5", "1.25", `"none"`), hash)
	case 4:
		return fmt.Sprintf(`{"payout":{"id":"%s","created_at":"2026-03-02T10:00:00Z","payout_date":"2026-03-04T10:00:00Z","status":"%s","fees":{"coinbase":{"cents":57,"currency_iso":"USD"}},"subtotal":{"amount":"%s","currency":"USD"},"total":{"amount":"56.00","currency":"USD"},"order_codes":["A","B"]}}`,
			pick("payout", "P", "Q"), pick("progress", "Pending", "Complete", "Lost"), pick("subtotal", "56.57", "56.57", "57.57", "none"))
	}
	var mispayments []string
	for range rapid.IntRange(0, 3).Draw(r, "mispayments") {
		mispayments = append(mispayments, fmt.Sprintf(`{%s,"created_at":"2026-03-01T11:00:00Z",%s}`, pick("mispayment", `"id":"M1"`, `"id":"M2"`, `"x":1`), native()))
	}
	return fmt.Sprintf(`{"order":{"id":"%s","uuid":"f4","created_at":"2026-03-01T10:00:0%sZ","status":"%s","event":%s,%s,"total_btc":{"cents":1000,"currency_iso":"BTC"},%s"mispayments":[%s]}}`,
		pick("order", "A", "B"), pick("second", "0", "1"), pick("status", "completed", "completed", "mispaid", "expired", "new"),
		pick("event", "null", `{"type":"completed"}`, `{"type":"mispayment","mispayment_id":"M2"}`, `{"type":"odd"}`), native(),
		pick("custom", `"custom":"u1",`, `"custom":"u1",`, `"custom":"u2",`, `"custom":{},`, ""), strings.Join(mispayments, ","))
}

// keptLog is a log in memory, metadata included.
type keptLog []eventstore.Recorded

func (l keptLog) Read(_ context.Context, stream eventstore.StreamName, from eventstore.Revision, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return l.where(func(e *eventstore.Recorded) bool { return e.Stream == stream && e.Revision >= from })
}

func (l keptLog) ReadAll(_ context.Context, after eventstore.Position, _ ...eventstore.Include) iter.Seq2[eventstore.Recorded, error] {
	return l.where(func(e *eventstore.Recorded) bool { return e.Position > after })
}

func (l keptLog) where(wanted func(*eventstore.Recorded) bool) iter.Seq2[eventstore.Recorded, error] {
	return func(yield func(eventstore.Recorded, error) bool) {
		for _, event := range l {
			if wanted(&event) && !yield(event, nil) {
				return
			}
		}
	}
}
