package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"daybook/cmd/internal/simulate"
)

// load posts completed orders of one cent, each with a random id, for users of
// its choice.
type load struct {
	users    int
	interval time.Duration // between the orders of one connection; 0: as fast as they are answered
}

// measurement is what one run of a load came to.
type measurement struct {
	rate float64 // orders acknowledged in a second
	p50  time.Duration
	p99  time.Duration
}

// posted is what one connection, or all of them, came to.
type posted struct {
	took     simulate.Latencies
	cents    []int64 // acknowledged, by user
	position uint64  // the last that was acknowledged
}

func (l load) newPosted() *posted {
	return &posted{took: simulate.NewLatencies(), cents: make([]int64, l.users)}
}

func (p *posted) add(other *posted) {
	p.took.Merge(other.took)
	for user, cents := range other.cents {
		p.cents[user] += cents
	}
	p.position = max(p.position, other.position)
}

// run posts from a number of connections for a while. Every answer must be
// 200.
func (l load) run(ctx context.Context, s *server, connections int, length time.Duration) (measurement, error) {
	ctx, cancel := context.WithTimeout(ctx, length+30*time.Second)
	defer cancel()
	var (
		group   sync.WaitGroup
		mu      sync.Mutex
		all     = l.newPosted()
		failure error
	)
	began := time.Now()
	end := began.Add(length)
	for worker := range connections {
		group.Go(func() {
			own := l.newPosted()
			begin := began.Add(l.interval * time.Duration(worker) / time.Duration(connections))
			err := l.post(ctx, s, worker, begin, end, own)
			mu.Lock()
			defer mu.Unlock()
			all.add(own)
			if err != nil {
				failure = err
			}
		})
	}
	group.Wait()
	elapsed := time.Since(began)
	if failure != nil || all.took.Count() == 0 {
		return measurement{}, fmt.Errorf("load: %w", failure)
	}
	s.acknowledge(all)
	return measurement{
		rate: float64(all.took.Count()) / elapsed.Seconds(),
		p50:  all.took.Percentile(50),
		p99:  all.took.Percentile(99),
	}, nil
}

// post is one connection.
func (l load) post(ctx context.Context, s *server, worker int, begin, end time.Time, own *posted) error {
	sender, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer sender.conn.Close()
	next := begin
	for n := 0; ; n++ {
		if l.interval > 0 {
			time.Sleep(time.Until(next))
			next = next.Add(l.interval)
		}
		began := time.Now()
		if began.After(end) {
			return nil
		}
		user := (worker + n*64) % l.users
		position, err := sender.post(user)
		if err != nil {
			return err
		}
		own.took.Record(time.Since(began))
		own.cents[user]++
		own.position = position // each order is an event of its own: positions rise on a connection
	}
}

// sender speaks HTTP by hand, to leave the processors to what is measured: that
// of daybook simulate, which knows proxies and TLS, takes several times as much.
type sender struct {
	conn     net.Conn
	answers  *bufio.Reader
	callback template
	secret   string
	request  []byte
}

func dial(ctx context.Context, s *server) (*sender, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return &sender{conn: conn, answers: bufio.NewReader(conn), callback: newTemplate(), secret: s.secret}, nil
}

// post sends an order of a user and returns the position that was answered, 0
// of a limit.
func (s *sender) post(user int) (position uint64, err error) {
	s.request = s.callback.appendRequest(s.request[:0], s.secret, user)
	if _, err := s.conn.Write(s.request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(s.answers, nil)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("answered %s", answer.Status)
	}
	position, _ = strconv.ParseUint(answer.Header.Get("Daybook-Position"), 10, 64)
	return position, nil
}

// template is a callback around the order's id and the user, so that the load
// does not write the same again for every order.
type template struct{ head, middle, tail []byte }

func newTemplate() template {
	const id, user = "{id}", "{user}"
	body := simulate.Callback{
		ID: id, User: user, Status: "completed", Event: "completed", Cents: 1, Currency: "USD",
		Hash: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
	}.AppendTo(nil)
	head, rest, _ := bytes.Cut(body, []byte(id))
	middle, tail, _ := bytes.Cut(rest, []byte(user))
	return template{head, middle, tail}
}

// appendRequest appends one callback.
func (t template) appendRequest(to []byte, secret string, user int) []byte {
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails
	name := userName(user)
	to = append(to, "POST /callbacks/coinbase?secret="...)
	to = append(to, secret...)
	to = append(to, " HTTP/1.1\r\nHost: daybook\r\nContent-Type: application/json\r\nContent-Length: "...)
	to = strconv.AppendInt(to, int64(len(t.head)+hex.EncodedLen(len(random))+len(t.middle)+len(name)+len(t.tail)), 10)
	to = append(append(to, "\r\n\r\n"...), t.head...)
	to = append(hex.AppendEncode(to, random[:]), t.middle...)
	return append(append(to, name...), t.tail...)
}

func userName(user int) string { return "user" + strconv.Itoa(user) }
