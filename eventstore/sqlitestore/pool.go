package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"daybook/eventstore"
)

// pool lends read-only connections for one page at a time.
type pool struct {
	idle    chan *connection
	opened  int
	stopped chan struct{}
	reason  error // written before stopped is closed
	once    sync.Once
	closed  func() error
}

// openPool checks the format of the file before it lends any connection. The
// file is not mapped into memory: that reads a tenth faster, but a bad sector would
// then end the process with a signal instead of a sequence with an error.
func openPool(path string) (_ *pool, err error) {
	p := &pool{idle: make(chan *connection, readConnections), stopped: make(chan struct{})}
	p.closed = sync.OnceValue(p.closeConnections)
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	for p.opened < readConnections {
		c, err := openConnection(path)
		if err != nil {
			return nil, err
		}
		p.opened++
		p.idle <- c
	}
	return p, nil
}

// page reads one page. The errors are those of lend.
func (p *pool) page(ctx context.Context, buffer []eventstore.Recorded, q query) (page, error) {
	var read page
	err := p.lend(ctx, func(c *connection) (err error) {
		read, err = c.page(buffer, q)
		return err
	})
	return read, err
}

// lend lets somebody use a connection. Its errors are those of the context, or
// wrap eventstore.ErrUnavailable.
func (p *pool) lend(ctx context.Context, use func(*connection) error) error {
	if err := p.check(ctx); err != nil {
		return err
	}
	select {
	case c := <-p.idle:
		defer func() { p.idle <- c }()
		if err := use(c); err != nil {
			return fmt.Errorf("%w: %w", eventstore.ErrUnavailable, err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.stopped:
		return p.reason
	}
}

// check returns why no page may be read, if so.
func (p *pool) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.isStopped() {
		return p.reason
	}
	return nil
}

func (p *pool) isStopped() bool {
	select {
	case <-p.stopped:
		return true
	default:
		return false
	}
}

// stop refuses further pages.
func (p *pool) stop(reason error) {
	p.once.Do(func() {
		p.reason = reason
		close(p.stopped)
	})
}

// close waits for the pages that are being read.
func (p *pool) close() error { return p.closed() }

func (p *pool) closeConnections() error {
	p.stop(errClosed)
	var err error
	for range p.opened {
		c := <-p.idle
		err = errors.Join(err, c.conn.Close())
	}
	return err
}
