package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"daybook/http/callback/coinbasev1"
)

// limitCommand serves what no receiver on this machine can be faster than.
type limitCommand struct {
	Kind string `arg:"" enum:"decode,sync" help:"decode: read, decode, answer; sync: and append to a file with a shared fdatasync."`
	File string `help:"File to append to."`
}

// Run serves until the process is ended.
func (c *limitCommand) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	keep := func([]byte) error { return nil }
	if c.Kind == "sync" {
		appender, err := newAppender(c.File)
		if err != nil {
			return err
		}
		keep = appender.append
	}
	fmt.Println(listener.Addr())
	err = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = coinbasev1.Parse(body)
		}
		if err == nil {
			err = keep(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"outcome":"recorded"}`)
	}))
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		return nil
	}
	return err
}

// appender writes bodies one behind the other into a file whose blocks are
// there already, and syncs whatever has come in while it synced before.
type appender struct {
	file  *os.File
	queue chan pending
}

type pending struct {
	body []byte
	done chan error
}

const fileBytes = 256 << 20

func newAppender(path string) (*appender, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	zeros := make([]byte, 1<<20)
	for range fileBytes / len(zeros) {
		if _, err := file.Write(zeros); err != nil {
			return nil, err
		}
	}
	if err := file.Sync(); err != nil {
		return nil, err
	}
	a := &appender{file: file, queue: make(chan pending, 1024)}
	go a.run()
	return a, nil
}

func (a *appender) append(body []byte) error {
	p := pending{body: body, done: make(chan error, 1)}
	a.queue <- p
	return <-p.done
}

func (a *appender) run() {
	var offset int64
	var group []pending
	var bytes []byte
	for first := range a.queue {
		group, bytes = append(group[:0], first), append(bytes[:0], first.body...)
		for len(a.queue) > 0 {
			next := <-a.queue
			group, bytes = append(group, next), append(bytes, next.body...)
		}
		if offset+int64(len(bytes)) > fileBytes {
			offset = 0
		}
		_, err := a.file.WriteAt(bytes, offset)
		if err == nil {
			err = syscall.Fdatasync(int(a.file.Fd()))
		}
		offset += int64(len(bytes))
		for _, p := range group {
			p.done <- err
		}
	}
}
