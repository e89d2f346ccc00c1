package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"daybook/cmd/internal/simulate"
)

// server is a process that is measured.
type server struct {
	address  string
	secret   string
	cents    []int64 // that it answered 200 for, by user
	position uint64  // the last that it answered
	command  *exec.Cmd
	check    func(ctx context.Context) error // that everything acknowledged is there
	also     func()                          // stops what it needs, if anything
	redis    string                          // URL of its read models, if they are there
}

// acknowledge adds what a load of the same users has posted.
func (s *server) acknowledge(p *posted) {
	if s.cents == nil {
		s.cents = make([]int64, len(p.cents))
	}
	for user, cents := range p.cents {
		s.cents[user] += cents
	}
	s.position = max(s.position, p.position)
}

func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait() // its exit says nothing about the measurement
	if s.also != nil {
		s.also()
	}
}

// startLimit serves a limit from this binary.
func startLimit(kind string) func(context.Context, string) (*server, error) {
	return func(ctx context.Context, dir string) (*server, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		command := exec.CommandContext(ctx, self, "limit", kind, "--file", filepath.Join(dir, "limit"))
		lines, err := command.StdoutPipe()
		if err != nil {
			return nil, err
		}
		command.Stderr = os.Stderr
		if err := command.Start(); err != nil {
			return nil, err
		}
		address, err := bufio.NewReader(lines).ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("the limit did not start: %w", err)
		}
		return &server{
			address: strings.TrimSpace(address), command: command,
			check: func(context.Context) error { return nil },
		}, nil
	}
}

const (
	secret = "00000000000000000000000000000000"
	token  = "11111111111111111111111111111111"
)

// startDaybookOnRedis serves with read models in a Redis of its own.
func (c *runCommand) startDaybookOnRedis(ctx context.Context, dir string) (*server, error) {
	url, stop, err := startRedis(ctx, dir)
	if err != nil {
		return nil, err
	}
	s, err := c.startDaybook(ctx, dir, "--redis", url)
	if err != nil {
		stop()
		return nil, err
	}
	s.also, s.redis = stop, url
	return s, nil
}

// startDaybookInMemory serves with read models in memory.
func (c *runCommand) startDaybookInMemory(ctx context.Context, dir string) (*server, error) {
	return c.startDaybook(ctx, dir)
}

// startDaybook serves as a user does, with its projections.
func (c *runCommand) startDaybook(ctx context.Context, dir string, more ...string) (*server, error) {
	arguments := append([]string{"serve", "--listen", "127.0.0.1:0", "--data", dir, "--callback-from", "127.0.0.1"}, more...)
	if c.Profiles != "" {
		c.profiled++
		arguments = append(arguments, "--cpu-profile", filepath.Join(c.Profiles, fmt.Sprintf("%d.prof", c.profiled)))
	}
	s, err := c.launch(ctx, arguments)
	if err != nil {
		return nil, err
	}
	s.check = s.everyCentIsThere
	return s, nil
}

// launch starts the binary and waits for the line that has an address.
func (c *runCommand) launch(ctx context.Context, arguments []string) (*server, error) {
	command := exec.CommandContext(ctx, c.Daybook, arguments...)
	command.Env = append(os.Environ(), "DAYBOOK_CALLBACK_SECRETS="+secret, "DAYBOOK_TOKENS=website:bench:"+token)
	lines, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{secret: secret, command: command}
	reader := bufio.NewReader(lines)
	for s.address == "" {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("daybook did not start: %w", err)
		}
		var started struct{ Address string }
		if err := json.Unmarshal(line, &started); err == nil {
			s.address = started.Address
		}
	}
	go showTroubles(reader) // ends with the process
	return s, nil
}

// showTroubles reads the log to its end, and passes on what is not routine: a line
// for each callback is.
func showTroubles(log *bufio.Reader) {
	for {
		line, err := log.ReadBytes('\n')
		if !bytes.Contains(line, []byte(`"level":"INFO"`)) {
			_, _ = os.Stderr.Write(line)
		}
		if err != nil {
			return
		}
	}
}

// everyCentIsThere compares the balance of every user with what was
// acknowledged.
func (s *server) everyCentIsThere(ctx context.Context) error {
	base := &url.URL{Scheme: "http", Host: s.address}
	var accounts []simulate.Account
	for user, cents := range s.cents {
		accounts = append(accounts, simulate.Account{
			User: userName(user), Has: map[string]simulate.Range{"USD": {Least: cents, Most: cents}},
		})
	}
	judgement, err := simulate.Judge(ctx, simulate.Target{Callbacks: base, Balances: base, Secret: s.secret, Token: token}, accounts, s.position)
	if err != nil {
		return err
	}
	if judgement.Different > 0 {
		return fmt.Errorf("%d of %d users do not have what was acknowledged: %s", judgement.Different, judgement.Users, strings.Join(judgement.Differences, "; "))
	}
	return nil
}
