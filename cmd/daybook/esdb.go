package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"daybook/eventstore"
	"daybook/eventstore/esdbserver"
	"daybook/eventstore/sqlitestore"
	httpapi "daybook/http"
)

// esdbFlag lets serve answer EventStoreDB's own protocol.
type esdbFlag struct {
	EsdbListen   string `help:"Answer EventStoreDB's protocol too, on this address: any of its clients can replay the log, with name and secret of an auditor's token as user and password." placeholder:"HOST:PORT"`
	EsdbCert     string `help:"Certificate of that address, in PEM." type:"existingfile" placeholder:"FILE"`
	EsdbKey      string `help:"Its private key, in PEM." type:"existingfile" placeholder:"FILE"`
	EsdbInsecure bool   `help:"Answer without TLS and without passwords: whoever can connect may read everything."`
	EsdbWritable bool   `help:"For tests and tools: serve nothing but EventStoreDB's protocol, on a scratch log in --data that takes appends, deletes and tombstones. A log of payments is refused."`
}

// stopTimeout is how long calls may take to finish when daybook stops.
const stopTimeout = 5 * time.Second

// check refuses flags that do not go together.
func (f *esdbFlag) check(remote bool) error {
	switch {
	case f.EsdbListen == "" && *f != esdbFlag{}:
		return errors.New("--esdb-listen is missing: without it nothing answers EventStoreDB's protocol")
	case f.EsdbListen == "":
		return nil
	case remote:
		return errors.New("--esdb-listen serves the embedded log: connect to the server of --eventstore itself")
	case f.EsdbInsecure && (f.EsdbCert != "" || f.EsdbKey != ""):
		return errors.New("--esdb-insecure goes without --esdb-cert and --esdb-key")
	case !f.EsdbInsecure && (f.EsdbCert == "" || f.EsdbKey == ""):
		return errors.New("--esdb-listen needs --esdb-cert and --esdb-key, because clients send passwords over TLS only; or --esdb-insecure, and whoever can connect may read everything")
	}
	return nil
}

// options are those of the protocol's server.
func (f *esdbFlag) options(access *liveAccess) (esdbserver.Options, error) {
	options := esdbserver.Options{Writable: f.EsdbWritable, AllowAnonymous: f.EsdbInsecure}
	if f.EsdbInsecure {
		return options, nil
	}
	certificate, err := tls.LoadX509KeyPair(f.EsdbCert, f.EsdbKey)
	if err != nil {
		return options, fmt.Errorf("--esdb-cert and --esdb-key: %w", err)
	}
	options.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	options.Credentials = func(user, password string) esdbserver.Access {
		switch identity, known := access.current.Load().tokens.Identify(user, password); {
		case known && identity.Role == httpapi.Operator:
			return esdbserver.Writing
		case known && identity.Role == httpapi.Auditor:
			return esdbserver.Reading
		}
		return esdbserver.Denied
	}
	return options, nil
}

// listenEsdb prepares to answer the protocol. What it returns answers until ctx
// ends.
func (f *esdbFlag) listenEsdb(ctx context.Context, store eventstore.Store, access *liveAccess, logger *slog.Logger) (run func(context.Context) error, err error) {
	options, err := f.options(access)
	if err != nil {
		return nil, err
	}
	server, err := esdbserver.New(ctx, store, options)
	if err != nil {
		return nil, err
	}
	if !f.EsdbInsecure {
		access.onChange(server.Recheck)
	}
	listener, err := net.Listen("tcp", f.EsdbListen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: choose another address with --esdb-listen", f.EsdbListen, err)
	}
	if host, _, err := net.SplitHostPort(listener.Addr().String()); err == nil && f.EsdbInsecure && !net.ParseIP(host).IsLoopback() {
		logger.Warn("whoever can reach the address of EventStoreDB's protocol can read everything, customers' names and addresses included", "reachable", listener.Addr().String())
	}
	logger.Info("the log is served over EventStoreDB's protocol", "address", listener.Addr().String(), "tls", options.TLS != nil, "writable", f.EsdbWritable)
	return func(ctx context.Context) error {
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		select {
		case err := <-served:
			return err
		case <-ctx.Done():
		}
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		server.Stop(stopping)
		return <-served
	}, nil
}

// serveScratch serves a scratch log until ctx ends. It takes no callbacks, and so
// needs no secrets for them.
func (c *serveCommand) serveScratch(ctx context.Context, hangup hangups, env *environment, logger *slog.Logger) (err error) {
	live, err := c.scratchSettings(env)
	if err != nil {
		return err
	}
	store, err := sqlitestore.Open(ctx, sqlitestore.Options{Directory: c.Data})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := esdbserver.CreateScratch(ctx, store); err != nil {
		return err
	}
	run, err := c.listenEsdb(ctx, store, live, logger)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if live != nil {
		running.Go(func() { live.follow(ctx, hangup, logger) })
	}
	return run(ctx)
}

// scratchSettings are secrets and tokens, if the scratch log asks for any.
func (c *serveCommand) scratchSettings(env *environment) (live *liveAccess, err error) {
	var found mistakes
	found.note(c.esdbFlag.check(c.isRemote()))
	if !c.EsdbInsecure {
		live, err = newLiveAccess(func() (access, error) { return env.access(c.Sandbox) })
		found.note(err)
	}
	return live, found.err()
}

// refuseScratch keeps payments out of a log that others can write to.
func refuseScratch(ctx context.Context, log eventstore.Reader, data string) error {
	scratch, err := esdbserver.IsScratch(ctx, log)
	if err == nil && scratch {
		err = fmt.Errorf("the log in %s is a scratch log of --esdb-writable and takes no payments: name another directory with --data", data)
	}
	return err
}
