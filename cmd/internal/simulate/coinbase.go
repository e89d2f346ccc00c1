package simulate

import (
	"crypto"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"daybook/http/coinbase/coinbasetest"
)

// Coinbase is a Coinbase to test against, which listens.
type Coinbase struct {
	*coinbasetest.Server
	Address string

	http    http.Server
	asked   atomic.Int64
	refused atomic.Int64 // for their authentication
}

// OpenCoinbase listens on an address, for requests with an API key. The plan makes its
// ids, and says which share of its answers fails.
func OpenCoinbase(address, keyName string, key crypto.PublicKey, p Plan) (*Coinbase, error) {
	server, err := coinbasetest.New(coinbasetest.Options{KeyName: keyName, Key: key, Seed: binary.BigEndian.Uint64(p.key[:8])})
	if err != nil {
		return nil, err
	}
	server.FailShare(p.settings.Lost, coinbasetest.ServerError, coinbasetest.RateLimited(time.Second), coinbasetest.Cut, coinbasetest.Stale)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the Coinbase to test against cannot listen on %s: %w: does another simulation run? Choose another address with --coinbase-listen, and start the server with --coinbase-url http://<that address>", address, err)
	}
	c := &Coinbase{Server: server, Address: listener.Addr().String()}
	c.http = http.Server{Handler: http.HandlerFunc(c.count), ReadHeaderTimeout: requestTimeout}
	go func() { _ = c.http.Serve(listener) }() // ends with Close
	return c, nil
}

// Close stops listening.
func (c *Coinbase) Close() { _ = c.http.Close() }

func (c *Coinbase) count(w http.ResponseWriter, r *http.Request) {
	c.asked.Add(1)
	c.Server.ServeHTTP(&refusals{w, &c.refused}, r)
}

// refusals counts answers of 401.
type refusals struct {
	http.ResponseWriter
	count *atomic.Int64
}

func (w *refusals) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		w.count.Add(1)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap implements what http.ResponseController asks for.
func (w *refusals) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// advice says what is wrong with how the server asks, if anything is.
func (c *Coinbase) advice() string {
	asked, refused := c.asked.Load(), c.refused.Load()
	switch {
	case asked == 0:
		return fmt.Sprintf("the server has not asked the Coinbase at %[1]s: start it with --dev, without an API key of its own and without --sandbox, and with --coinbase-url http://%[1]s if that is not the address it has. Without --dev it also needs the key, in DAYBOOK_COINBASE_KEY_NAME and DAYBOOK_COINBASE_KEY", c.Address)
	case refused == asked:
		return fmt.Sprintf("the server asks the Coinbase at %s with another API key: name its data directory with --data, or set DAYBOOK_COINBASE_KEY_NAME and DAYBOOK_COINBASE_KEY here as there", c.Address)
	}
	return ""
}
