package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"
	"daybook/projections/follow"
	"daybook/projections/projectiontest"
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
	stream, events, err := projectiontest.Paid(i, users)
	if err != nil {
		return err
	}
	_, err = log.Append(ctx, stream, eventstore.NoStream, events...)
	for errors.Is(err, eventstore.ErrUnavailable) && follow.Rest(ctx, 10*time.Millisecond) == nil { // the journal is full
		_, err = log.Append(ctx, stream, eventstore.NoStream, events...)
	}
	return err
}
