package esdbserver

import (
	"net"
	"sync"
)

// limitConnections makes Accept wait while too many connections are open.
func limitConnections(listener net.Listener, most int) net.Listener {
	return &limited{Listener: listener, open: make(chan struct{}, most), closed: make(chan struct{})}
}

type limited struct {
	net.Listener

	open   chan struct{} // holds one for each open connection
	closed chan struct{}
	once   sync.Once
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.open <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.open
		return nil, err
	}
	return &counted{Conn: conn, release: sync.OnceFunc(func() { <-l.open })}, nil
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type counted struct {
	net.Conn

	release func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.release()
	return c.Conn.Close()
}
