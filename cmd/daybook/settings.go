package main

import (
	"fmt"
	"net"
	"net/netip"

	"daybook/domain/recorder"
	"daybook/eventstore/eventstoredb"
	"daybook/http/callback"
	"daybook/http/coinbase"
)

// settings are what serve is told from outside, read and checked.
type settings struct {
	access  *liveAccess
	sources callback.Sources
	policy  recorder.Policy

	coinbase *coinbase.Client // nil without an API key
}

// settings reads the settings. Its error has all mistakes in them.
func (c *serveCommand) settings(env *environment, readAccess func() (access, error)) (settings, error) {
	var found mistakes
	prefixes := func(flag string, texts []string) []netip.Prefix {
		parsed, err := callback.ParsePrefixes(texts)
		if err != nil {
			found.note(fmt.Errorf("%s: %w", flag, err))
		}
		return parsed
	}
	s := settings{
		sources: callback.Sources{Allowed: prefixes("--callback-from", c.CallbackFrom), Trusted: prefixes("--trusted-proxy", c.TrustedProxy)},
	}
	if c.Dev {
		s.sources.Allowed = append(s.sources.Allowed, loopback...)
	}
	var err error
	s.access, err = newLiveAccess(readAccess)
	found.note(err)
	s.coinbase, err = c.coinbaseFlag.client(env, false)
	found.note(err)
	s.policy, err = c.evidenceFlag.policy(s.coinbase != nil)
	found.note(err)
	found.note(c.esdbFlag.check(c.isRemote()))
	return s, found.err()
}

// readAccess returns the function that reads secrets and tokens.
func (c *serveCommand) readAccess(env *environment) func() (access, error) {
	if !c.Dev {
		return env.access
	}
	return func() (access, error) {
		kept, err := keepSecrets(c.Data)
		if err != nil {
			return access{}, err
		}
		return env.devAccess(kept)
	}
}

// check finds the mistakes for which serve would refuse to start, without opening
// anything.
func (c *serveCommand) check(env *environment) error {
	var found mistakes
	readAccess := env.access
	if c.Dev {
		made := newSecrets()
		readAccess = func() (access, error) { return env.devAccess(made) }
	}
	if c.EsdbWritable {
		_, err := c.scratchSettings(env)
		found.note(err)
	} else {
		_, err := c.settings(env, readAccess)
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
