package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"time"

	"daybook/cmd/internal/serverlog"
	"daybook/domain/recorder"
	"daybook/eventstore/sqlitestore"
	httpapi "daybook/http"
	"daybook/projections/follow"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

type serveCommand struct {
	logFlag      `embed:""`
	redisFlag    `embed:""`
	esdbFlag     `embed:""`
	profileFlag  `embed:""`
	evidenceFlag `embed:""`
	coinbaseFlag `embed:""`
	Listen       string   `help:"Address to answer on (${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	CallbackFrom []string `help:"Addresses that callbacks are taken from (${default})." default:"54.243.226.26,54.175.255.192/27" placeholder:"CIDR"`
	CheckoutFrom []string `help:"Addresses that webhooks of checkouts and payment links are taken from (${default}: any)." default:"0.0.0.0/0,::/0" placeholder:"CIDR"`
	TrustedProxy []string `help:"Proxies in front of daybook whose X-Forwarded-For is believed." placeholder:"CIDR"`
	Sandbox      bool     `help:"The log is of Coinbase's sandbox, where no money is real: marks a new log for ever, and refuses one that is not."`
	LogLevel     string   `help:"Least severe lines to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	Dev          bool     `help:"For trying it out: make secrets and tokens in the data directory, take callbacks from this machine, and print lines to paste."`
}

// linger is how long events gather for a batch under load. It bounds what a read
// that waits for its own write waits in vain, and saves most of what batches of
// two events would cost.
const linger = 4 * time.Millisecond

// Run serves until ctx ends or the log fails. What it says goes through writers
// that do not wait for their readers.
func (c *serveCommand) Run(ctx context.Context, out output, hangup hangups, env *environment) error {
	lines := newLogWriter(out.stderr)
	printed := serverlog.NewWriter(out.stdout, logCapacity, func(uint64) []byte { return nil })
	defer lines.Close(logPatience)
	defer printed.Close(logPatience)
	err := c.run(ctx, printed, lines, hangup, env)
	if err != nil {
		fmt.Fprintln(lines, "daybook:", err)
		err = saidError{err}
	}
	return err
}

func (c *serveCommand) run(ctx context.Context, printed io.Writer, lines *serverlog.Writer, hangup hangups, env *environment) (err error) {
	logger, err := newLogger(lines, c.LogLevel)
	if err != nil {
		return err
	}
	captureLibraries(logger)
	if len(env.unknown) > 0 {
		logger.Warn(unknownText, "variables", env.unknown)
	}
	if c.EsdbWritable {
		return c.serveScratch(ctx, hangup, env, logger)
	}
	settings, err := c.settings(env, func() (devSecrets, error) { return keepSecrets(c.Data) })
	if err != nil {
		return err
	}
	stopProfile, err := c.startProfile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	commits := newCommitMetrics()
	store, err := c.openServed(ctx, commits, c.Sandbox)
	if err != nil {
		return err
	}
	models, err := c.openModels(ctx, logger)
	if err != nil {
		return errors.Join(err, store.close())
	}
	err = c.serve(ctx, printed, store, []prometheus.Collector{commits.duration, commits.size, commits.events, droppedLines(lines)}, models, settings, hangup, logger)
	if err != nil {
		err = publicError{err} // it ends in the log
	}
	return errors.Join(err, models.close(), store.close())
}

