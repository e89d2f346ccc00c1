package rebuild

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrLocked says that another rebuild is at work on the same models.
var ErrLocked = errors.New("another rebuild is running on these read models")

const (
	// lockExpires is when a rebuild that was killed no longer keeps others from
	// going on with its work.
	lockExpires = 5 * time.Second
	lockRenewed = time.Second
)

// lock keeps a second rebuild away, for the sake of a clear message. What is
// written is right without it: every batch depends on the stored checkpoint.
type lock struct {
	client redis.UniversalClient
	key    string
	token  string
}

// acquire takes the lock, or waits for as long as that of a killed rebuild may
// be left.
func acquire(ctx context.Context, client redis.UniversalClient, prefix string) (*lock, error) {
	l := &lock{client: client, key: prefix + ":rebuild", token: rand.Text()}
	tick := time.NewTicker(lockExpires / 20)
	defer tick.Stop()
	for deadline := time.Now().Add(lockExpires + lockRenewed); ; {
		err := l.take(ctx)
		if !errors.Is(err, ErrLocked) || time.Now().After(deadline) {
			return l, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

var takeScript = redis.NewScript(`
local holder = redis.call('GET', KEYS[1]) or ARGV[1]
if holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`)

var releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`)

// take takes the lock, or renews it: also after it expired or was flushed, if
// nobody else has it.
func (l *lock) take(ctx context.Context) error {
	taken, err := takeScript.Run(ctx, l.client, []string{l.key}, l.token, lockExpires.Milliseconds()).Int()
	switch {
	case err != nil:
		return fmt.Errorf("take %s: %w", l.key, err)
	case taken == 0:
		return fmt.Errorf("%w (%s): wait for it, or stop it; its work is kept", ErrLocked, l.key)
	}
	return nil
}

// during does work while it keeps the lock. Work ends when another rebuild has
// taken the lock; when Redis is away, the lock is taken again later.
func (l *lock) during(ctx context.Context, work func(context.Context) error) error {
	working, stop := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		l.renew(working, stop)
	}()
	err := work(working)
	if cause := context.Cause(working); err != nil && errors.Is(cause, ErrLocked) {
		err = cause
	}
	stop(nil)
	<-renewed
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockRenewed)
	defer cancel()
	_ = releaseScript.Run(releasing, l.client, []string{l.key}, l.token).Err() // it expires otherwise
	return err
}

func (l *lock) renew(ctx context.Context, stop context.CancelCauseFunc) {
	tick := time.NewTicker(lockRenewed)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := l.take(ctx); errors.Is(err, ErrLocked) {
				stop(err)
				return
			}
		}
	}
}
