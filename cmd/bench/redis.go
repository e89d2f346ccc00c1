package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// startRedis starts a server of its own that keeps an append-only file, as
// docker-compose.yml does, and returns its URL once it answers.
func startRedis(ctx context.Context, dir string) (url string, stop func(), err error) {
	dir = filepath.Join(dir, "redis")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	command := exec.CommandContext(ctx, "redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction")
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("%w: apt-get install redis-server", err)
	}
	stop = func() {
		_ = command.Process.Kill()
		_ = command.Wait() // its exit says nothing about the measurement
	}
	client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port)})
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			stop()
			return "", nil, fmt.Errorf("redis-server does not answer: %w", ctx.Err())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Sprintf("redis://127.0.0.1:%d", port), stop, nil
}

// freePort returns a port that was free a moment ago.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
