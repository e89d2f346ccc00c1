// Package redistest starts real Redis servers for tests, each on a free port
// of this machine with a directory of its own.
package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience bounds waiting for a server to do what it was told.
const patience = 20 * time.Second

// Server is a Redis server that ends with its test.
type Server struct {
	Address   string // host:port
	Directory string // of its files: dump.rdb, appendonlydir

	t         testing.TB
	port      int
	program   []string
	arguments []string
	client    *redis.Client

	mu      sync.Mutex // guards what follows
	process *exec.Cmd
	output  *bytes.Buffer
}

// Start starts a server that saves nothing unless arguments say so. They are
// those of redis-server: "--maxmemory", "10mb".
func Start(t testing.TB, arguments ...string) *Server {
	t.Helper()
	return launch(t, []string{"redis-server"}, arguments...)
}

// StartSentinel starts a Sentinel that watches a server under the name master
// and takes it for down after a second.
func StartSentinel(t testing.TB, watched *Server, arguments ...string) *Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	host, port, _ := net.SplitHostPort(watched.Address)
	write(t, file, fmt.Sprintf("sentinel monitor master %s %s 1\nsentinel down-after-milliseconds master 1000\nsentinel failover-timeout master 5000\n", host, port))
	return launch(t, []string{"redis-server", file, "--sentinel"}, arguments...)
}

func launch(t testing.TB, program []string, arguments ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath(program[0]); err != nil {
		t.Fatalf("%v; type: apt-get install redis-server", err)
	}
	s := &Server{t: t, Directory: t.TempDir(), program: program, arguments: arguments, port: freePort(t)}
	s.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port))
	s.client = newClient(s.Address)
	t.Cleanup(func() {
		_ = s.client.Close()
		s.Kill()
	})
	s.Restart()
	return s
}

// URL returns the address as a URL.
func (s *Server) URL() string { return "redis://" + s.Address }

// Client returns a client for looking into the server and meddling with it. A
// server that only takes TLS or other users does not take it.
func (s *Server) Client() *redis.Client { return s.client }

// Restart starts the server again, on the same port and the same files, after
// it was stopped or killed. More arguments stay for later starts.
func (s *Server) Restart(more ...string) {
	s.t.Helper()
	s.Kill()
	s.arguments = append(s.arguments, more...)
	arguments := append(s.program[1:len(s.program):len(s.program)], "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.Directory, "--save", "", "--daemonize", "no")
	arguments = append(arguments, s.arguments...)
	process := exec.Command(s.program[0], arguments...)
	output := new(bytes.Buffer)
	process.Stdout, process.Stderr = output, output
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := process.Start(); err != nil {
		s.t.Fatalf("start redis-server: %v", err)
	}
	s.mu.Lock()
	s.process, s.output = process, output
	s.mu.Unlock()
	s.await()
}

// await waits until the server listens and has read its files.
func (s *Server) await() {
	s.t.Helper()
	port := s.port
	for i, argument := range s.arguments { // the port of TLS takes the place of the plain one
		if argument == "--tls-port" {
			port, _ = strconv.Atoi(s.arguments[i+1])
		}
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		connection, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
		if err != nil {
			continue
		}
		_ = connection.Close()
		info, isReady := s.ask()
		if info != "" && !strings.Contains(info, fmt.Sprintf("process_id:%d\r", s.process.Process.Pid)) {
			s.t.Fatalf("another server listens on port %d", s.port)
		}
		if isReady {
			return
		}
	}
	s.t.Fatalf("redis-server does not listen:\n%s", s.Kill())
}

// ask asks what the server says of itself, if it says so without a password,
// and whether it has read its files. It takes a connection of its own: what a
// connection from before a restart says is no answer.
func (s *Server) ask() (info string, isReady bool) {
	client := newClient(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)))
	defer client.Close()
	ctx := context.Background()
	err := client.Ping(ctx).Err() // INFO is answered while it reads
	var answer redis.Error
	isReady = err == nil || errors.As(err, &answer) && !redis.HasErrorPrefix(err, "LOADING")
	return client.Info(ctx, "server").Val(), isReady
}

func newClient(address string) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1, DialerRetries: 1, DisableIdentity: true})
}

// Kill ends the server with SIGKILL and returns what it has printed. One that
// does not run is left alone.
func (s *Server) Kill() string { return s.end(syscall.SIGKILL) }

// Stop ends the server with SIGTERM.
func (s *Server) Stop() string { return s.end(syscall.SIGTERM) }

func (s *Server) end(signal syscall.Signal) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return ""
	}
	_ = s.process.Process.Signal(signal)
	_ = s.process.Process.Signal(syscall.SIGCONT) // it may be paused
	_ = s.process.Wait()
	s.process = nil
	return s.output.String()
}

// Pause stops the server in the middle of what it does, and with it everybody
// who waits for an answer, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		s.t.Fatal("redis-server does not run")
	}
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Replica starts a server that follows this one, and waits until it has all.
func (s *Server) Replica(arguments ...string) *Server {
	s.t.Helper()
	s.Await(func() bool { // it would wait 5 s for more replicas
		return s.client.ConfigSet(context.Background(), "repl-diskless-sync-delay", "0").Err() == nil
	})
	replica := Start(s.t, append([]string{"--replicaof", "127.0.0.1 " + strconv.Itoa(s.port)}, arguments...)...)
	replica.AwaitReplication()
	return replica
}

// AwaitReplication waits until a replica has its first copy.
func (s *Server) AwaitReplication() {
	s.t.Helper()
	s.Await(func() bool {
		return strings.Contains(s.client.Info(context.Background(), "replication").Val(), "master_link_status:up")
	})
}

// Await waits until a condition holds.
func (s *Server) Await(holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	s.t.Fatal("redis-server does not come to what is waited for")
}

// freePort returns a port on which nothing listens. It lies below those that the system
// gives to connections and to listeners of any port: one of them would take it before
// the server starts, or starts again.
func freePort(t testing.TB) int {
	t.Helper()
	const first, ports, tries = 20_000, 12_000, 100
	for range tries {
		port := first + rand.N(ports)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatalf("none of %d ports is free", tries)
	return 0
}
