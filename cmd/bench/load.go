package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// load posts completed orders of one cent, each with a random id, for users of
// its choice.
type load struct {
	users int
}

// measurement is what one run of a load came to.
type measurement struct {
	rate float64 // orders acknowledged in a second
	p50  time.Duration
	p99  time.Duration
}

// run posts from a number of connections for a while. Every answer must be
// 200.
func (l load) run(ctx context.Context, s *server, connections int, length time.Duration) (measurement, error) {
	ctx, cancel := context.WithTimeout(ctx, length+30*time.Second)
	defer cancel()
	var (
		group   sync.WaitGroup
		mu      sync.Mutex
		took    []time.Duration
		failure error
	)
	began := time.Now()
	end := began.Add(length)
	for worker := range connections {
		group.Go(func() {
			own, err := l.post(ctx, s, worker, end)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
			if err != nil {
				failure = err
			}
		})
	}
	group.Wait()
	elapsed := time.Since(began)
	if failure != nil || len(took) == 0 {
		return measurement{}, fmt.Errorf("load: %w", failure)
	}
	s.acknowledged += len(took)
	slices.Sort(took)
	return measurement{
		rate: float64(len(took)) / elapsed.Seconds(),
		p50:  took[len(took)/2],
		p99:  took[len(took)*99/100],
	}, nil
}

// post is one connection. It speaks HTTP by hand, to leave the processors to
// what is measured.
func (l load) post(ctx context.Context, s *server, worker int, end time.Time) ([]time.Duration, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	answers := bufio.NewReader(conn)
	var took []time.Duration
	var request []byte
	for n := 0; ; n++ {
		began := time.Now()
		if began.After(end) {
			return took, nil
		}
		request = l.request(request[:0], s.secret, (worker+n*64)%l.users)
		if _, err := conn.Write(request); err != nil {
			return took, err
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			return took, err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return took, err
		}
		if answer.StatusCode != http.StatusOK {
			return took, fmt.Errorf("answered %s", answer.Status)
		}
		took = append(took, time.Since(began))
	}
}

// request appends one callback. The body has the members and the size of a
// real one.
func (l load) request(to []byte, secret string, user int) []byte {
	var random [16]byte
	_, _ = rand.Read(random[:]) // it never fails
	id := hex.EncodeToString(random[:])
	body := make([]byte, 0, 1536)
	body = append(body, `{"order":{"id":"`...)
	body = append(body, id...)
	body = append(body, `","created_at":"2014-12-09T21:23:41-08:00","status":"completed","event":{"type":"completed"},`+
		`"total_btc":{"cents":100000000,"currency_iso":"BTC"},"total_native":{"cents":1,"currency_iso":"USD"},`+
		`"total_payout":{"cents":2345,"currency_iso":"USD"},"custom":"user`...)
	body = strconv.AppendInt(body, int64(user), 10)
	body = append(body, `","receive_address":"1NhwPYPgoPwr5hynRAsto5ZgEcw1LzM3My","button":{"type":"buy_now","name":"Socks",`+
		`"description":"A pair of socks","id":"5d37a3b61914d6d0ad15b5135d80c19f"},"transaction":{"id":"514f18b7a5ea3d630a00000f",`+
		`"hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","confirmations":0},`+
		`"refund_address":"1HcmQZarSgNuGYz4r7ZkjYumiU4PujrNYk"},"customer":{"email":"payer@example.com",`+
		`"shipping_address":["A Payer","1 Street","12345 Town","Country"]}}`...)
	to = append(to, "POST /callbacks/coinbase?secret="...)
	to = append(to, secret...)
	to = append(to, " HTTP/1.1\r\nHost: daybook\r\nContent-Type: application/json\r\nContent-Length: "...)
	to = strconv.AppendInt(to, int64(len(body)), 10)
	to = append(to, "\r\n\r\n"...)
	return append(to, body...)
}