// serve runs the parts. Requests end first, then the projections, and the
// caller closes the store last: whatever still writes or reads has it.
func (c *serveCommand) serve(ctx context.Context, printed io.Writer, store servedLog, collectors []prometheus.Collector, read models, s settings, hangup hangups, logger *slog.Logger) error {
	logID, err := store.id(ctx, logger, c.Sandbox)
	if err != nil {
		return c.withRemedy(err)
	}
	answerEsdb := func(context.Context) error { return nil }
	if !c.isRemote() {
		if err := logLosses(ctx, store, logger); err != nil {
			return err
		}
		if err := refuseScratch(ctx, store, c.Data); err != nil {
			return err
		}
	}
	if c.EsdbListen != "" {
		if answerEsdb, err = c.listenEsdb(ctx, store, s.access, logger); err != nil {
			return err
		}
	}
	current := s.access.current.Load()
	options := follow.Options{Logger: logger, Linger: linger, Alarm: follow.NewAlarm()}
	projected := read.project(store.Store, options)
	waiting := openWaiting(c.Data, store.Store, options)
	all := append(slices.Clone(projected.all), waiting.projection)
	service := recorder.New(store.Store, s.policy)
	acting := newProcesses(store.Store, service, waiting, s.coinbase, options)
	watch := newWatch(store, store.tail, logger, time.Now)
	connections := httpapi.NewConnections(s.senders())
	server := httpapi.NewServer(httpapi.Config{
		Ledger:             service,
		Store:              store.Store,
		Balances:           read.balances,
		BalancesProjection: projected.balances,
		Orders:             read.orders,
		OrdersProjection:   projected.orders,
		Projections:        projected.all,
		Waiting:            waiting.model,
		WaitingProjection:  waiting.projection,
		Formats:            formats(s.inbound),
		Connections:        connections,
		Tokens:             current.tokens,
		Logger:             logger,
		Collectors:         append(collectors, logCollector{store.tail, all}, waitingCollector{waiting, time.Now}, acting, watch.metric(), connections),
	})
	s.access.onChange(func() { server.SetTokens(s.access.current.Load().tokens) })
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w: choose another address with --listen or DAYBOOK_LISTEN", c.Listen, err)
	}
	c.logStart(logger, listener.Addr(), logID, store, read, s)
	warnOfEncodings(logger, *current)
	if !s.inbound.signatures.IsOff() {
		logPolicy(logger, s.policy.Checkout)
	}
	if c.usesMadeKey() {
		logger.Info("--dev asks a Coinbase to test against, which daybook simulate --provider checkouts runs", "coinbase_url", c.devCoinbaseURL())
	}
	if c.Dev {
		if err := c.printExample(printed, listener.Addr().String(), *current); err != nil {
			return errors.Join(err, listener.Close())
		}
	}

	projecting, stopProjecting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopProjecting()
	var running errgroup.Group
	for _, p := range all {
		running.Go(func() error {
			if err := p.Run(projecting); err != nil {
				// The others go on, and so does receiving.
				logger.Error("projection has stopped", "projection", p.Status().Name, "error", err)
			}
			return nil
		})
	}
	for _, p := range acting {
		running.Go(func() error {
			p.Run(projecting)
			return nil
		})
	}
	running.Go(func() error {
		watch.run(projecting)
		return nil
	})
	running.Go(func() error {
		s.access.follow(projecting, hangup, logger)
		return nil
	})
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	running.Go(func() error {
		if err := answerEsdb(serving); err != nil {
			logger.Error("EventStoreDB's protocol is not answered any more", "error", err)
		}
		return nil
	})
	running.Go(func() error {
		server.FollowChanges(serving)
		return nil
	})
	running.Go(func() error {
		defer stopProjecting()
		return httpapi.Serve(serving, connections.Listen(listener), server, logger)
	})
	running.Go(func() error {
		select {
		case <-store.failed:
			stopServing()
			return logFailure(store.reason())
		case <-projecting.Done():
			return nil
		}
	})
	err = errors.Join(running.Wait(), waiting.model.Close())
	logger.Info("daybook has stopped")
	return err
}

// logFailure is why the server ends when nothing can be written any more.
func logFailure(reason error) error {
	err := fmt.Errorf("the log has failed: %w", reason)
	if errors.Is(reason, sqlitestore.ErrTakenAway) {
		return exitError{exitTakenAway, err}
	}
	return err
}

// logStart says what runs on what. It names no secret: of Redis it has the
// address alone.
func (c *serveCommand) logStart(logger *slog.Logger, address net.Addr, logID string, store servedLog, read models, s settings) {
	logger.Info("daybook is listening", "address", address.String(), "version", version(),
		"log", logID, "position", store.end(), "store", store.where, "journal", store.journal, "read_model", read.where,
		"callback_from", fmt.Sprint(s.inbound.from.Allowed), "checkout_from", fmt.Sprint(s.inbound.checkouts.Allowed),
		"trusted_proxy", fmt.Sprint(s.inbound.from.Trusted), "unregistered", c.Unregistered, "sandbox", c.Sandbox)
	if store.isEmpty() {
		logger.Info("the log is empty: if there was one before, its directory is missing; stop, and put that back", "store", store.where)
	}
}
