package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"daybook/domain/recorder"
	"daybook/eventstore/eventstoredb"
	"daybook/http/callback"
	"daybook/http/callback/checkouts"
	"daybook/http/coinbase"
)

// settings are what serve is told from outside, read and checked.
type settings struct {
	access  *liveAccess
	inbound inbound
	policy  recorder.Policy

	coinbase *coinbase.Client // nil without an API key
}

// settings reads the settings. Its error has all mistakes in them.
func (c *serveCommand) settings(env *environment, made func() (devSecrets, error)) (settings, error) {
	var found mistakes
	prefixes := func(flag string, texts []string) []netip.Prefix {
		parsed, err := callback.ParsePrefixes(texts)
		if err != nil {
			found.note(fmt.Errorf("%s: %w", flag, err))
		}
		return parsed
	}
	trusted := prefixes("--trusted-proxy", c.TrustedProxy)
	s := settings{
		inbound: inbound{
			from:       callback.Sources{Allowed: prefixes("--callback-from", c.CallbackFrom), Trusted: trusted},
			secret:     new(callback.URLSecret),
			checkouts:  callback.Sources{Allowed: prefixes("--checkout-from", c.CheckoutFrom), Trusted: trusted},
			signatures: new(checkouts.Signatures),
		},
	}
	if c.Dev {
		s.inbound.from.Allowed = append(s.inbound.from.Allowed, loopback...)
		s.inbound.checkouts.Allowed = append(s.inbound.checkouts.Allowed, loopback...)
	}
	var err error
	if s.access, err = newLiveAccess(c.readAccess(env, made)); err == nil {
		s.useSecrets()
		s.access.onChange(s.useSecrets)
	}
	found.note(err)
	s.coinbase, err = c.newCoinbase(env, made)
	found.note(err)
	s.policy, err = c.evidenceFlag.policy(s.coinbase != nil)
	found.note(err)
	found.note(c.esdbFlag.check(c.isRemote()))
	return s, found.err()
}

// useSecrets gives the routes the live secrets.
func (s *settings) useSecrets() {
	a := s.access.current.Load()
	s.inbound.secret.Set(a.secrets)
	s.inbound.signatures.Set(a.signing, a.testing)
}

// senders are the addresses whose connections have room of their own. Where webhooks come
// from anywhere, their senders are strangers.
func (s *settings) senders() callback.Sources {
	sources := s.inbound.from
	if !slices.ContainsFunc(s.inbound.checkouts.Allowed, func(p netip.Prefix) bool { return p.Bits() == 0 }) {
		sources.Allowed = slices.Concat(sources.Allowed, s.inbound.checkouts.Allowed)
	}
	return sources
}

// readAccess returns the function that reads secrets and tokens.
func (c *serveCommand) readAccess(env *environment, made func() (devSecrets, error)) func() (access, error) {
	if !c.Dev {
		return func() (access, error) { return env.access(c.Sandbox) }
	}
	return func() (access, error) {
		kept, err := made()
		if err != nil {
			return access{}, err
		}
		return env.devAccess(kept, c.Sandbox)
	}
}

// check finds the mistakes for which serve would refuse to start, without opening
// anything.
func (c *serveCommand) check(env *environment) error {
	var found mistakes
	if c.EsdbWritable {
		_, err := c.scratchSettings(env)
		found.note(err)
	} else {
		_, err := c.settings(env, newSecrets)
		found.note(err)
	}
	if c.EsdbListen != "" {
		found.note(checkAddress("--esdb-listen", c.EsdbListen))
		if c.EsdbCert != "" && c.EsdbKey != "" {
			_, err := c.options(nil)
			found.note(err)
		}
	}
	if c.EsdbWritable {
		return found.err()
	}
	found.note(checkAddress("--listen", c.Listen))
	if c.redisFlag.isSet() {
		store, err := c.open()
		if found.note(err); err == nil {
			found.note(store.Close())
		}
	}
	if c.isRemote() {
		store, err := c.openRemote(eventstoredb.Options{ReadOnly: true})
		if found.note(err); err == nil {
			found.note(store.Close())
		}
	}
	return found.err()
}

func checkAddress(flag, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
