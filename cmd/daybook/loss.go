package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os/user"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/sqlitestore"

	"github.com/go-json-experiment/json"
)

// logCommands are about the log itself.
type logCommands struct {
	AcceptLoss acceptLossCommand `cmd:"" help:"Record that a person has seen that events are missing from the log for good, and go on without them."`
}

type acceptLossCommand struct {
	logFlag `embed:""`
	Reason  string `help:"What was lost, how, and what was done about it." required:"" placeholder:"TEXT" env:"-"`
	Server  string `help:"The running server that has the log open (${default}). An operator's token must come from DAYBOOK_TOKEN or the file in DAYBOOK_TOKEN_FILE." default:"http://127.0.0.1:8080" placeholder:"URL"`
}

// Run accepts what is missing. Without a server it opens the log itself, which may
// be one that no server starts on.
func (c *acceptLossCommand) Run(ctx context.Context, out output) error {
	if c.isRemote() {
		return exitError{exitUsage, errors.New("the log is in EventStoreDB, which has no journal that could be lost: restore the database from a copy")}
	}
	if err := sqlitestore.Exists(c.Data); err != nil {
		return exitError{exitUsage, err}
	}
	acceptance := eventstore.Acceptance{Actor: localOperator(), Reason: c.Reason, Now: time.Now()}
	if err := acceptance.Check(); err != nil {
		return exitError{exitUsage, fmt.Errorf("--reason: %w", err)}
	}
	losses, err := c.acceptHere(ctx, acceptance)
	if errors.Is(err, eventstore.ErrLocked) {
		losses, err = c.acceptThere(ctx)
	}
	if err != nil {
		return err
	}
	for _, loss := range losses {
		fmt.Fprintf(out.stdout, "accepted: %s may be missing: %s\n", loss, loss.Cause)
	}
	_, err = fmt.Fprintln(out.stdout, "compare with Coinbase's list of payments, and run `daybook verify`")
	return err
}

// localOperator is the actor of a command that asks for no token: who can write
// the files can do all.
func localOperator() string {
	name := "unknown"
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	return "operator:" + name
}

// acceptHere opens the log, which records what is missing together with the
// acceptance, or accepts what an earlier start has recorded.
func (c *acceptLossCommand) acceptHere(ctx context.Context, a eventstore.Acceptance) (losses []eventstore.LossFound, err error) {
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: c.Data, Accept: &a})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	losses = store.Found()
	earlier, _, err := eventstore.AcceptLosses(ctx, store, a)
	if errors.Is(err, eventstore.ErrNoLoss) && len(losses) > 0 {
		err = nil
	}
	return append(losses, earlier...), err
}

// acceptThere asks the server that has the log open.
func (c *acceptLossCommand) acceptThere(ctx context.Context) ([]eventstore.LossFound, error) {
	token, err := serverToken()
	if err != nil {
		return nil, err
	}
	server, err := baseURL("--server", c.Server)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"reason": c.Reason})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.JoinPath("/log/loss-acceptance").String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("a server has the log open, and none answers at --server: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var said struct {
		Accepted []eventstore.LossFound `json:"accepted"`
		Title    string                 `json:"title"`
		Detail   string                 `json:"detail"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return nil, fmt.Errorf("%s is no daybook: it answers %s", server, response.Status)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server at %s answers %d: %s: %s", server, response.StatusCode, said.Title, said.Detail)
	}
	return said.Accepted, nil
}

// serverToken reads the secret of the token that commands send to a server.
func serverToken() (string, error) {
	entries, err := secretList(tokenVariable)
	if err != nil {
		return "", err
	}
	if len(entries) != 1 || entries[0] == "" {
		return "", errors.New("a server has the log open: set DAYBOOK_TOKEN, or DAYBOOK_TOKEN_FILE to a file that has it, to the secret of an operator's token")
	}
	return tokenSecret(entries[0]), nil
}

// losses returns what may be missing from a log and nobody has accepted.
func losses(ctx context.Context, log eventstore.Reader) ([]eventstore.LossFound, error) {
	if embedded, ok := log.(*sqlitestore.Reader); ok {
		return embedded.Losses(ctx)
	}
	return eventstore.OpenLosses(ctx, log)
}

// warnOfLosses says on a line what may be missing from the log that a command
// reads: its answer may lack it.
func warnOfLosses(ctx context.Context, log eventstore.Reader, w io.Writer) error {
	open, err := losses(ctx, log)
	for _, loss := range open {
		fmt.Fprintf(w, "daybook: %s may be missing from the log: %s\n", loss, loss.Cause)
	}
	return err
}

// logLosses says the same when the server starts.
func logLosses(ctx context.Context, log eventstore.Reader, logger *slog.Logger) error {
	open, err := eventstore.OpenLosses(ctx, log)
	for _, loss := range open {
		logger.Warn("events may be missing from the log: see `daybook log accept-loss`", "missing", loss.String(), "cause", loss.Cause)
	}
	return err
}

// errLosses ends a command that has to vouch for the log.
func errLosses(open []eventstore.LossFound) error {
	return exitError{exitUnverified, fmt.Errorf("%s may be missing from the log, and nobody has said to know of it: look for the journal, compare with Coinbase's list of payments, and then type `daybook log accept-loss --reason TEXT`", open[0])}
}
