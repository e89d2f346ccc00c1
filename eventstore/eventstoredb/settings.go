package eventstoredb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// defaultPatience is defaultDeadline of a connection string without it.
const defaultPatience = 10 * time.Second

// settings are what a connection string says.
type settings struct {
	addresses  []string // host:port; asked for the members of the cluster if there are several, or discover
	discover   bool
	preference esdb.NodePreference

	tls                *tls.Config // nil: no TLS
	username, password string      // sent with TLS only

	keepAlive        time.Duration // negative: none
	keepAliveTimeout time.Duration
	gossipTimeout    time.Duration
	patience         time.Duration
}

// known are the settings that a connection string may have, in lower case.
var known = []string{
	"tls", "tlscafile", "tlsverifycert", "usercertfile", "userkeyfile", "nodepreference", "defaultdeadline",
	"keepaliveinterval", "keepalivetimeout", "discoveryinterval", "gossiptimeout", "maxdiscoverattempts",
}

// parseURL reads a connection string as the official client does, but refuses
// settings that it would ignore. No error repeats the string: it may hold a
// password.
func parseURL(text string) (settings, error) {
	if err := checkKeys(text); err != nil {
		return settings{}, err
	}
	config, err := esdb.ParseConnectionString(text)
	if err != nil {
		return settings{}, connectionStringError(text, err)
	}
	if err := config.Validate(); err != nil {
		return settings{}, fmt.Errorf("connection string of EventStoreDB: %w", err)
	}
	s := settings{
		discover:         config.DnsDiscover || len(config.GossipSeeds) > 0,
		preference:       config.NodePreference,
		username:         config.Username,
		password:         config.Password,
		keepAlive:        config.KeepAliveInterval,
		keepAliveTimeout: config.KeepAliveTimeout,
		gossipTimeout:    time.Duration(config.GossipTimeout) * time.Second,
		patience:         defaultPatience,
	}
	for _, seed := range config.GossipSeeds {
		s.addresses = append(s.addresses, seed.String())
	}
	if len(s.addresses) == 0 {
		s.addresses = []string{config.Address}
	}
	if deadline := config.DefaultDeadline; deadline != nil {
		if *deadline <= 0 {
			return settings{}, errors.New("connection string of EventStoreDB: defaultDeadline is not a number of milliseconds")
		}
		s.patience = *deadline
	}
	if config.DisableTLS {
		return s, nil // without TLS EventStoreDB authenticates nobody, and a password would be readable
	}
	s.tls, err = tlsConfig(config.RootCAs, config.SkipCertificateVerification, config.UserCertFile, config.UserKeyFile)
	return s, err
}

func tlsConfig(roots *x509.CertPool, trustAll bool, certFile, keyFile string) (*tls.Config, error) {
	config := &tls.Config{RootCAs: roots, InsecureSkipVerify: trustAll, MinVersion: tls.VersionTLS12}
	if certFile == "" {
		return config, nil
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("connection string of EventStoreDB: user certificate: %w", err)
	}
	config.Certificates = []tls.Certificate{certificate}
	return config, nil
}

// checkKeys refuses settings that the client does not know: a misspelt one
// would be ignored.
func checkKeys(text string) error {
	before, query, _ := strings.Cut(text, "?")
	if strings.Contains(query, "@") || strings.HasSuffix(before, "://") {
		return errNotEscaped // the ? is part of a password
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("connection string of EventStoreDB: the settings behind the ? cannot be read")
	}
	for key := range values {
		if !slices.Contains(known, strings.ToLower(key)) {
			return fmt.Errorf("connection string of EventStoreDB: unknown setting %.40q; there are %s", key, strings.Join(known, ", "))
		}
	}
	return nil
}

var errNotEscaped = errors.New("this is not a connection string of EventStoreDB: it is esdb://user:password@host:port?settings, with user and password percent-encoded")

// connectionStringError leaves out what may be part of a password: with one
// that is not escaped, any part of the string may be.
func connectionStringError(text string, err error) error {
	if strings.Contains(text, "@") {
		return errNotEscaped
	}
	return fmt.Errorf("connection string of EventStoreDB: %w", err)
}

// String returns the addresses.
func (s settings) String() string { return strings.Join(s.addresses, ", ") }

// HasPassword reports whether a connection string has a password in it, for
// those who would print it.
func HasPassword(text string) bool {
	_, behind, found := strings.Cut(text, "://")
	at := strings.LastIndex(behind, "@")
	return found && at >= 0 && strings.Contains(behind[:at], ":")
}
