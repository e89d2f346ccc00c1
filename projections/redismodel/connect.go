package redismodel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Options say where a model is kept.
type Options struct {
	// URL is redis://user:password@host:port/db, or rediss:// for TLS, with the
	// parameters of go-redis. With the parameter master_name it names a
	// Sentinel, and the parameters username and password are those of Redis;
	// with cluster=true it names a node of a Redis Cluster. Either takes more
	// addresses as the parameter addr.
	URL string

	Prefix string // of every key; empty is DefaultPrefix
	CAFile string // PEM, of who signed the server's certificate; empty trusts those of the system
}

// The time that Redis has for an answer. A batch takes a few milliseconds, but
// a disk that is behind may hold Redis up; a reader is told so soon.
const (
	dialTimeout  = 2 * time.Second
	readTimeout  = 2 * time.Second
	writeTimeout = 10 * time.Second

	// connectionLifetime bounds how long an idle connection keeps to a server
	// that another one has replaced behind the same address, but that still
	// answers. Until then its answers are refused for being older than what the
	// projection has applied.
	connectionLifetime = 5 * time.Second
)

// writeBuffer holds most batches, so that one takes few system calls.
const writeBuffer = 256 << 10

// errURL leaves out what url.Parse says, which repeats the URL and with it the
// password.
var errURL = errors.New("is not a URL such as redis://host:6379/0, or has a parameter that go-redis does not know")

// silence stops go-redis from writing lines of its own to standard error. What
// fails is returned as an error all the same.
var silence = sync.OnceFunc(logging.Disable)

// Connect prepares a store. It does not reach for Redis yet.
func Connect(o Options) (*Store, error) {
	silence()
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if err := checkPrefix(o.Prefix); err != nil {
		return nil, err
	}
	s := &Store{prefix: o.Prefix}
	var err error
	if s.writer, s.where, err = o.client(writeTimeout); err != nil {
		return nil, err
	}
	if s.reader, _, err = o.client(readTimeout); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	return s, nil
}

// checkPrefix wants one hash tag, so that all keys are in one slot of a
// cluster, and nothing that a pattern of SCAN gives a meaning to.
func checkPrefix(prefix string) error {
	open, end := strings.Index(prefix, "{"), strings.Index(prefix, "}")
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{}._~:/-"
	if open < 0 || end < open+2 || strings.Trim(prefix, letters) != "" {
		return fmt.Errorf("prefix %q: it needs a part in braces, which keeps all keys on one node, such as %s, and has letters, digits and ._~:/- besides", prefix, DefaultPrefix)
	}
	return nil
}

// client makes a client for one use, and says where it goes.
func (o Options) client(timeout time.Duration) (redis.UniversalClient, string, error) {
	parsed, err := url.Parse(o.URL)
	if err != nil || parsed.Host == "" {
		return nil, "", errURL
	}
	roots, err := o.roots()
	if err != nil {
		return nil, "", err
	}
	query := parsed.Query()
	isCluster := query.Get("cluster") == "true"
	query.Del("cluster")
	parsed.RawQuery = query.Encode()
	c := common{timeout: timeout, roots: roots}
	switch {
	case query.Has("master_name"):
		return c.sentinel(parsed.String(), query.Get("master_name"))
	case isCluster:
		return c.cluster(parsed.String())
	}
	return c.single(parsed.String())
}

func (o Options) roots() (*x509.CertPool, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM", o.CAFile)
	}
	return roots, nil
}

// common is what all kinds of clients are given. Failures are not tried again
// by the client: a batch whose answer was lost may have been written, which
// only its projector can find out, and a reader is told at once.
type common struct {
	timeout time.Duration
	roots   *x509.CertPool
}

func (c common) single(text string) (redis.UniversalClient, string, error) {
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, "", errURL
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.ContextTimeoutEnabled, o.DisableIdentity, o.OnConnect, o.ConnMaxLifetime = true, true, onConnect, connectionLifetime
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.WriteBufferSize, o.PipelinePoolSize = writeBuffer, -1
	c.timeouts(&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout)
	c.trust(o.TLSConfig)
	return redis.NewClient(o), describe(o.Addr, o.DB, o.TLSConfig), nil
}

func (c common) sentinel(text, master string) (redis.UniversalClient, string, error) {
	o, err := redis.ParseFailoverURL(text)
	if err != nil {
		return nil, "", errURL
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.ContextTimeoutEnabled, o.DisableIdentity, o.OnConnect, o.ConnMaxLifetime = true, true, onConnect, connectionLifetime
	o.WriteBufferSize, o.PipelinePoolSize = writeBuffer, -1
	c.timeouts(&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout)
	c.trust(o.TLSConfig)
	where := describe(strings.Join(o.SentinelAddrs, ","), o.DB, o.TLSConfig)
	return redis.NewFailoverClient(o), fmt.Sprintf("%s of sentinel %s", master, where), nil
}

func (c common) cluster(text string) (redis.UniversalClient, string, error) {
	o, err := redis.ParseClusterURL(text)
	if err != nil {
		return nil, "", errURL
	}
	o.MaxRetries, o.DialerRetries = -1, 1
	o.ContextTimeoutEnabled, o.DisableIdentity, o.OnConnect, o.ConnMaxLifetime = true, true, onConnect, connectionLifetime
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.WriteBufferSize, o.PipelinePoolSize = writeBuffer, -1
	c.timeouts(&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout)
	c.trust(o.TLSConfig)
	return redis.NewClusterClient(o), "cluster " + describe(strings.Join(o.Addrs, ","), 0, o.TLSConfig), nil
}

// timeouts fills in what the URL does not set.
func (c common) timeouts(dial, read, write *time.Duration) {
	for _, t := range []struct {
		setting *time.Duration
		value   time.Duration
	}{{dial, dialTimeout}, {read, c.timeout}, {write, c.timeout}} {
		if *t.setting == 0 {
			*t.setting = t.value
		}
	}
}

func (c common) trust(config *tls.Config) {
	if config != nil {
		config.RootCAs, config.MinVersion = c.roots, tls.VersionTLS12
	}
}

func describe(address string, db int, config *tls.Config) string {
	text := fmt.Sprintf("%s/%d", address, db)
	if config != nil {
		text += " with TLS"
	}
	return text
}

// HasPassword reports whether a URL has a secret in it, in any of the places
// where one may be. A text that is no URL may be anything.
func HasPassword(text string) bool {
	parsed, err := url.Parse(text)
	if err != nil {
		return true
	}
	_, has := parsed.User.Password()
	return has || parsed.Query().Has("password") || slices.Contains([]string{"", "/"}, parsed.Host)
}

// isTransport reports whether an error is one of the connection, as opposed to
// an answer of Redis.
func isTransport(err error) bool {
	var answer redis.Error
	var network net.Error
	return !errors.As(err, &answer) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded)
}
