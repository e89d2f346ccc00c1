package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"daybook/cmd/internal/simulate"
	"daybook/eventstore"

	"github.com/dustin/go-humanize"
	"golang.org/x/term"
)

type simulateCommand struct {
	Provider string `help:"What to act as: merchant posts callbacks of version 1; checkouts pays checkouts and payment links at a Coinbase to test against, which it runs, and posts webhooks (${default})." enum:"merchant,checkouts" default:"merchant" env:"-"`

	Server string `help:"Where callbacks are sent: what comes before /callbacks/coinbase (${default})." default:"http://127.0.0.1:8080" placeholder:"URL" env:"-"`
	Data   string `help:"Data directory of a server that runs with --dev: its secrets are used, where the environment has none (${default})." default:"./daybook-data" type:"path" placeholder:"DIR"`
	Reads  string `help:"Where balances are read, if a reverse proxy at --server passes on callbacks alone." placeholder:"URL"`

	Orders      int     `help:"Orders to send (${default})." default:"10000" env:"-"`
	Users       int     `help:"Users who pay them (${default})." default:"100" env:"-"`
	Connections int     `help:"Connections that callbacks are sent on at once (${default})." default:"16" env:"-"`
	Speed       float64 `help:"Repeat what is not acknowledged after 4^n seconds on a clock that is this many times as fast as Coinbase's (${default})." default:"10000" env:"-"`

	Duplicates   float64 `help:"Share of orders whose callback comes again although it was acknowledged (${default})." default:"0.05" env:"-"`
	Reordered    float64 `help:"Share of orders whose callbacks overtake each other (${default})." default:"0.05" env:"-"`
	Mispaid      float64 `help:"Share of orders that are paid with a wrong amount, beside the right one or alone (${default})." default:"0.02" env:"-"`
	Contradicted float64 `help:"Share of orders for which a second callback says that something else was paid (${default})." default:"0.01" env:"-"`
	Lost         float64 `help:"Share of callbacks whose answer is thrown away, or whose connection is cut before it (${default})." default:"0.02" env:"-"`

	CoinbaseListen string        `help:"With checkouts, where the Coinbase to test against listens: the server's --coinbase-url must name it (${default})." default:"${dev_coinbase}" placeholder:"HOST:PORT" env:"-"`
	Patience       time.Duration `help:"With checkouts, how long to wait while no further payment is verified (${default})." default:"60s" placeholder:"TIME" env:"-"`

	Seed         uint64 `help:"The same seed makes the same plan (${default})." default:"1" env:"-"`
	User         string `help:"One user of this name pays all orders, and has nothing yet. Without it names are of the run." placeholder:"NAME" env:"-"`
	RunName      string `name:"run" help:"Ids derive from this name too: the same again repeats every callback. Another each time if left out." placeholder:"NAME" env:"-"`
	ForwardedFor string `help:"Address to send as X-Forwarded-For, for a server that has this machine as a --trusted-proxy." placeholder:"IP" env:"-"`
}

// Run acts as Coinbase against a running server, and judges the balances.
func (c *simulateCommand) Run(ctx context.Context, out output, env *environment) error {
	if c.RunName == "" {
		c.RunName = eventstore.NewULID(time.Now())
	}
	if c.User != "" {
		c.Users = 1
	}
	plan, err := simulate.NewPlan(simulate.Settings{
		Seed: c.Seed, Run: c.RunName, Orders: c.Orders, Users: c.Users, User: c.User, Duplicates: c.Duplicates,
		Reordered: c.Reordered, Mispaid: c.Mispaid, Contradicted: c.Contradicted, Lost: c.Lost,
	})
	if err != nil {
		return err
	}
	simulation := simulate.Simulation{
		Plan: plan, Connections: c.Connections, Speed: c.Speed,
		Watch: simulate.ShowProgress(out.stderr, isTerminal(out.stderr), c.Orders),
	}
	if simulation.Target, err = c.target(); err != nil {
		return err
	}
	if err := c.prepare(&simulation, plan, out, env); err != nil {
		return err
	}
	if simulation.Coinbase != nil {
		defer simulation.Coinbase.Close()
	}
	fmt.Fprintf(out.stdout, "simulating Coinbase against %s: --seed %d --run %s, %s orders of %s users on %d connections\n",
		simulation.Target.Callbacks, c.Seed, c.RunName, humanize.Comma(int64(c.Orders)), humanize.Comma(int64(c.Users)), c.Connections)
	defer context.AfterFunc(ctx, func() {
		fmt.Fprintln(out.stderr, "\nstopping: what was begun is finished and judged; once more to stop at once")
		signal.Reset(os.Interrupt, syscall.SIGTERM)
	})()
	report, err := simulation.Run(ctx)
	if err != nil {
		return err
	}
	return errors.Join(report.Write(out.stdout), report.Err())
}

// prepare adds the secrets, and the Coinbase that checkouts are paid at.
func (c *simulateCommand) prepare(s *simulate.Simulation, plan simulate.Plan, out output, env *environment) (err error) {
	if c.Provider == "merchant" {
		s.Target.Secret, s.Target.Token, err = simulateAccess(env, c.Data)
		return err
	}
	access, err := checkoutAccess(env, c.Data)
	if err != nil {
		return err
	}
	s.Target.Signing, s.Target.Token = access.signing, access.token
	s.Patience = c.Patience
	s.Waiting = func(payments int) { fmt.Fprintf(out.stderr, "%d payments wait to be verified\n", payments) }
	if s.Coinbase, err = simulate.OpenCoinbase(c.CoinbaseListen, access.key.Name(), access.key.Public(), plan); err != nil {
		return err
	}
	s.Plan, err = simulate.NewCheckouts(plan, s.Coinbase)
	if err != nil {
		s.Coinbase.Close()
	}
	return err
}

func (c *simulateCommand) target() (simulate.Target, error) {
	var target simulate.Target
	var err error
	if target.Callbacks, err = baseURL("--server", c.Server); err != nil {
		return target, err
	}
	target.Balances = target.Callbacks
	if c.Reads != "" {
		if target.Balances, err = baseURL("--reads", c.Reads); err != nil {
			return target, err
		}
	}
	if c.ForwardedFor != "" {
		address, err := netip.ParseAddr(c.ForwardedFor)
		if err != nil {
			return target, fmt.Errorf("--forwarded-for: %q is not an IP address", c.ForwardedFor)
		}
		target.ForwardedFor = address.String()
	}
	return target, nil
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
