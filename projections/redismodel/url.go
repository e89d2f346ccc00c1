package redismodel

import (
	"errors"
	"net"
	"net/url"
	"slices"

	"github.com/redis/go-redis/v9"
)

// errURL leaves out what url.Parse says, which repeats the URL and with it the
// password.
var errURL = errors.New("is not a URL such as redis://host:6379/0, or has a parameter that go-redis does not know")

// errClusterDatabase refuses what go-redis ignores: two models that were meant to
// be apart would share the keys.
var errClusterDatabase = errors.New("names a database, and a Redis Cluster has none but 0: leave the number out")

// parse reads a URL. Sentinels and clusters have the parameters of a single
// server, and more addresses. Others that go-redis has for them would lead
// readers to replicas.
func parse(text string) (*redis.UniversalOptions, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" {
		return nil, errURL
	}
	query := parsed.Query()
	take := func(name string) string {
		defer query.Del(name)
		return query.Get(name)
	}
	u := &redis.UniversalOptions{IsClusterMode: take("cluster") == "true"}
	var more []string
	if query.Get("master_name") != "" || u.IsClusterMode {
		more = query["addr"]
		query.Del("addr")
	}
	if query.Get("master_name") != "" && !u.IsClusterMode {
		u.MasterName, u.Username, u.Password = take("master_name"), take("username"), take("password")
	}
	parsed.RawQuery = query.Encode()
	single, err := redis.ParseURL(parsed.String())
	if err != nil {
		return nil, errURL
	}
	for _, address := range more {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, errURL
		}
	}
	u.Addrs = append([]string{single.Addr}, more...)
	if u.MasterName != "" {
		u.SentinelUsername, u.SentinelPassword = single.Username, single.Password
	} else {
		u.Username, u.Password = single.Username, single.Password
	}
	takeOver(u, single)
	if u.IsClusterMode && u.DB != 0 {
		return nil, errClusterDatabase
	}
	return u, nil
}

// takeOver takes over what the parameters of a URL set.
func takeOver(u *redis.UniversalOptions, o *redis.Options) {
	u.DB, u.Protocol, u.ClientName, u.TLSConfig = o.DB, o.Protocol, o.ClientName, o.TLSConfig
	u.DialTimeout, u.ReadTimeout, u.WriteTimeout = o.DialTimeout, o.ReadTimeout, o.WriteTimeout
	u.PoolFIFO, u.PoolSize, u.PoolTimeout = o.PoolFIFO, o.PoolSize, o.PoolTimeout
	u.MinIdleConns, u.MaxIdleConns, u.MaxActiveConns = o.MinIdleConns, o.MaxIdleConns, o.MaxActiveConns
	u.MaxConcurrentDials, u.ConnMaxIdleTime = o.MaxConcurrentDials, o.ConnMaxIdleTime
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
