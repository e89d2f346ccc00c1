package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// server is a process that is measured.
type server struct {
	address      string
	secret       string
	acknowledged int // orders of one cent that it answered 200 for
	command      *exec.Cmd
	check        func(ctx context.Context) error // that everything acknowledged is there
}

func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait() // its exit says nothing about the measurement
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

// startDaybook serves as a user does, with its projections.
func (c *runCommand) startDaybook(ctx context.Context, dir string) (*server, error) {
	command := exec.CommandContext(ctx, c.Daybook, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--callback-from", "127.0.0.1")
	command.Env = append(os.Environ(), "DAYBOOK_CALLBACK_SECRETS="+secret, "DAYBOOK_TOKENS=website:bench:"+token)
	lines, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{secret: secret, command: command}
	s.check = s.everyCentIsThere
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
	go func() { _, _ = io.Copy(os.Stderr, reader) }() // ends with the process
	return s, nil
}

// everyCentIsThere adds up the balances of all users.
func (s *server) everyCentIsThere(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		cents := 0
		for user := range 1000 {
			balance, err := s.cents(ctx, fmt.Sprintf("user%d", user))
			if err != nil {
				return err
			}
			cents += balance
		}
		if cents == s.acknowledged {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d orders were acknowledged and %d are in the balances", s.acknowledged, cents)
		}
	}
}

func (s *server) cents(ctx context.Context, user string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/balances/"+user, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var body struct {
		Balances []struct{ Available string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || len(body.Balances) == 0 {
		return 0, err
	}
	var whole, hundredths int
	_, err = fmt.Sscanf(body.Balances[0].Available, "%d.%d", &whole, &hundredths)
	return whole*100 + hundredths, err
}
