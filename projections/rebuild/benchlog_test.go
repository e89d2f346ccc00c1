package rebuild

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"daybook/domain/codec"
	"daybook/domain/ident"
	"daybook/domain/money"
	"daybook/domain/order"
	"daybook/domain/payment"
	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
)

// makeLog records paid orders of many users, each a PaymentReceived and a
// PaymentVerified as one callback causes them, unless the directory has a log.
func makeLog(ctx context.Context, directory string, events, users int) error {
	done := filepath.Join(directory, fmt.Sprintf("complete-%d-%d", events, users))
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	log, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: directory})
	if err != nil {
		return err
	}
	defer log.Close()
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range 256 { // they share commits
		group.Go(func() error {
			for i := next.Add(1); i <= int64(events/2); i = next.Add(1) {
				if err := recordPaid(ctx, log, int(i), users); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

func recordPaid(ctx context.Context, log *sqlitestore.Store, i, users int) error {
	id := fmt.Sprintf("%08X", uint32(i)*2654435761)
	stream := eventstore.StreamName(order.NewID("coinbase", id).Stream())
	identity, user := ident.NewPayment("coinbase", "order", id), fmt.Sprintf("user-%d", i*7919%users)
	amount, err := money.Parse("USD", fmt.Sprintf("%d.%02d", 1+i%500, i%100))
	if err != nil {
		return err
	}
	bitcoin, err := money.Parse("BTC", fmt.Sprintf("0.%08d", 1000+i%10000))
	if err != nil {
		return err
	}
	occurred := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second)
	var events []eventstore.Event
	for revision, event := range []codec.Event{
		order.PaymentReceived{
			Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
			Details: &order.Details{Bitcoin: &bitcoin, ReceiveAddress: "mzVXZfqeRHSf3kUr4uMqvLhVzLbJqKeGkA"},
		},
		order.PaymentVerified{
			Payment: identity, User: user, Amount: amount, OccurredAt: occurred,
			Evidence: []payment.Evidence{{Method: "coinbase-callback", Status: "completed"}},
		},
	} {
		data, err := codec.Encode(event)
		if err != nil {
			return err
		}
		events = append(events, eventstore.Event{
			ID:   eventstore.DeriveID(stream, data, eventstore.Revision(revision)),
			Type: event.EventType(), Schema: codec.Schema, Data: data, Metadata: []byte(`{}`),
		})
	}
	_, err = log.Append(ctx, stream, eventstore.NoStream, events...)
	return err
}
