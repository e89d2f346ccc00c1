package redismodel

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
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
	u, err := parse(o.URL)
	if err != nil {
		return nil, "", err
	}
	roots, err := o.roots()
	if err != nil {
		return nil, "", err
	}
	if u.TLSConfig != nil {
		u.TLSConfig.RootCAs, u.TLSConfig.MinVersion = roots, tls.VersionTLS12
	}
	u.DialTimeout = cmp.Or(u.DialTimeout, dialTimeout)
	u.ReadTimeout = cmp.Or(u.ReadTimeout, timeout)
	u.WriteTimeout = cmp.Or(u.WriteTimeout, timeout)
	u.ConnMaxLifetime = connectionLifetime
	u.WriteBufferSize, u.PipelinePoolSize = writeBuffer, -1
	u.OnConnect = onConnect
	u.ContextTimeoutEnabled, u.DisableIdentity = true, true
	u.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	// Failures are not tried again by the client: a batch whose answer was lost
	// may have been written, which only its projector can find out, and a reader
	// is told at once.
	u.MaxRetries, u.DialerRetries = -1, 1
	return redis.NewUniversalClient(u), describe(u), nil
}

// describe says where a client goes, without secrets.
func describe(u *redis.UniversalOptions) string {
	text := fmt.Sprintf("%s/%d", strings.Join(u.Addrs, ","), u.DB)
	if u.TLSConfig != nil {
		text += " with TLS"
	}
	switch {
	case u.MasterName != "":
		return fmt.Sprintf("%s of sentinel %s", u.MasterName, text)
	case u.IsClusterMode:
		return "cluster " + text
	}
	return text
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

// isTransport reports whether an error is one of the connection, as opposed to
// an answer of Redis.
func isTransport(err error) bool {
	var answer redis.Error
	var network net.Error
	return !errors.As(err, &answer) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded)
}
